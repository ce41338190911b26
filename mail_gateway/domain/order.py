"""An order: what a customer buys from a shop, its states, and the one table that says what follows what."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


LINES_MAX: Final = 50
"""Lines of one order at most."""

CAPTURES_MAX: Final = 3
"""So often the money of one order is asked for; then it cannot be had."""

CODE_LETTERS: Final = "BCDFHJKMNPRTWXYZ"
"""Of codes: no two look alike, none looks like a digit, and without vowels they make no words."""

CODE_LENGTH: Final = 5


def code_of(dice: bytes) -> str:
    """A code from so many random bytes: CODE_LENGTH."""
    return "".join(CODE_LETTERS[one % len(CODE_LETTERS)] for one in dice)


class OrderState(StrEnum):
    """Where an order stands. The text is what the database, shops and `hagaki deal list` are shown."""

    PLACED = "placed"
    AUTHORISED = "authorised"
    ASKED = "asked"
    CONFIRMED = "confirmed"
    CAPTURED = "captured"
    HANDED_OVER = "handed-over"
    REFUSED = "refused"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    RETURNED = "returned"
    UNPAID = "unpaid"


class OrderKind(StrEnum):
    """What happened to an order. One kind is one arrow label of the table."""

    AUTHORISED = "authorised"
    NOT_AUTHORISED = "not-authorised"
    ASKED = "asked"
    UNLOCKED = "unlocked"
    YES = "yes"
    NO = "no"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    CAPTURED = "captured"
    NOT_CAPTURED = "not-captured"
    HANDED_OVER = "handed-over"
    RETURNED = "returned"
    RETURNED_PART = "returned-part"
    NOT_RETURNED = "not-returned"
    NOT_COLLECTED = "not-collected"


def _table() -> dict[OrderState, Mapping[OrderKind, OrderState]]:
    s, k = OrderState, OrderKind
    return {
        s.PLACED: {
            k.AUTHORISED: s.AUTHORISED,
            k.NOT_AUTHORISED: s.FAILED,
            k.ASKED: s.ASKED,
            k.CANCELLED: s.CANCELLED,
        },
        s.AUTHORISED: {k.ASKED: s.ASKED, k.CANCELLED: s.CANCELLED},
        s.ASKED: {
            k.UNLOCKED: s.ASKED,  # after three wrong answers a person lets the customer answer again
            k.YES: s.CONFIRMED,
            k.NO: s.REFUSED,
            k.LAPSED: s.LAPSED,
            k.CANCELLED: s.CANCELLED,
        },
        s.CONFIRMED: {
            k.CAPTURED: s.CAPTURED,
            k.NOT_CAPTURED: s.FAILED,
            k.HANDED_OVER: s.CONFIRMED,  # the money is taken later: after the day of the yes
            k.RETURNED_PART: s.CONFIRMED,  # so much less is taken
            k.RETURNED: s.RETURNED,
        },
        s.CAPTURED: {
            k.HANDED_OVER: s.HANDED_OVER,
            k.NOT_COLLECTED: s.UNPAID,
            **_returning(s.CAPTURED),
        },
        s.HANDED_OVER: {k.NOT_COLLECTED: s.UNPAID, **_returning(s.HANDED_OVER)},
    }


def _returning(state: OrderState) -> dict[OrderKind, OrderState]:
    """What was charged is given back: some of it, all of it; or the acquirer refuses."""
    k = OrderKind
    return {k.RETURNED_PART: state, k.NOT_RETURNED: state, k.RETURNED: OrderState.RETURNED}


ORDER_TRANSITIONS: Final[Mapping[OrderState, Mapping[OrderKind, OrderState]]] = MappingProxyType(_table())
"""State -> event -> next state. The database's rules and the docs read this table."""

DEAD: Final = frozenset(
    {
        *(OrderState.REFUSED, OrderState.LAPSED, OrderState.CANCELLED),
        *(OrderState.FAILED, OrderState.RETURNED, OrderState.UNPAID),
    }
)
"""Ends in which nothing is bought: stock is free again and the customer pays nothing."""

ENDED_ORDERS: Final = DEAD | {OrderState.HANDED_OVER}


class Settle(StrEnum):
    """When a merchant's orders are charged."""

    AT_ONCE = "at-once"  # when placed; given back if the order dies
    CONFIRMED = "confirmed"  # held when placed, taken on the customer's yes
    DAILY = "daily"  # held when placed, taken after the day of the yes


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order. product: number of the product, None for words of the shop's own.

    unit_minor: price of one with tax, minor units of the order's currency; quantity: 1..9999.
    tax_rate: percent that is within the price.
    """

    name: str
    model: str
    unit_minor: int
    quantity: int
    product: int | None = None
    tax_rate: int = 10

    @property
    def total_minor(self) -> int:
        """Minor units."""
        return self.unit_minor * self.quantity


@dataclass(frozen=True, slots=True)
class Foreign:
    """The price abroad, shown beside ours. currency: ISO 4217 numeric; rate: decimal text, ours for one of
    theirs; source: who says so, such as "ECB 2026-11-20"."""

    currency: int
    amount_minor: int
    rate: str
    source: str


@dataclass(frozen=True, slots=True)
class Order:
    """One order as the database has it. All *_ms: unix ms UTC.

    deal_id: the shop's own, unique per merchant. code: five letters that the customer writes back.
    deal: the canonical bytes that the customer agrees to (schemas/deal). tax_minor: within total_minor.
    ask_first: the customer is asked before the acquirer, who cannot hold an amount. until_ms: when the
    question lapses. made_ms: since when the shop knows that it is made. tries: captures so far.
    letters: how many letters it has. epoch counts the changes. returned_minor: what the customer surely has
    back of the total, or is never charged.
    """

    id: int
    merchant: int
    deal_id: str
    customer: int
    means: int
    state: OrderState
    epoch: int
    code: str
    deal: bytes
    placed_ms: int
    currency: int
    total_minor: int
    tax_minor: int
    delivery: str
    foreign: Foreign | None
    settle: Settle
    ask_first: bool
    until_ms: int
    due_ms: int | None
    made_ms: int | None
    tries: int
    letters: int
    remark: str
    returned_minor: int = 0


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One arrow. facts are for the record: slugs and numbers; never card data."""

    kind: OrderKind
    facts: Mapping[str, str | int] = field(default_factory=dict)


class IllegalOrderMove(Exception):
    """The table has no such arrow. Raised in `follow` only."""

    def __init__(self, state: OrderState, kind: OrderKind) -> None:
        super().__init__(f"an order that is {state} does not know {kind}")
        self.state = state
        self.kind = kind


def follow(state: OrderState, kind: OrderKind) -> OrderState:
    """state, event -> next state. Raises IllegalOrderMove where the table has no arrow."""
    after = ORDER_TRANSITIONS.get(state, {}).get(kind)
    if after is None:
        raise IllegalOrderMove(state, kind)
    return after
