"""The acquirer behind a modern processor's HTTPS: the port of acquirer_sdk over a Talk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acquirer_sdk.port import BadRequest, Late, Ports
from acquirer_sdk.values import (
    Advice,
    AdviceOpen,
    AdviceOutcome,
    AuthoriseOutcome,
    AuthoriseRequest,
    Capabilities,
    CaptureRequest,
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
    ReversalOpen,
    ReversalOutcome,
    Totals,
)
from json_adapter import answers, build
from json_adapter.answers import Answer
from json_adapter.asked import Asked, Operation
from json_adapter.breaker import Breaker, Phase, Signal
from json_adapter.build import Call, Pins
from json_adapter.keeper import Keeper, Pace
from json_adapter.link import Link, Patience, Unsent
from json_adapter.settings import JsonSettings, Place, key_of, place_of, read_table
from json_adapter.signature import Key
from json_adapter.talk import Said, Talk
from json_adapter.wire import WireError

_REVERSALS: Final = frozenset({Operation.REVERSAL})


class JsonAcquirer:
    """One processor. Keeps no card data beyond the call."""

    name = "json"

    def __init__(self, settings: JsonSettings, place: Place, key: Key, ports: Ports) -> None:
        self.capabilities = Capabilities(
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
            items_after=tuple(Item(item) for item in settings.items_after),
            items_taken=tuple(Item),
        )
        self._ports = ports
        self._pins = Pins(ports.keys, settings.pin_key)
        self._late: Late | None = None
        patience = Patience(settings.connect_timeout_s, settings.host_timeout_s, settings.late_s)
        self._link = Link(place, patience)
        self._talk = Talk(self._link, key, place.prefix, ports)
        self._breaker = Breaker(settings.failures_max, settings.outstanding_max)
        pace = Pace(settings.echo_interval_s, settings.reconnect_first_ms, settings.reconnect_max_ms)
        self._keeper = Keeper(self._talk, self._breaker, pace, ports)

    async def start(self, late: Late) -> None:
        self._late = late
        if self._breaker.phase is not Phase.CLOSED:
            return
        self._breaker.signal(Signal.START)
        self._link.open()
        self._keeper.start()

    async def close(self) -> None:
        self._breaker.signal(Signal.CLOSE)
        await self._keeper.close()
        await self._link.close()

    def ready(self) -> Ready | NotReady:
        return self._breaker.ready()

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        """See the port. Writes the request too: what cannot be said is refused before dispatch."""
        build.asking(build.operation_of(request), request, self._pins)
        return Reversal(request.reference, request.stan, build.undoing(request).body)

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        return await self._decide(build.operation_of(request), request)

    async def capture(self, request: CaptureRequest) -> AuthoriseOutcome:
        return await self._decide(Operation.CAPTURE, request)

    async def void(self, request: ReturnRequest) -> AuthoriseOutcome:
        return await self._decide(Operation.VOID, request)

    async def refund(self, request: ReturnRequest) -> AuthoriseOutcome:
        return await self._decide(Operation.REFUND, request)

    async def card_check(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        return await self._decide(Operation.CARD_CHECK, request)

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        try:
            call = build.stored(Operation.REVERSAL, reversal, transmission)
        except WireError:
            self._ports.tell("alarm.reversal-unreadable", reference=reversal.reference)
            return ReversalOpen("wire-unreadable")
        said = await self._say(call)
        if isinstance(said, Answer) and call.asked is not None:
            return answers.reversal(said, call.asked)
        return NotSent(said.reason) if isinstance(said, Unsent) else ReversalOpen(_reason(said))

    async def advise(self, advice: Advice, *, transmission: int) -> AdviceOutcome:
        try:
            call = build.advising(advice, transmission)
        except BadRequest as error:
            return NotSent(error.slug)
        said = await self._say(call)
        if isinstance(said, Answer) and call.asked is not None:
            return answers.advice(said, call.asked)
        return NotSent(said.reason) if isinstance(said, Unsent) else AdviceOpen(_reason(said))

    async def inquire(self, reversal: Reversal) -> AuthoriseOutcome | NotFound:
        try:
            call = build.stored(Operation.INQUIRY, reversal)
        except WireError:
            return InDoubt("wire-unreadable")
        said = await self._say(call)
        if isinstance(said, Answer) and call.asked is not None:
            return answers.inquiry(said, call.asked)
        return _unanswered(said)

    async def reconcile(self, ours: Totals) -> Reconciled | InDoubt | NotSent:
        said = await self._say(build.reconciling(ours))
        return answers.totals(said, ours) if isinstance(said, Answer) else _unanswered(said)

    async def echo(self) -> Echoed | InDoubt | NotSent:
        said = await self._keeper.echo()
        if isinstance(said, Answer):
            return Echoed() if answers.is_echo(said) else InDoubt(f"status-{said.status}")
        return _unanswered(said)

    async def _decide(self, operation: Operation, request: AuthoriseRequest) -> AuthoriseOutcome:
        try:
            call = build.asking(operation, request, self._pins)
        except BadRequest as error:
            return NotSent(error.slug)
        said = await self._say(call)
        if isinstance(said, Answer) and call.asked is not None:
            return answers.decision(said, call.asked)
        return _unanswered(said)

    async def _say(self, call: Call) -> Said:
        room = "reversal" if call.operation in _REVERSALS else "request"
        refused = self._breaker.begin(room)
        if refused is not None:
            return Unsent(refused)
        answered = False
        try:
            said = await self._talk.say(call, self._came_late)
            answered = isinstance(said, Answer)
            return said
        finally:
            self._keeper.moved(self._breaker.end(room, answered=answered))
            if not answered:
                self._keeper.wake()

    def _came_late(self, call: Call, answer: Answer) -> None:
        asked = call.asked
        if asked is None or self._late is None:
            return
        outcome = _late_outcome(call.operation, answer, asked)
        self._ports.tell("line.late", operation=call.operation.value, reference=asked.reference)
        self._late(LateAnswer(asked.reference, asked.stan, outcome, getattr(outcome, "code", "")))


def create(settings: Mapping[str, object], ports: Ports) -> JsonAcquirer:
    """The entry point. Raises SettingsError, and what ports.refer raises."""
    read = read_table(settings)
    return JsonAcquirer(read, place_of(read, ports), key_of(read, ports), ports)


def _late_outcome(
    operation: Operation, answer: Answer, asked: Asked
) -> AuthoriseOutcome | ReversalOutcome | None:
    """What a late answer says about money. An advice or an inquiry is simply asked again."""
    if operation is Operation.REVERSAL:
        return answers.reversal(answer, asked)
    if operation in (Operation.ADVICE, Operation.INQUIRY, Operation.CARD_CHECK):
        return None
    return answers.decision(answer, asked)


def _unanswered(said: Said) -> InDoubt | NotSent:
    return NotSent(said.reason) if isinstance(said, Unsent) else InDoubt(_reason(said))


def _reason(said: Said) -> str:
    return "" if isinstance(said, Answer) else said.reason
