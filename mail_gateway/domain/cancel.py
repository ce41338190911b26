"""A cancel, "if it is not done, never do it": what becomes of it by where its sale stands. One table."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.ksn import counter_of
from mail_gateway.domain.payment import TAKEN, State

if TYPE_CHECKING:
    from collections.abc import Mapping


class Step(Enum):
    """What is done next. All but the last three move the sale; then it stands elsewhere, and is looked at
    again."""

    BURN = "burn"  # nobody has seen the sale: its key is taken, so that it can never be charged
    DROP = "drop"  # it was not asked for: it never will be
    REVERSE = "reverse"  # it is at the acquirer: in doubt from now on, whatever the answer
    WAIT = "wait"  # it is being reversed, or a person looks at it
    GIVE_BACK = "give-back"  # it was approved
    DONE = "done"  # nothing was charged, for certain


STEPS: Final[Mapping[State | None, Step]] = MappingProxyType(
    {
        None: Step.BURN,
        **dict.fromkeys((State.RECEIVED, State.READY, State.MORE_WANTED), Step.DROP),
        State.DISPATCHED: Step.REVERSE,
        **dict.fromkeys((State.IN_DOUBT, State.REVERSING, State.CONFIRMING), Step.WAIT),
        **dict.fromkeys((State.OPENED, State.HELD, State.AUTHORISED, State.CAPTURED), Step.WAIT),
        **dict.fromkeys(TAKEN, Step.GIVE_BACK),
        **dict.fromkeys((State.REVERSED, State.CANCELLED, State.DECLINED, State.RE_ENTER), Step.DONE),
        **dict.fromkeys((State.REFUSED, State.EXPIRED, State.UNPAID), Step.DONE),
    }
)
"""Where the sale stands, None where nobody has seen it -> the next step. On the disk no sale of a reader is
ever opened, held or only authorised: to wait there harms nobody."""


def is_earlier(original_ksn: bytes, ksn: bytes) -> bool:
    """Whether the KSN is that of an earlier sale of the same reader: a cancel, of the second KSN, is good for
    nothing else."""
    return original_ksn[:8] == ksn[:8] and 0 < counter_of(original_ksn) < counter_of(ksn)
