"""What the simulated bank does with a debit, by the last three digits of its amount."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bank_debit.results import results


class Mischief(StrEnum):
    """What it does besides giving a result."""

    NONE = ""
    LEFT_OUT = "left-out"
    TWICE = "twice"
    OTHER_ACCOUNT = "other-account"
    OTHER_AMOUNT = "other-amount"
    OTHER_CUSTOMER = "other-customer"
    WRONG_COUNT = "wrong-count"
    WRONG_SUM = "wrong-sum"
    WRONG_RESULTS = "wrong-results"
    STRANGE_RESULT = "strange-result"


@dataclass(frozen=True, slots=True)
class Trigger:
    """text: for the table in the docs. result: the code in the result column."""

    text: str
    result: int = 0
    mischief: Mischief = Mischief.NONE


_RESULTS: Final = {900 + digit: Trigger(result.en, digit) for digit, result in results().items() if digit}

TRIGGERS: Final[Mapping[int, Trigger]] = {
    **_RESULTS,
    951: Trigger("the record is left out of the answer", 0, Mischief.LEFT_OUT),
    952: Trigger("the record comes twice", 0, Mischief.TWICE),
    953: Trigger("collected, from another account number", 0, Mischief.OTHER_ACCOUNT),
    954: Trigger("collected, one yen more", 0, Mischief.OTHER_AMOUNT),
    955: Trigger("collected, with another customer number", 0, Mischief.OTHER_CUSTOMER),
    961: Trigger("the trailer counts one record too many", 0, Mischief.WRONG_COUNT),
    962: Trigger("the trailer's sum is one yen too high", 0, Mischief.WRONG_SUM),
    963: Trigger("the trailer counts one collected debit as not collected", 0, Mischief.WRONG_RESULTS),
    964: Trigger("a result code that nobody knows", 0, Mischief.STRANGE_RESULT),
}
"""Every amount that does not stand here is collected."""

_COLLECT: Final = Trigger("collected")


def trigger(amount_minor: int) -> Trigger:
    """An amount in yen -> what it provokes."""
    return TRIGGERS.get(amount_minor % 1000, _COLLECT)
