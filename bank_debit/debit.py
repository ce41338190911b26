"""The life of a debit as a table, and the values that go into the book and come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a debit stands."""

    OPEN = "open"  # in the book, in no file yet
    AT_BANK = "at-bank"  # in a file that was cut
    COLLECTED = "collected"
    UNPAID = "unpaid"  # the bank answered anything but collected
    VOIDED = "voided"  # before its file was cut
    REVERSED = "reversed"  # the same, but as if it had never been
    PAID_BACK = "paid-back"  # by a person, after a reversal that came too late for the file


class Move(StrEnum):
    """What may happen to it."""

    CUT = "cut"
    COLLECT = "collect"
    FAIL = "fail"
    VOID = "void"
    REVERSE = "reverse"
    RESTORE = "restore"
    PAY_BACK = "pay-back"


TRANSITIONS: Final[Mapping[State, Mapping[Move, State]]] = {
    State.OPEN: {Move.CUT: State.AT_BANK, Move.VOID: State.VOIDED, Move.REVERSE: State.REVERSED},
    State.AT_BANK: {Move.COLLECT: State.COLLECTED, Move.FAIL: State.UNPAID},
    State.COLLECTED: {Move.PAY_BACK: State.PAID_BACK},
    State.UNPAID: {},
    State.VOIDED: {Move.RESTORE: State.OPEN, Move.REVERSE: State.REVERSED},
    State.REVERSED: {},
    State.PAID_BACK: {},
}
"""Anything that does not stand here does not happen."""

UNCHARGED: Final = frozenset({State.UNPAID, State.VOIDED, State.REVERSED, State.PAID_BACK})
"""The customer pays nothing, or has it back: a reversal of it is done."""

UNSOLD: Final = frozenset({State.REVERSED, State.PAID_BACK})
"""Counts in no total of sales."""


def moved(state: State, move: Move) -> State | None:
    """The state after a move, or None where it is not possible."""
    return TRANSITIONS[state].get(move)


@dataclass(frozen=True, slots=True)
class NewDebit:
    """A debit on its way into the book. office: bank 4 and branch 3 digits; amount_minor in yen.

    stan: the gateway's trace number, 0 for a debit that is none of its payments: it gets no late answer for
    that, and it is in no total.

    mandate: its number; customer: what the file names the debit by. accepted_ms: now, unix ms; accepted_on:
    the same as a day where the bank is.
    """

    reference: str
    stan: int
    amount_minor: int
    office: str
    kind: int
    number: str = field(repr=False)
    holder: str = field(repr=False)
    mandate: str = field(repr=False)
    customer: str = field(repr=False)
    accepted_ms: int
    accepted_on: date


@dataclass(frozen=True, slots=True)
class Booked:
    """A debit as it stands in the book.

    day, place: the collection day it was taken for and its number among that day's. batch, line: the file it
    went into, a day too, and the record there. wanted_back: a reversal asks for it while the bank has it.
    """

    reference: str
    stan: int
    amount_minor: int
    office: str
    kind: int
    number: str = field(repr=False)
    holder: str = field(repr=False)
    mandate: str = field(repr=False)
    customer: str = field(repr=False)
    accepted_ms: int
    accepted_on: date
    day: date
    place: int
    state: State
    batch: date | None
    line: int | None
    result: int | None
    wanted_back: bool
    note: str

    @property
    def approval_number(self) -> str:
        """Its place among the debits of its collection day, six digits."""
        return f"{self.place:06d}"

    @property
    def account(self) -> str:
        """Bank, branch and the last three digits: all that may be shown."""
        return f"{self.office[:4]}-{self.office[4:]}-****{self.number[-3:]}"


@dataclass(frozen=True, slots=True)
class Batch:
    """One file that was cut: the collection day, when (unix ms), its bytes; read_ms: when answered last."""

    day: date
    cut_ms: int
    request: bytes = field(repr=False)
    read_ms: int | None


@dataclass(frozen=True, slots=True)
class DaySum:
    """The debits of one collection day in one state: how many, and their yen."""

    day: date
    state: State
    count: int
    sum_minor: int


@dataclass(frozen=True, slots=True)
class BookTotals:
    """What was accepted on one day: counts and yen; voids count as returns."""

    sales: int
    sales_minor: int
    returns: int
    returns_minor: int
