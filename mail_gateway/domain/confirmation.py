"""Asking a customer: where it stands, what follows what, and how much an answer has to prove."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

WRONG_MAX: Final = 3
"""So many wrong codes or OCRA answers lock a confirmation."""

UNCLEAR_ASKED_MAX: Final = 1
"""So often an unclear answer is asked back; then a person looks."""


class ConfirmState(StrEnum):
    """Where the asking stands."""

    ASKED = "asked"
    YES = "yes"
    NO = "no"
    LAPSED = "lapsed"
    LOCKED = "locked"
    WITHDRAWN = "withdrawn"


class ConfirmKind(StrEnum):
    """What happened to it."""

    YES = "yes"
    NO = "no"
    LAPSED = "lapsed"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    WITHDRAWN = "withdrawn"


def _table() -> dict[ConfirmState, Mapping[ConfirmKind, ConfirmState]]:
    s, k = ConfirmState, ConfirmKind
    return {
        s.ASKED: {
            k.YES: s.YES,
            k.NO: s.NO,
            k.LAPSED: s.LAPSED,
            k.LOCKED: s.LOCKED,
            k.WITHDRAWN: s.WITHDRAWN,
        },
        s.LOCKED: {k.UNLOCKED: s.ASKED, k.NO: s.NO, k.LAPSED: s.LAPSED, k.WITHDRAWN: s.WITHDRAWN},
    }


CONFIRM_TRANSITIONS: Final[Mapping[ConfirmState, Mapping[ConfirmKind, ConfirmState]]] = MappingProxyType(
    _table()
)


@dataclass(frozen=True, slots=True)
class Policy:
    """How much proof a merchant wants, by the order's total in minor units.

    Up to plain_minor_max a yes from a proven sender is enough. Above it, or without proof of the sender, the
    order's code is wanted too, up to code_minor_max. Above that only an OCRA answer confirms.
    """

    plain_minor_max: int
    code_minor_max: int


def enough(policy: Policy, total_minor: int, *, proven: bool, code: bool, ocra: bool) -> bool:
    """Whether a yes with so much proof confirms an order of that total. The token is always there."""
    if ocra:
        return True
    if code:
        return total_minor <= policy.code_minor_max
    return proven and total_minor <= policy.plain_minor_max


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One row per order, from the question on. wrong, unclear: how many such answers came. answer_mail: the
    mail that decided it. reminded: whether the one reminder was sent. All *_ms: unix ms UTC."""

    order_id: int
    state: ConfirmState
    asked_ms: int
    until_ms: int
    remind_ms: int | None
    wrong: int
    unclear: int
    needs_person: bool
    how: str
    answer_mail: int | None
    answered_ms: int | None
