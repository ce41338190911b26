"""The bogus acquirer: no network, no host; the last three digits of the amount say what happens."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from acquirer_sdk.base import Unsupporting
from acquirer_sdk.bogus_books import Books
from acquirer_sdk.port import Ports
from acquirer_sdk.settings import read_settings
from acquirer_sdk.values import (
    Approved,
    Ask,
    AuthoriseOutcome,
    AuthoriseRequest,
    Capabilities,
    Declined,
    InDoubt,
    LateAnswer,
    NeedsInput,
    NotReady,
    NotSent,
    Ready,
    ReturnRequest,
    Reversal,
    ReversalAccepted,
    ReversalOpen,
    ReversalOutcome,
)

ALWAYS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Trigger:
    """What one ending of the amount does. outcome None means approved."""

    text: str
    outcome: AuthoriseOutcome | None = None
    charged: bool = False
    late: bool = False
    unanswered: int = 0


_SILENCE: Final = InDoubt("no-answer")

TRIGGERS: Final[Mapping[int, Trigger]] = {
    10: Trigger("approved for half the amount", charged=True),
    1: Trigger("call the company first", NeedsInput(Ask.MORE, "01")),
    2: Trigger("call the company first", NeedsInput(Ask.MORE, "02")),
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
    901: Trigger("charged, never answered", _SILENCE, charged=True),
    902: Trigger("neither charged nor answered", _SILENCE),
    903: Trigger("charged, answered too late", _SILENCE, charged=True, late=True),
    910: Trigger("line cut before the answer", InDoubt("connection-lost")),
    911: Trigger("charged, line cut before the answer", InDoubt("connection-lost"), charged=True),
    918: Trigger("a code that nobody knows", InDoubt("unknown-code"), charged=True),
    922: Trigger("charged, never answered; first reversal unanswered", _SILENCE, charged=True, unanswered=1),
    923: Trigger("charged, never answered; no reversal answered", _SILENCE, charged=True, unanswered=ALWAYS),
    926: Trigger("charged, never answered; two reversals unanswered", _SILENCE, charged=True, unanswered=2),
    990: Trigger("nothing leaves", NotSent("not-connected")),
}
"""Last three digits -> what happens. 990 is its own; all others mean what they mean to the simulator."""

_APPROVE: Final = Trigger("approved", charged=True)


@dataclass(frozen=True, slots=True)
class BogusSettings:
    """late_ms: how long after InDoubt the late answer comes."""

    late_ms: int = field(
        default=100, metadata={"help": "delay of a late answer, ms", "min": 0, "max": 3_600_000}
    )


def trigger(amount_minor: int) -> Trigger:
    """An amount in minor units -> what it provokes."""
    return TRIGGERS.get(amount_minor % 1000, _APPROVE)


def _granted(amount_minor: int) -> Approved:
    if amount_minor % 1000 == 10:
        return Approved("100010", amount_minor // 2, "10")
    return Approved("100000", amount_minor)


class Bogus(Unsupporting):
    """An acquirer for tests and for a first try. It keeps no card data: only references and amounts."""

    name = "bogus"
    capabilities = Capabilities(void=True, refund=True, partial_approval=True, return_without_card=True)

    def __init__(self, settings: BogusSettings) -> None:
        self._late_s = settings.late_ms / 1000
        self._late: Callable[[LateAnswer], None] | None = None
        self._books = Books()
        self._reversals: Counter[str] = Counter()

    async def start(self, late: Callable[[LateAnswer], None]) -> None:
        self._late = late

    async def close(self) -> None:
        self._late = None

    def ready(self) -> Ready | NotReady:
        return Ready() if self._late is not None else NotReady("not-connected")

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        facts = {"reference": request.reference, "amount_minor": request.amount_minor}
        return Reversal(request.reference, request.stan, json.dumps(facts, sort_keys=True).encode())

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        return self._asked(request, lambda minor: self._books.charge(request.reference, minor))

    async def void(self, request: ReturnRequest) -> AuthoriseOutcome:
        return self._give_back(request)

    async def refund(self, request: ReturnRequest) -> AuthoriseOutcome:
        return self._give_back(request)

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:  # noqa: ARG002
        if self._late is None:
            return NotSent("not-connected")
        self._reversals[reversal.reference] += 1
        known = self._books.undo(reversal.reference)
        if (
            self._reversals[reversal.reference]
            <= trigger(json.loads(reversal.wire)["amount_minor"]).unanswered
        ):
            return ReversalOpen("no-answer")
        return ReversalAccepted("00" if known else "25")

    def charges(self) -> Mapping[str, int]:
        """Reference -> minor units the customer is charged in the end; what an acquirer's list would say."""
        return self._books.charges()

    def _give_back(self, request: ReturnRequest) -> AuthoriseOutcome:
        refused = self._books.refusal(request) if trigger(request.amount_minor).charged else None
        if self._late is not None and refused is not None:
            return refused
        return self._asked(request, lambda minor: self._books.give_back(request, minor))

    def _asked(self, request: AuthoriseRequest, book: Callable[[int], None]) -> AuthoriseOutcome:
        if self._late is None:
            return NotSent("not-connected")
        if self._books.is_undone(request.reference):
            return Declined("05")
        asked = trigger(request.amount_minor)
        if asked.charged:
            book(_granted(request.amount_minor).amount_minor)
        if asked.late:
            self._answer_later(request)
        return asked.outcome or _granted(request.amount_minor)

    def _answer_later(self, request: AuthoriseRequest) -> None:
        answer = LateAnswer(request.reference, request.stan, _granted(request.amount_minor), "00")
        asyncio.get_running_loop().call_later(self._late_s, self._deliver, answer)

    def _deliver(self, answer: LateAnswer) -> None:
        if self._late is not None:
            self._late(answer)


def create(settings: Mapping[str, object], ports: Ports) -> Bogus:  # noqa: ARG001
    """The entry point. Raises SettingsError for a key that is unknown or wrong."""
    return Bogus(read_settings(BogusSettings, settings))
