"""What the amount's last three digits make the bogus acquirer do: the same digits as the host simulator's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from acquirer_sdk.values import (
    Approved,
    Ask,
    AuthoriseOutcome,
    Declined,
    InDoubt,
    Item,
    NeedsInput,
    NotSent,
)

ALWAYS: Final = 1_000_000
_SILENCE: Final = InDoubt("no-answer")


@dataclass(frozen=True, slots=True)
class Trigger:
    """What one ending of the amount does. outcome None: approved.

    slow: answered after a while. late: what comes afterwards, unasked; "yes", "no" or nothing.
    unanswered, refused: reversals that are not answered, or not taken; advices_unanswered and advices_refused
    likewise.
    unforgiving: its reversal is acknowledged, and then it is approved again.
    """

    text: str
    outcome: AuthoriseOutcome | None = None
    charged: bool = False
    slow: bool = False
    late: str = ""
    unanswered: int = 0
    refused: bool = False
    unforgiving: bool = False
    advices_unanswered: int = 0
    advices_refused: bool = False


TRIGGERS: Final[Mapping[int, Trigger]] = {
    10: Trigger("approved for half the amount", charged=True),
    1: Trigger("call the company first", NeedsInput(Ask.MORE, "01", (Item.APPROVAL_NUMBER,))),
    2: Trigger("call the company first", NeedsInput(Ask.MORE, "02", (Item.APPROVAL_NUMBER,))),
    5: Trigger("declined", Declined("05")),
    14: Trigger("no such card number: enter again", NeedsInput(Ask.AGAIN, "14")),
    41: Trigger("lost card", Declined("41")),
    43: Trigger("stolen card", Declined("43")),
    51: Trigger("not enough money", Declined("51")),
    54: Trigger("card expired", Declined("54")),
    55: Trigger("wrong PIN: enter again", NeedsInput(Ask.AGAIN, "55")),
    70: Trigger("more wanted", NeedsInput(Ask.MORE, "70")),
    91: Trigger("company's system is down", InDoubt("code-91")),
    96: Trigger("system fault", InDoubt("code-96")),
    814: Trigger("approved; its first advice unanswered", charged=True, advices_unanswered=1),
    815: Trigger("approved; its advices refused", charged=True, advices_refused=True),
    901: Trigger("charged, never answered", _SILENCE, charged=True),
    902: Trigger("neither charged nor answered", _SILENCE),
    903: Trigger("charged, answered too late", _SILENCE, charged=True, late="yes"),
    904: Trigger("answered slowly, but in time", charged=True, slow=True),
    905: Trigger("answered twice, the same", charged=True, late="yes"),
    906: Trigger("approved, then declined", charged=True, late="no"),
    907: Trigger("declined, then approved", Declined("05"), charged=True, late="yes"),
    910: Trigger("line cut before the answer", InDoubt("connection-lost")),
    911: Trigger("charged, line cut before the answer", InDoubt("connection-lost"), charged=True),
    914: Trigger("answer with another amount", InDoubt("wrong-amount"), charged=True),
    915: Trigger("answer for another terminal", _SILENCE, charged=True),
    916: Trigger("answer with another trace number", _SILENCE, charged=True),
    917: Trigger("answer with another reference", _SILENCE, charged=True),
    918: Trigger("a code that nobody knows", InDoubt("unknown-code"), charged=True),
    919: Trigger("answer in another currency", InDoubt("wrong-currency"), charged=True),
    920: Trigger("approved without an approval number", InDoubt("no-approval-number"), charged=True),
    922: Trigger("charged, never answered; first reversal unanswered", _SILENCE, charged=True, unanswered=1),
    923: Trigger("charged, never answered; no reversal answered", _SILENCE, charged=True, unanswered=ALWAYS),
    924: Trigger("charged, never answered; reversals refused", _SILENCE, charged=True, refused=True),
    926: Trigger("charged, never answered; two reversals unanswered", _SILENCE, charged=True, unanswered=2),
    935: Trigger("approved and refused in one answer", InDoubt("unknown-code"), charged=True),
    938: Trigger("reversal acknowledged, and approved after it", _SILENCE, charged=True, unforgiving=True),
    990: Trigger("nothing leaves", NotSent("not-connected")),
}
"""Last three digits -> what happens. 990 is its own; all others mean what they mean to the host simulator."""

_APPROVE: Final = Trigger("approved", charged=True)


def trigger(amount_minor: int) -> Trigger:
    """An amount in minor units -> what it provokes."""
    return TRIGGERS.get(amount_minor % 1000, _APPROVE)


def granted(amount_minor: int) -> Approved:
    """The approval of an amount; of one that ends in 010, half of it."""
    if amount_minor % 1000 == 10:
        return Approved("100010", amount_minor // 2, "10")
    return Approved("100000", amount_minor)
