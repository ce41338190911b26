"""What a conformance check works on: an acquirer, its simulator, and what the simulator can be made to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Final

from acquirer_sdk.port import Acquirer, Ports
from acquirer_sdk.values import AuthoriseRequest, CardData, Item
from acquirer_sdk.wire import Wire

PAN: Final = "4111111111111111"
TRACK2: Final = f"{PAN}=27122010000012345678"
START_S: Final = 1_767_225_600
"""2026-01-01 00:00:00 UTC: when a bench's clock begins, and when its sales are keyed."""

PATIENCE_S: Final = 90
_TURNS: Final = 20


class Case(StrEnum):
    """What a simulator can be made to do by the amount of a sale or a return.

    A bench leaves out what its far end cannot do; the report card then says so.
    """

    APPROVE = "approve"
    LARGE = "large"  # approved; more than twice any other amount here
    PARTIAL = "partial"
    DECLINE = "decline"
    AGAIN = "again"
    MORE = "more"
    FAULT = "fault"  # a code that says neither yes nor no
    UNKNOWN_CODE = "unknown-code"
    NO_NUMBER = "no-number"  # approved without an approval number
    CONTRADICTION = "contradiction"  # yes and no in one answer
    OTHER_AMOUNT = "other-amount"  # this and the next four: an answer that names another one
    OTHER_CURRENCY = "other-currency"
    OTHER_TERMINAL = "other-terminal"
    OTHER_STAN = "other-stan"
    OTHER_REFERENCE = "other-reference"
    DOUBLED = "doubled"  # the same approval twice
    YES_THEN_NO = "yes-then-no"
    NO_THEN_YES = "no-then-yes"
    SLOW = "slow"  # approved after a second or more, well within the time-out
    SILENT = "silent"  # charged, never answered
    UNTOUCHED = "untouched"  # neither charged nor answered
    LATE = "late"  # charged, answered after the time-out
    CUT = "cut"  # charged, line lost before the answer
    HALF = "half"  # charged, line lost within the answer
    ANSWERED_AND_CUT = "answered-and-cut"  # approved, line lost after the answer
    GARBAGE = "garbage"  # charged, an answer that is no message
    OVERSIZE = "oversize"  # charged, an answer longer than any
    EMPTY = "empty"  # charged, an answer without a content
    SIGNED_OFF = "signed-off"  # approved, then the far end says that it wants no more for now
    DEAF = "deaf"  # charged; the line stays up and nothing on it is answered any more
    REVERSAL_SILENT_ONCE = "reversal-silent-once"  # charged, never answered, nor its first reversal
    REVERSAL_SILENT = "reversal-silent"  # charged, never answered, nor any reversal
    REVERSAL_REFUSED = "reversal-refused"  # charged, never answered, its reversals refused
    REVERSAL_THEN_YES = "reversal-then-yes"  # charged; after its reversal is acknowledged, approved
    ADVICE_SILENT_ONCE = "advice-silent-once"  # approved; its first advice is not answered
    ADVICE_REFUSED = "advice-refused"  # approved; its advices are refused
    NOT_COLLECTED = "not-collected"  # approved; soon after, the far end says that it could not collect


class Sort(StrEnum):
    """What the far end heard."""

    REQUEST = "request"  # a sale, a return, a capture or a card check
    REVERSAL = "reversal"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as it came to the far end, read independently of the adapter where that can be.

    repeat: whether it is marked as sent again. day: the sale's date as the message says it, in any form, or
    empty. items: those of a sale or an advice, in their written form.
    """

    sort: Sort
    reference: str
    amount_minor: int = 0
    currency: int = 0
    repeat: bool = False
    day: str = ""
    items: Mapping[Item, str] = field(default_factory=dict)


class Outside:
    """All that surrounds an adapter under test: a clock that a check can put wrong, and what it told.

    An adapter and its simulator are made with `ports`; what else they need is put in with `replace`.
    """

    def __init__(self) -> None:
        self.told: list[tuple[str, Mapping[str, object]]] = []
        self.skew_ms = 0
        self._drawn = 0
        self.ports = Ports(self._now_ms, self._random_bytes, self._tell)

    def _now_ms(self) -> int:
        return START_S * 1000 + int(asyncio.get_running_loop().time() * 1000) + self.skew_ms

    def _random_bytes(self, count: int) -> bytes:
        """Never the same twice, and the same in every run."""
        self._drawn += 1
        block = sha256(self._drawn.to_bytes(8, "big")).digest()
        return (block * (count // len(block) + 1))[:count]

    def _tell(self, verb: str, /, **facts: object) -> None:
        self.told.append((verb, facts))


@dataclass(frozen=True, slots=True)
class Bench:
    """An acquirer that is not started yet, with its simulator.

    amounts: the amount in minor units that provokes each case.
    charges: reference -> minor units that the customer finds charged in the end; a return's own reference has
    less than zero, and what is only held is not charged.
    wire: the cable between the two, where bytes run over one. heard: every message that came, in order.
    currencies: those that the far end takes, ISO 4217 numeric.
    """

    acquirer: Acquirer
    amounts: Mapping[Case, int]
    charges: Callable[[], Mapping[str, int]]
    wire: Wire | None = None
    heard: Callable[[], Sequence[Heard]] | None = None
    currencies: tuple[int, ...] = (392, 840, 414)


OpenBench = Callable[[Outside], AbstractAsyncContextManager[Bench]]
"""An entry point of ``hagaki.acquirer_benches``: opens a bench in the running loop, with its simulator up."""


def sample_request(
    amount_minor: int, *, stan: int = 1, reference: str = "700000000001", terminal_id: str = "T0000001"
) -> AuthoriseRequest:
    """A sale in yen on a test card, keyed at START_S."""
    return AuthoriseRequest(
        reference=reference,
        stan=stan,
        amount_minor=amount_minor,
        currency=392,
        condition=10,
        condition_count=0,
        terminal_id=terminal_id,
        merchant_id="M00000000000001",
        slip=1,
        time_s=START_S,
        card=CardData(TRACK2, entry_mode=1),
    )


class NotConforming(Exception):
    """What the adapter does wrong, in one sentence."""


class CannotProvoke(Exception):
    """What this bench cannot make happen, in a few words."""


class DoesNotApply(Exception):
    """Why the check has nothing to ask of this adapter, in a few words."""


def expect(sentence: str, *, holds: bool) -> None:
    """Raises NotConforming with the sentence, which says what is wrong, unless it holds."""
    if not holds:
        raise NotConforming(sentence)


async def until(holds: Callable[[], bool], sentence: str) -> None:
    """Wait until it holds, looking ever less often. Raises NotConforming after PATIENCE_S of loop time."""
    loop = asyncio.get_running_loop()
    ends, pause_ms = loop.time() + PATIENCE_S, 0
    for _ in range(_TURNS):  # what is under way arrives without any time passing
        if holds():
            return
        await asyncio.sleep(0)
    while not holds():
        expect(sentence, holds=loop.time() < ends)
        pause_ms = min(2 * pause_ms + 10, 5000)
        await asyncio.sleep(pause_ms / 1000)
