"""The order form in a mail: what a shop asks for, line by line. What is not unambiguous is asked back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.forms import ORDER, READ_MAX, SHOWN_MAX, Kind, Wrong
from mail_gateway.domain.order import LINES_MAX
from mail_gateway.domain.placing import PlaceOrder, Wish

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEYS: Final = {
    **dict.fromkeys(("customer", "customer id", "顧客", "お客様", "お客様番号", "顧客番号"), "customer"),
    **dict.fromkeys(("deal", "deal id", "取引", "取引番号", "伝票番号"), "deal_id"),
    **dict.fromkeys(("line", "item", "品目", "商品", "品名"), "line"),
    **dict.fromkeys(("deliver", "delivery", "deliver to", "届け先", "お届け先", "配送先"), "delivery"),
    **dict.fromkeys(("means", "card", "支払", "支払い", "支払方法"), "means"),
    **dict.fromkeys(("minutes", "期限", "回答期限"), "ask_minutes"),
}
KIND: Final = Kind(ORDER, _KEYS)

_PIECES: Final = r"\s*(?:個|点|本|枚|箱|pcs)?"
_COUNTS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?P<what>.*\S)\s+x\s*(?P<n>[0-9]{{1,5}}){_PIECES}",
        rf"(?P<what>.*\S)\s*[×✕✖*]\s*(?P<n>[0-9]{{1,5}}){_PIECES}",
        r"(?P<what>.*\S)\s+(?P<n>[0-9]{1,5})\s*(?:個|点|本|枚|箱|pcs)",
    )
)
"""An x is no sign but a letter unless a space is in front of it: a Box 2 is not two of a Bo."""

AMOUNT: Final = r"(?P<price>[1-9][0-9]{0,2}(?:,[0-9]{3}){1,3}|[1-9][0-9]{0,11}|0)"
_PRICES: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"(?P<name>.*\S)\s*@\s*¥?\s*{AMOUNT}\s*(?:円|yen|jpy)?",
        rf"(?P<name>.*\S)\s*¥\s*{AMOUNT}",
        rf"(?P<name>.*\S)\s+(?:jpy|yen)\s*{AMOUNT}",
        rf"(?P<name>.*\S)\s+{AMOUNT}\s*(?:円|yen|jpy)",
        rf"(?P<name>.*\D)\s*{AMOUNT}\s*円",
    )
)
CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NUMBER: Final = re.compile(r"(?:no\.?\s*|#\s*)?([0-9]{1,9})", re.IGNORECASE)
_MINUTES: Final = re.compile(r"([0-9]{1,5})\s*(?:分|minutes?|min)?", re.IGNORECASE)
FAULTS: Final = (
    *("line-unknown", "line-form", "quantity-missing", "quantity-form", "lines-missing", "lines-many"),
    *("customer-missing", "customer-form", "customer-twice", "deal-missing", "deal-form", "deal-twice"),
    *("delivery-form", "delivery-twice", "means-form", "means-twice", "minutes-form", "minutes-twice"),
)
"""All that can be wrong with a form by itself; the letter has a sentence for each."""


@dataclass(frozen=True, slots=True)
class Form:
    """order: None where something is wrong. A form without a deal ID has it from its mail."""

    order: PlaceOrder | None
    wrong: tuple[Wrong, ...] = ()


@dataclass(slots=True)
class _Sheet:
    """What was read so far."""

    facts: dict[str, str] = field(default_factory=dict)
    wishes: list[Wish] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)


def read(written: Sequence[str], own: Sequence[str], otherwise: str) -> Form:
    """An order form. written, own: as Kind.part has them. otherwise: the deal ID where the form has none;
    empty: then it is asked for."""
    sheet = _Sheet()
    for line in KIND.part(written, own):
        if not _take(sheet, line):
            sheet.wrong.append(Wrong("line-unknown", line[:SHOWN_MAX]))
    facts = {"deal_id": otherwise, **sheet.facts}
    if "customer" not in facts:
        sheet.wrong.append(Wrong("customer-missing"))
    if not facts["deal_id"]:
        sheet.wrong.append(Wrong("deal-missing"))
    if not 1 <= len(sheet.wishes) <= LINES_MAX and not sheet.wrong:
        sheet.wrong.append(Wrong("lines-missing" if not sheet.wishes else "lines-many"))
    if sheet.wrong:
        return Form(None, tuple(sheet.wrong))
    return Form(_order(facts, sheet.wishes))


def _take(sheet: _Sheet, line: str) -> bool:
    keyed = KIND.keyed(line)
    if keyed is None:
        return False
    key, value = keyed
    if len(value) > READ_MAX:
        return False
    if key == "line":
        wish = _wish(value)
        if isinstance(wish, str):
            sheet.wrong.append(Wrong(wish, value[:SHOWN_MAX]))
        else:
            sheet.wishes.append(wish)
        return True
    checked = _checked(key, value)
    if checked is None:
        sheet.wrong.append(Wrong(f"{_SLUGS[key]}-form", value[:SHOWN_MAX]))
    elif sheet.facts.setdefault(key, checked) != checked:
        sheet.wrong.append(Wrong(f"{_SLUGS[key]}-twice", value[:SHOWN_MAX]))
    return True


_SLUGS: Final = {
    "customer": "customer",
    "deal_id": "deal",
    "delivery": "delivery",
    "means": "means",
    "ask_minutes": "minutes",
}


def _checked(key: str, value: str) -> str | None:
    """The value in its own form; None: it has none."""
    if key in ("customer", "deal_id"):
        found = CODE.fullmatch(value.upper() if key == "customer" else value)
        return found and found[0]
    if key == "delivery":
        return value or None
    number = (_NUMBER if key == "means" else _MINUTES).fullmatch(value)
    return number and str(int(number[1]))


def _wish(value: str) -> Wish | str:
    """CODE x 2, or words with a price: NAME @ 500 x 2. Else the slug of what is wrong with it."""
    counted = next(filter(None, (form.fullmatch(value) for form in _COUNTS)), None)
    if counted is None:
        return "quantity-missing"
    what, quantity = counted["what"].rstrip(" ,、"), int(counted["n"])
    if not 1 <= quantity <= 9999:
        return "quantity-form"
    priced = next(filter(None, (form.fullmatch(what) for form in _PRICES)), None)
    if priced is not None:
        name, price = priced["name"].rstrip(" ,、@¥"), int(priced["price"].replace(",", ""))
        return Wish(name=name, unit_minor=price, quantity=quantity) if name else "line-form"
    return Wish(product=what, quantity=quantity) if CODE.fullmatch(what) else "line-form"


def _order(facts: dict[str, str], wishes: Sequence[Wish]) -> PlaceOrder:
    means, minutes = facts.get("means"), facts.get("ask_minutes")
    return PlaceOrder(
        deal_id=facts["deal_id"],
        customer=facts["customer"],
        lines=tuple(wishes),
        means=None if means is None else int(means),
        delivery=facts.get("delivery", ""),
        ask_minutes=None if minutes is None else int(minutes),
    )
