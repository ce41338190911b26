"""The merchant's desk: what an answer asks for, read by one table of words; and the answers it gets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

LINES_MAX: Final = 200
"""Lines of an answer that are looked at."""
DETAIL_MAX: Final = 60
"""Characters of a name or a description on a receipt."""


class Verb(StrEnum):
    """What a merchant may ask for."""

    LIST = "list"
    TODAY = "today"
    AGAIN = "again"
    RECEIPT = "receipt"
    HELP = "help"
    ORDER = "order"  # a whole form: domain/order_form.py
    UNCLEAR = "unclear"  # no word of the table
    BUSY = "busy"  # one too many in this hour


WORDS: Final = {
    **dict.fromkeys(("list", "一覧", "リスト"), Verb.LIST),
    **dict.fromkeys(("today", "本日", "今日"), Verb.TODAY),
    **dict.fromkeys(("again", "再送"), Verb.AGAIN),
    **dict.fromkeys(("receipt", "領収書", "領収証"), Verb.RECEIPT),
    **dict.fromkeys(("help", "ヘルプ", "?"), Verb.HELP),
}
"""Every word that is known, in Unicode NFKC and small letters."""

OF_ONE_SALE: Final = frozenset({Verb.AGAIN, Verb.RECEIPT})


@dataclass(frozen=True, slots=True)
class Details:
    """What a receipt is to say. recipient: to whom; description: for what; "" where nothing was said.

    reduced_minor: how much of it is taxed at the reduced rate, minor units; None: not said.
    """

    recipient: str = ""
    description: str = ""
    reduced_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """number: digits of a slip or a reference, or empty: then the sale whose letter was answered."""

    verb: Verb
    number: str = ""
    details: Details = Details()


_MARKS: Final = "。.、,!！?…:;"
_LINE: Final = re.compile(r"(?P<word>[^\d\s#:]+|\?)(?:\s|:)*(?:no\.?|#)?\s*h?(?P<number>[0-9]{1,12})?")
_DETAIL: Final = re.compile(r"(?P<key>[^\s:]{1,8})\s*:\s*(?P<value>\S.*)")
_AMOUNT: Final = re.compile(r"¥?\s*([0-9]{1,3}(?:,[0-9]{3}){0,3}|[0-9]{1,12})\s*円?")
_KEYS: Final = {
    **dict.fromkeys(("宛名", "宛", "to", "name"), "recipient"),
    **dict.fromkeys(("但し", "但し書き", "但", "for"), "description"),
    "8%": "reduced_minor",
}


def first(lines: Sequence[str]) -> Command | None:
    """The command that an answer begins with. lines: as domain/reply.py:Reply has them."""
    command = _command(lines[0]) if lines else None
    return None if command is None else _with_details(command, lines[1:LINES_MAX])


def only(lines: Sequence[str]) -> Command | None:
    """The one line that is a command, wherever it stands; None where there is none, or more than one."""
    found = [at for at, line in enumerate(lines[:LINES_MAX]) if _command(line) is not None]
    return first(lines[found[0] :]) if len(found) == 1 else None


def _command(line: str) -> Command | None:
    """A whole line, half or full width, in any case; signs at its end do not count."""
    folded = line.casefold().strip()
    read = _LINE.fullmatch(folded.rstrip(_MARKS).rstrip() or folded)
    verb = WORDS.get(read["word"]) if read else None
    if read is None or verb is None:
        return None
    number = read["number"] or ""
    return Command(verb, number) if not number or verb in OF_ONE_SALE else None


def _with_details(command: Command, lines: Sequence[str]) -> Command | None:
    """None: another command stands below, so that nobody knows which of them is meant."""
    if any(_command(line) is not None for line in lines):
        return None
    if command.verb is not Verb.RECEIPT:
        return command
    given: dict[str, str | int] = {}
    for line in lines:
        read = _DETAIL.fullmatch(line)
        key = _KEYS.get(read["key"].casefold()) if read else None
        if read is not None and key is not None:
            given.setdefault(key, _value(key, read["value"]))
    return Command(command.verb, command.number, Details(**given))  # type: ignore[arg-type]


def _value(key: str, text: str) -> str | int:
    """Raises nothing: an amount that is none is one that no sale can have."""
    if key != "reduced_minor":
        return text.strip()[:DETAIL_MAX]
    read = _AMOUNT.fullmatch(text.strip())
    return int(read[1].replace(",", "")) if read else NO_AMOUNT


NO_AMOUNT: Final = -1
"""Stands for an amount that nobody can read."""
