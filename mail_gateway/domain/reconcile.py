"""The acquirer's own list of charges, and what it says about one payment of ours."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.payment import OPEN_AT_ACQUIRER, TAKEN, TRANSITIONS, Kind, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COLUMNS: Final = (
    "reference",
    "terminal_id",
    "time",
    "amount_minor",
    "currency",
    "approval_number",
    "state",
)
_PERIOD: Final = re.compile(r"# from (\S+) until (\S+)\s*")
_REFERENCE: Final = re.compile(r"\d{12}")


class Booked(StrEnum):
    """What the acquirer's list says of a charge or a return."""

    CHARGED = "charged"
    RETURNED = "returned"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class Line:
    """One charge. time_ms: unix ms. amount_minor: minor units of `currency` (ISO 4217 numeric).

    acquirer: whose list it stands in.
    """

    reference: str
    terminal_id: str
    time_ms: int
    amount_minor: int
    currency: int
    approval_number: str
    state: Booked
    acquirer: str = ""


@dataclass(frozen=True, slots=True)
class ChargeList:
    """All charges of a time, unix ms."""

    from_ms: int
    until_ms: int
    lines: tuple[Line, ...]


class Finding(StrEnum):
    """What comes of one line, or of the want of one, for a payment that we know."""

    AGREES = "agrees"
    CHARGED = "charged"  # it was open here and is charged there: it stays
    UNCHARGED = "uncharged"  # it was open here and nobody paid: it ends
    OPEN = "open"  # it is being reversed, and goes on
    DIFFERS = "differs"  # a person has to look


def finding(state: State, line: Line | None, *, apart: bool, same: bool) -> Finding:
    """state: of our payment. line: what the list says of it, None: nothing. apart: it waits for the list.

    same: which way the money went, the amount, and the approval number where we have one, are ours.
    """
    charged = line is not None and line.state is not Booked.REVERSED
    if apart and Kind.FOUND_CHARGED in TRANSITIONS.get(state, {}):
        if not charged:
            return Finding.UNCHARGED
        return Finding.CHARGED if same else Finding.DIFFERS
    if state in OPEN_AT_ACQUIRER:
        return Finding.OPEN
    stands = state in TAKEN
    return Finding.AGREES if charged == stands and (same or not charged) else Finding.DIFFERS


def read_list(text: str) -> ChargeList:
    """The list as CSV (docs/operating.md) -> its lines. Raises GatewayError list-format."""
    first, _, rest = text.partition("\n")
    period = _PERIOD.fullmatch(first.lstrip("\ufeff"))
    if period is None:
        raise _bad(1, "has to be: # from TIME until TIME")
    rows = csv.DictReader(rest.splitlines())
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise _bad(2, f"has to be: {','.join(COLUMNS)}")
    lines = tuple(_lines(rows))
    references = [line.reference for line in lines]
    if len(references) != len(set(references)):
        raise _bad(2, "one reference stands there twice")
    return ChargeList(_time_ms(period.group(1), 1), _time_ms(period.group(2), 1), lines)


def joined(lists: Mapping[str, ChargeList]) -> ChargeList:
    """The lists of all acquirers by name -> one, of the time that all of them cover.

    Raises GatewayError list-format: one reference stands in two.
    """
    lines = tuple(replace(line, acquirer=name) for name, one in lists.items() for line in one.lines)
    if len(lines) != len({line.reference for line in lines}):
        raise _bad(2, "one reference stands in two acquirers' lists")
    ends = lists.values()
    return ChargeList(max(one.from_ms for one in ends), min(one.until_ms for one in ends), lines)


def _lines(rows: csv.DictReader[str]) -> Iterator[Line]:
    for number, row in enumerate(rows, 3):
        yield _line(row, number)


def _line(row: Mapping[str, str | None], number: int) -> Line:
    words = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if not _REFERENCE.fullmatch(words["reference"]):
        raise _bad(number, "a reference has 12 digits")
    if not (words["amount_minor"].isdecimal() and words["currency"].isdecimal()):
        raise _bad(number, "an amount is a whole number of minor units, a currency three digits")
    if words["state"] not in list(Booked):
        raise _bad(number, "a state is charged, returned or reversed")
    return Line(
        words["reference"],
        words["terminal_id"],
        _time_ms(words["time"], number),
        int(words["amount_minor"]),
        int(words["currency"]),
        words["approval_number"],
        Booked(words["state"]),
    )


def _time_ms(text: str, number: int) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _bad(number, "a time is written like 2026-11-21T05:00:00Z") from None
    if moment.tzinfo is None:
        raise _bad(number, "a time needs its zone, such as Z or +09:00")
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return (moment - epoch) // (moment.resolution * 1000)


def _bad(number: int, sentence: str) -> GatewayError:
    return GatewayError(
        f"Line {number} of the list cannot be used: {sentence}.", "list-format", Disposition.REFUSE
    )
