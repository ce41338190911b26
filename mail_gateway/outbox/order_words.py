"""An order in the words of its letters' templates: each value of one line, each amount as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mail_gateway.domain.codes import reason_for, shown_code
from mail_gateway.domain.money import CURRENCIES, shown
from mail_gateway.domain.order_news import bands
from mail_gateway.domain.receipt import REDUCED
from mail_gateway.outbox.compose import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mail_gateway.domain.order import Foreign, Line, Order
    from mail_gateway.domain.order_news import OrderNews
    from mail_gateway.outbox.letterhead import Letterhead

    Words = dict[str, str | Sequence[Mapping[str, str]]]

_MARKS: Final = {"ja": "※", "en": "*"}
"""Beside what is taxed at the reduced rate."""


def words_of(news: OrderNews, language: str, head: Letterhead) -> Words:
    """What the templates of every kind may use. language: ja or en, whose templates these are."""
    order, seller, customer = news.order, news.parties.seller, news.parties.customer
    single = {
        "kind": news.kind.value,
        "why": news.why,
        "shop": seller.name,
        "registration_number": seller.registration_number,
        "customer": customer.name,
        "customer_id": customer.customer_id,
        "total": shown(order.total_minor, order.currency, language),
        **_foreign(order.foreign, order, language),
        **_returned(news, language),
        "code": order.code,
        "deal_id": order.deal_id,
        "number": str(order.id),
        "state": order.state.value,
        "remark": reason_for(order.remark, language),
        "settle": order.settle.value,
        "ask_first": "1" if order.ask_first else "",
        "made": "1" if order.made_ms else "",
        "delivery": order.delivery,
        "means": news.parties.means,
        "is_debit": "1" if news.parties.is_debit else "",
        "placed": head.times(order.placed_ms)[1],
        "until": head.times(order.until_ms)[1],
        "is_stocked": "1" if any(line.product is not None for line in news.parties.lines) else "",
        "is_reduced": "1" if any(line.tax_rate == REDUCED for line in news.parties.lines) else "",
    }
    lists = {
        "lines": [_line(place, line, order, language) for place, line in enumerate(news.parties.lines, 1)],
        "bands": _bands(news, language),
    }
    return {**{name: one_line(value) for name, value in single.items()}, **lists}


def _returned(news: OrderNews, language: str) -> dict[str, str]:
    """The return that is told of, and what stays paid; empty where none is told of."""
    back, order = news.back, news.order
    if back is None:
        return dict.fromkeys(("back", "left", "return_id", "reason", "refused", "is_forgone"), "")
    left_minor = order.total_minor - order.returned_minor
    is_voided = news.parties.is_debit and not left_minor  # before it was collected: later it cannot be
    return {
        "back": shown(back.amount_minor, order.currency, language),
        "left": shown(left_minor, order.currency, language) if left_minor else "",
        "return_id": back.return_id,
        "reason": back.reason,
        "refused": reason_for(back.code, language) or shown_code(back.code),
        "is_forgone": "" if back.payment and not is_voided else "1",
    }


def _line(place: int, line: Line, order: Order, language: str) -> dict[str, str]:
    words = {
        "place": str(place),
        "name": line.name,
        "model": line.model,
        "unit": shown(line.unit_minor, order.currency, language),
        "quantity": str(line.quantity),
        "total": shown(line.total_minor, order.currency, language),
        "mark": _MARKS[language] if line.tax_rate == REDUCED else "",
    }
    return {name: one_line(value) for name, value in words.items()}


def _bands(news: OrderNews, language: str) -> list[dict[str, str]]:
    """The tax within the total, by rate; 0 % has none."""
    order = news.order
    return [
        {
            "rate": f"{band.rate}%",
            "mark": _MARKS[language] if band.rate == REDUCED else "",
            "amount": shown(band.amount_minor, order.currency, language),
            "tax": shown(band.tax_minor, order.currency, language),
        }
        for band in bands(news.parties.lines, news.parties.seller.rounding)
    ]


def _foreign(foreign: Foreign | None, order: Order, language: str) -> dict[str, str]:
    """The price abroad, and its rate with who says so; empty where there is none."""
    if foreign is None:
        return {"foreign": "", "rate": ""}
    theirs, ours = _code(foreign.currency), _code(order.currency)
    rate = f"1 {theirs} = {ours} {foreign.rate}; {foreign.source}"
    return {"foreign": shown(foreign.amount_minor, foreign.currency, language), "rate": rate}


def _code(currency: int) -> str:
    known = CURRENCIES.get(currency)
    return known.code if known else f"{currency:03d}"
