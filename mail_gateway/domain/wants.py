"""What an acquirer wants to know more: the states of one such question, and which items are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from acquirer_sdk.values import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROUNDS_MAX: Final = 3
"""So often one sale is asked about before it is approved; an acquirer that wants more still has said no."""

LETTERS_MAX: Final = 6
"""So many letters ask for the same items; then nobody is written to any more before it lapses."""

LAPSED: Final = "lapsed"
"""Why a want ended: nobody answered in time."""
GIVEN_BACK: Final = "given-back"
"""There is no sale any more that it could be about."""
CLOSED: Final = "closed"
"""A person has settled it another way."""

NONE: Final = "none"
"""A merchant's own list that says: ask this merchant for nothing."""


class Phase(StrEnum):
    """When it is asked."""

    BEFORE = "before"  # the sale is not approved: the answer makes a new attempt
    AFTER = "after"  # the sale is approved: the answer goes to the acquirer as an advice


class WantState(StrEnum):
    """Where a question stands. The text is what the database and `hagaki wants list` show."""

    ASKED = "asked"
    SUPPLIED = "supplied"
    FORWARDED = "forwarded"
    LAPSED = "lapsed"


TRANSITIONS: Final[Mapping[WantState, tuple[WantState, ...]]] = MappingProxyType(
    {
        WantState.ASKED: (WantState.SUPPLIED, WantState.LAPSED),
        WantState.SUPPLIED: (WantState.FORWARDED, WantState.LAPSED),
    }
)
"""State -> what may follow. SUPPLIED is an end too: of a question before an approval, since the new attempt
tells the rest, and of items that the acquirer does not take."""


@dataclass(frozen=True, slots=True)
class Want:
    """One question of one payment. items are numbered from 1, in this order, in every letter about it.

    given: what was answered so far, in its written form. code: of the acquirer, why it asks or why it does
    not take the answer. letters: how many have asked. until_ms: when it lapses. epoch counts the changes.
    stan: of the advice, or of the attempt that asked (DE11); transmissions: how often the advice, or that
    attempt's reversal, left; doubt_ms: since when it is not acknowledged. All *_ms: unix ms.
    """

    id: int
    payment: int
    phase: Phase
    round: int
    state: WantState
    items: tuple[Item, ...]
    given: Mapping[Item, str]
    code: str
    asked_ms: int
    until_ms: int
    due_ms: int | None
    letters: int
    epoch: int
    stan: int | None
    transmissions: int
    alarms: int
    doubt_ms: int | None

    @property
    def numbered(self) -> Mapping[int, Item]:
        """Number in the letters -> item."""
        return dict(enumerate(self.items, 1))

    @property
    def missing(self) -> tuple[Item, ...]:
        """What was not answered yet."""
        return tuple(item for item in self.items if item not in self.given)


@dataclass(frozen=True, slots=True)
class Question:
    """A want that is not asked yet. due_ms: when somebody has to look at it."""

    phase: Phase
    round: int
    items: tuple[Item, ...]
    code: str
    until_ms: int
    due_ms: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a merchant has told of one payment before its approval. rounds: how often it was asked."""

    rounds: int = 0
    items: Mapping[Item, str] = field(default_factory=dict)


NOTHING: Final = Told()


def items_after(merchants_list: str, acquirers: Iterable[Item], told: Mapping[Item, str]) -> tuple[Item, ...]:
    """What is asked for after an approval. merchants_list: as `read_list` takes it, empty: as the acquirer
    says. told: what was said before the approval, and is not asked twice."""
    wanted = read_list(merchants_list) if merchants_list else tuple(acquirers)
    return tuple(item for item in dict.fromkeys(wanted) if item not in told)


def read_list(text: str) -> tuple[Item, ...]:
    """The word none, or items with commas between: `product-code,note`. Raises ValueError for else."""
    if text == NONE:
        return ()
    return tuple(dict.fromkeys(Item(name.strip()) for name in text.split(",")))
