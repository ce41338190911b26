"""The heart: the states of a payment, its events, and the one table that says what follows what."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(StrEnum):
    """Where a payment stands. The text is what the database and `hagaki payments list` show."""

    RECEIVED = "received"
    OPENED = "opened"
    HELD = "held"
    READY = "ready"
    DISPATCHED = "dispatched"
    IN_DOUBT = "in-doubt"
    REVERSING = "reversing"
    CONFIRMING = "confirming"
    REVERSED = "reversed"
    CANCELLED = "cancelled"
    MORE_WANTED = "more-wanted"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    RE_ENTER = "re-enter"
    APPROVED = "approved"
    DECLINED = "declined"
    REFUSED = "refused"
    EXPIRED = "expired"
    UNPAID = "unpaid"
    SETTLED = "settled"


class Trade(StrEnum):
    """Which way the money goes. A return is a payment of its own, and names the sale that it gives back.

    So is a capture: it names the sale whose amount was only held. A cancel is for a sale that nobody knows
    the end of: it gives back what was charged, if anything was.
    """

    SALE = "sale"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    CANCEL = "cancel"

    @property
    def is_return(self) -> bool:
        """Whether the customer gets the money."""
        return self in (Trade.VOID, Trade.REFUND, Trade.CANCEL)


class Kind(StrEnum):
    """What happened. One kind is one arrow label of the table."""

    OPENED = "opened"
    UNREADABLE = "unreadable"
    TOO_OLD = "too-old"
    ACCEPTED = "accepted"
    NEEDS_CUSTOMER = "needs-customer"
    BAD_REQUEST = "bad-request"
    CUSTOMER_YES = "customer-yes"
    CUSTOMER_NO = "customer-no"
    LAPSED = "lapsed"
    DISPATCHED = "dispatched"
    NOT_SENT = "not-sent"
    HOST_APPROVED = "host-approved"
    HOST_HELD = "host-held"
    HOST_DECLINED = "host-declined"
    HOST_ASKS_AGAIN = "host-asks-again"
    HOST_ASKS_MORE = "host-asks-more"
    SILENCE = "silence"
    RELEASE_DUE = "release-due"
    CAPTURED = "captured"
    REVERSAL_DUE = "reversal-due"
    REVERSAL_ACKED = "reversal-acked"
    CONFIRMED_AGAIN = "confirmed-again"
    LATE_APPROVAL = "late-approval"
    SUPPLIED = "supplied"
    NOT_COLLECTED = "not-collected"
    BATCH_CLOSED = "batch-closed"
    CANCELLED = "cancelled"
    DROPPED = "dropped"
    FOUND_CHARGED = "found-charged"
    FOUND_UNCHARGED = "found-uncharged"


def _table() -> dict[State, Mapping[Kind, State]]:
    return {**_before_asking(), **_at_the_acquirer(), **_after_its_answer()}


def _before_asking() -> dict[State, Mapping[Kind, State]]:
    s, k = State, Kind
    by_a_person = {k.DROPPED: s.REFUSED, k.FOUND_CHARGED: s.APPROVED, k.FOUND_UNCHARGED: s.REFUSED}
    return {
        s.RECEIVED: {
            k.OPENED: s.OPENED,
            k.UNREADABLE: s.REFUSED,
            k.TOO_OLD: s.EXPIRED,
            k.CANCELLED: s.CANCELLED,
            **by_a_person,
        },
        s.OPENED: {
            k.ACCEPTED: s.READY,
            k.NEEDS_CUSTOMER: s.HELD,
            k.BAD_REQUEST: s.REFUSED,
            k.CANCELLED: s.CANCELLED,
        },
        s.HELD: {
            k.CUSTOMER_YES: s.READY,
            k.CUSTOMER_NO: s.REFUSED,
            k.LAPSED: s.EXPIRED,
            k.DROPPED: s.REFUSED,
            k.FOUND_CHARGED: s.APPROVED,
        },
        s.READY: {
            k.DISPATCHED: s.DISPATCHED,
            k.TOO_OLD: s.EXPIRED,
            k.CANCELLED: s.CANCELLED,
            **by_a_person,
        },
    }


def _at_the_acquirer() -> dict[State, Mapping[Kind, State]]:
    s, k = State, Kind
    return {
        s.DISPATCHED: {
            k.HOST_APPROVED: s.APPROVED,
            k.HOST_HELD: s.AUTHORISED,
            k.HOST_DECLINED: s.DECLINED,
            k.HOST_ASKS_AGAIN: s.RE_ENTER,
            k.HOST_ASKS_MORE: s.MORE_WANTED,
            k.SILENCE: s.IN_DOUBT,
            k.NOT_SENT: s.READY,
            k.FOUND_CHARGED: s.APPROVED,
        },
        s.AUTHORISED: {k.RELEASE_DUE: s.REVERSING, k.CAPTURED: s.CAPTURED},
        s.IN_DOUBT: {k.REVERSAL_DUE: s.REVERSING, k.LATE_APPROVAL: s.IN_DOUBT},
        s.REVERSING: {
            k.REVERSAL_ACKED: s.CONFIRMING,
            k.SILENCE: s.REVERSING,
            k.LATE_APPROVAL: s.REVERSING,
        },
        s.CONFIRMING: {
            k.CONFIRMED_AGAIN: s.REVERSED,
            k.SILENCE: s.CONFIRMING,
            k.LATE_APPROVAL: s.REVERSING,
        },
    }


def _after_its_answer() -> dict[State, Mapping[Kind, State]]:
    s, k = State, Kind
    return {
        s.REVERSED: {k.LATE_APPROVAL: s.REVERSING},
        s.CANCELLED: {k.LATE_APPROVAL: s.REVERSING},
        s.DECLINED: {k.LATE_APPROVAL: s.REVERSING},
        s.RE_ENTER: {k.LATE_APPROVAL: s.REVERSING},
        s.MORE_WANTED: {
            k.SUPPLIED: s.READY,
            k.LAPSED: s.DECLINED,
            k.LATE_APPROVAL: s.REVERSING,
            k.CANCELLED: s.CANCELLED,
            k.DROPPED: s.DECLINED,
        },
        s.APPROVED: {k.NOT_COLLECTED: s.UNPAID, k.BATCH_CLOSED: s.SETTLED},
    }


TRANSITIONS: Final[Mapping[State, Mapping[Kind, State]]] = MappingProxyType(_table())
"""State -> event -> next state. The database's rules, the diagrams in the docs and `step` read this table."""

ENDED: Final = frozenset(
    {
        State.APPROVED,
        State.CAPTURED,
        State.DECLINED,
        State.RE_ENTER,
        State.REFUSED,
        State.EXPIRED,
        State.REVERSED,
        State.CANCELLED,
        State.UNPAID,
        State.SETTLED,
    }
)
"""States in which nothing is open: the sealed card is wiped and the trace number is free again."""

NOT_CHARGED: Final = frozenset({State.REVERSED, State.CANCELLED, State.DECLINED, State.RE_ENTER})
"""Ends in which the merchant was told that no money moved. An approval that comes later still is reversed, so
that it stays true; the ready-made reversal is kept for that, for a while."""

TAKEN: Final = frozenset({State.APPROVED, State.SETTLED})
"""The acquirer has said yes, and that stands: a sale is charged, a return is given back."""

UNANSWERED: Final = frozenset({State.REVERSED, State.EXPIRED})
"""Ends without a yes or a no of the acquirer that counts: nothing is charged, and it may be asked anew."""

OPEN_AT_ACQUIRER: Final = frozenset({State.DISPATCHED, State.IN_DOUBT, State.REVERSING, State.CONFIRMING})
"""States whose trace number must not be given to another payment."""


@dataclass(frozen=True, slots=True)
class Event:
    """One arrow. facts are for the record: slugs, codes, numbers; never card data."""

    kind: Kind
    facts: Mapping[str, str | int] = field(default_factory=dict)


class IllegalTransition(Exception):
    """The table has no such arrow. Raised in `step` only."""

    def __init__(self, state: State, kind: Kind) -> None:
        super().__init__(f"a payment that is {state} does not know {kind}")
        self.state = state
        self.kind = kind


def step(state: State, kind: Kind) -> State:
    """state, event -> next state. Raises IllegalTransition where the table has no arrow."""
    after = TRANSITIONS.get(state, {}).get(kind)
    if after is None:
        raise IllegalTransition(state, kind)
    return after
