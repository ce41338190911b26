"""The bogus acquirer: no network, no host; the last three digits of the amount say what happens."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from acquirer_sdk.bogus_books import Books
from acquirer_sdk.bogus_triggers import Trigger, granted, trigger
from acquirer_sdk.limits import check_limits, within_limits
from acquirer_sdk.port import Late, Ports
from acquirer_sdk.settings import read_settings
from acquirer_sdk.values import (
    Advice,
    AdviceAccepted,
    AdviceOpen,
    AdviceOutcome,
    AdviceRefused,
    Approved,
    AuthoriseOutcome,
    AuthoriseRequest,
    Capabilities,
    CaptureRequest,
    Declined,
    Echoed,
    InDoubt,
    Item,
    LateAnswer,
    NotFound,
    NotReady,
    NotSent,
    Ready,
    Reconciled,
    ReturnRequest,
    Reversal,
    ReversalAccepted,
    ReversalOpen,
    ReversalOutcome,
    Totals,
)

_CLOSED: Final = NotSent("not-connected")
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class BogusSettings:
    """late_ms: how long after InDoubt the late answer comes; slow_ms: how long a slow one takes."""

    late_ms: int = field(
        default=100, metadata={"help": "delay of a late answer, ms", "min": 0, "max": 3_600_000}
    )
    slow_ms: int = field(
        default=2000, metadata={"help": "delay of a slow answer, ms", "min": 0, "max": 3_600_000}
    )


class Bogus:
    """An acquirer for tests and for a first try. It keeps no card data: only references and amounts.

    It forgets everything when the process ends. Its days are those of UTC.
    """

    name = "bogus"
    capabilities = Capabilities(
        capture=True,
        void=True,
        refund=True,
        advise=True,
        card_check=True,
        inquire=True,
        reconcile=True,
        echo=True,
        partial_approval=True,
        return_without_card=True,
        items_taken=tuple(Item),
    )

    def __init__(self, settings: BogusSettings) -> None:
        self._settings = settings
        self._late: Late | None = None
        self._books = Books()
        self._known: dict[str, AuthoriseOutcome] = {}
        self._told: Counter[str] = Counter()

    async def start(self, late: Late) -> None:
        self._late = late

    async def close(self) -> None:
        self._late = None

    def ready(self) -> Ready | NotReady:
        return Ready() if self._late is not None else NotReady("not-connected")

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        check_limits(request, self.capabilities)
        facts = {"reference": request.reference, "amount_minor": request.amount_minor}
        return Reversal(request.reference, request.stan, json.dumps(facts, sort_keys=True).encode())

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        if self._late is None:
            return _CLOSED
        if not within_limits(request, self.capabilities):
            return NotSent("bad-request")
        asked = trigger(request.amount_minor)
        if asked.slow:
            await asyncio.sleep(self._settings.slow_ms / 1000)
        if asked.charged:
            refused = self._booked(request)
            if refused is not None:
                return refused
        elif not isinstance(asked.outcome, InDoubt | NotSent):
            self._known[request.reference] = asked.outcome or granted(request.amount_minor)
        if asked.late:
            self._answer_later(request, asked)
        return asked.outcome or granted(request.amount_minor)

    async def capture(self, request: CaptureRequest) -> AuthoriseOutcome:
        return await self.authorise(request)

    async def void(self, request: ReturnRequest) -> AuthoriseOutcome:
        return await self.authorise(request)

    async def refund(self, request: ReturnRequest) -> AuthoriseOutcome:
        return await self.authorise(request)

    async def card_check(self, request: AuthoriseRequest) -> AuthoriseOutcome:  # noqa: ARG002
        return Approved("100000", 0) if self._late is not None else _CLOSED

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:  # noqa: ARG002
        if self._late is None:
            return _CLOSED
        amount_minor = _amount_minor(reversal)
        if amount_minor is None:
            return ReversalOpen("wire-unreadable")
        asked = trigger(amount_minor)
        if asked.refused:
            return ReversalOpen("refused-12")
        known = self._books.undo(reversal.reference)
        self._known[reversal.reference] = Declined("05")
        self._told[reversal.reference] += 1
        if self._told[reversal.reference] <= asked.unanswered:
            return ReversalOpen("no-answer")
        if asked.unforgiving:
            self._deliver_later(LateAnswer(reversal.reference, reversal.stan, granted(amount_minor), "00"))
        return ReversalAccepted("00" if known else "25")

    async def advise(self, advice: Advice, *, transmission: int) -> AdviceOutcome:  # noqa: ARG002
        if self._late is None:
            return _CLOSED
        asked = trigger(advice.original.amount_minor)
        self._told[advice.reference] += 1
        if self._told[advice.reference] <= asked.advices_unanswered:
            return AdviceOpen("no-answer")
        return AdviceRefused("12") if asked.advices_refused else AdviceAccepted("00")

    async def inquire(self, reversal: Reversal) -> AuthoriseOutcome | NotFound:
        if self._late is None:
            return _CLOSED
        return self._known.get(reversal.reference, NotFound())

    async def reconcile(self, ours: Totals) -> Reconciled | NotSent:
        if self._late is None:
            return _CLOSED
        number = (date.fromisoformat(ours.day) - _EPOCH).days
        theirs = self._books.totals(ours.day, number, ours.currency)
        return Reconciled(theirs, agrees=ours == theirs)

    async def echo(self) -> Echoed | NotSent:
        return Echoed() if self._late is not None else _CLOSED

    def charges(self) -> Mapping[str, int]:
        """Reference -> minor units the customer is charged in the end; what an acquirer's list would say."""
        return self._books.charges()

    def _booked(self, request: AuthoriseRequest) -> Declined | None:
        """Book it -> None, or why not: its reversal came first, or there is not so much to move."""
        if self._books.is_undone(request.reference):
            return Declined("05")
        refused = self._books.refusal(request)
        if refused is None:
            approval = granted(request.amount_minor)
            self._books.book(request, approval.amount_minor)
            self._known[request.reference] = approval
        return refused

    def _answer_later(self, request: AuthoriseRequest, asked: Trigger) -> None:
        outcome = granted(request.amount_minor) if asked.late == "yes" else Declined("05")
        code = "00" if asked.late == "yes" else "05"
        self._deliver_later(LateAnswer(request.reference, request.stan, outcome, code))

    def _deliver_later(self, answer: LateAnswer) -> None:
        asyncio.get_running_loop().call_later(self._settings.late_ms / 1000, self._deliver, answer)

    def _deliver(self, answer: LateAnswer) -> None:
        if self._late is not None:
            self._late(answer)


def _amount_minor(reversal: Reversal) -> int | None:
    """Of the sale that it undoes, or None where the stored bytes cannot be read."""
    try:
        return int(json.loads(reversal.wire)["amount_minor"])
    except (ValueError, KeyError, TypeError):
        return None


def create(settings: Mapping[str, object], ports: Ports) -> Bogus:  # noqa: ARG001
    """The entry point. Raises SettingsError for a key that is unknown or wrong."""
    return Bogus(read_settings(BogusSettings, settings))
