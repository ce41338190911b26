"""The notice at the end of a merchant's day: what is still open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mail_gateway.domain.money import shown
from mail_gateway.domain.notice import Notice
from mail_gateway.domain.outcome import Letter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from mail_gateway.domain.day import Day, OpenSale


def notice_of(day: Day, when: date) -> Notice:
    """One merchant's day in words; one day is told once."""
    words = {"day": f"{when:%Y-%m-%d}", **open_words(day)}
    return Notice(Letter.DIGEST, f"{when:%Y%m%d}", day.merchant, words)


def open_words(day: Day) -> dict[str, str]:
    """What is open, as the templates want it: lines of text."""
    return {
        "open": _lines(map(_open, (one for one in day.open if not one.back))),
        "returns": _lines(map(_open, (one for one in day.open if one.back))),
        "gaps": _lines(f"{one.reader}: {_range(one.first, one.last)}" for one in day.holes),
        "letters": _lines(f"{one.reference}  {one.kind}" for one in day.letters),
    }


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(text.rstrip() for text in texts)


def _open(one: OpenSale) -> str:
    return f"{one.reference}  {_amount(one.amount_minor, one.currency)}"


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _amount(amount_minor: int, currency: int) -> str:
    return shown(amount_minor, currency, "en") if currency else ""
