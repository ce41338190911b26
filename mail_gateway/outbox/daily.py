"""The notice at the end of a merchant's day: what is still open, and to who wants it the whole day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mail_gateway.domain.money import shown
from mail_gateway.domain.notice import Attachment, Notice
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.takings import Closing
from mail_gateway.outbox.takings import csv_of, sale_words, spoken, takings_words, time_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from zoneinfo import ZoneInfo

    from mail_gateway.domain.day import Day, OpenSale
    from mail_gateway.domain.notice import Words


LINES_MAX: Final = 60
"""Sales that a letter lists; the file beside it has all of them."""


def notice_of(day: Day | Closing, when: date, zone: ZoneInfo) -> Notice:
    """One merchant's day in words; one day is told once."""
    if isinstance(day, Closing):
        return _closing(day, when, zone)
    words = {"day": f"{when:%Y-%m-%d}", **open_words(day)}
    return Notice(Letter.DIGEST, f"{when:%Y%m%d}", day.merchant, words)


def _closing(closing: Closing, when: date, zone: ZoneInfo) -> Notice:
    takings, merchant = closing.takings, closing.day.merchant
    language = spoken(merchant.language)
    words: Words = {
        "day": f"{when:%Y-%m-%d}",
        "from": time_text(takings.from_ms, zone),
        "until": time_text(takings.until_ms, zone),
        **takings_words(takings, language),
        "final": [sale_words(sale, language, zone) for sale in takings.final[:LINES_MAX]],
        "is_cut": "1" if len(takings.final) > LINES_MAX else "",
        **open_words(closing.day),
    }
    file = Attachment(f"hagaki-{when:%Y%m%d}.csv", "text/csv", csv_of(takings, language, zone))
    return Notice(Letter.CLOSING, f"{when:%Y%m%d}", merchant, words, attachments=(file,))


def open_words(day: Day) -> dict[str, str]:
    """What is open, as the templates want it: lines of text."""
    return {
        "open": _lines(map(_open, (one for one in day.open if not one.back))),
        "returns": _lines(map(_open, (one for one in day.open if one.back))),
        "gaps": _lines(f"{one.reader}: {_range(one.first, one.last)}" for one in day.holes),
        "letters": _lines(f"{one.reference}  {one.kind}" for one in day.letters),
        "wants": _lines(map(_open, day.wants)),
    }


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(text.rstrip() for text in texts)


def _open(one: OpenSale) -> str:
    return f"{one.reference}  {_amount(one.amount_minor, one.currency)}"


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _amount(amount_minor: int, currency: int) -> str:
    return shown(amount_minor, currency, "en") if currency else ""
