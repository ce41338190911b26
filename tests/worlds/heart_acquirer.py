"""An acquirer with bad habits that counts what it charges, and a loop on which time is virtual."""

from __future__ import annotations

import asyncio
import random
from asyncio import base_events
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from acquirer_sdk.values import (
    Approved,
    AuthoriseOutcome,
    AuthoriseRequest,
    Capabilities,
    Declined,
    InDoubt,
    LateAnswer,
    NotReady,
    NotSent,
    Ready,
    ReturnRequest,
    Reversal,
    ReversalAccepted,
    ReversalOpen,
    ReversalOutcome,
)

CARD = "4111111111111111=27122010000012345678"


class VirtualLoop(base_events.BaseEventLoop):
    """Waiting costs nothing: time jumps to the next timer. A seed shuffles what is ready at once."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self._now_s = 0.0
        self._random = random.Random(seed)
        self._selector = self

    def time(self) -> float:
        return self._now_s

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("nothing left to wait for")
        self._now_s += max(timeout, 0)
        return []

    def _process_events(self, _: Any) -> None:
        ready = list(self._ready)
        self._random.shuffle(ready)
        self._ready.clear()
        self._ready.extend(ready)

    def _write_to_self(self) -> None:
        return None


@contextmanager
def virtual_loop(seed: int = 0) -> Iterator[VirtualLoop]:
    loop = VirtualLoop(seed)
    try:
        yield loop
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


@dataclass
class Habits:
    """Of an acquirer: each a chance in percent."""

    lose_request: int = 0
    delay_request: int = 0
    lose_answer: int = 0
    late_answer: int = 0
    lose_reversal: int = 0
    not_sent: int = 0
    not_ready: int = 0
    decline: int = 0
    forgets_early_reversals: bool = False
    timeout_s: int = 30


@dataclass
class CountingAcquirer:
    """Lives as long as the world, longer than any gateway. charged: reference -> minor units net, less than
    zero for a return. It gives back whatever it is asked for: to know better is the gateway's part here."""

    habits: Habits
    random: random.Random
    name: str = "counting"
    track2: str = CARD
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(void=True, refund=True, return_without_card=True)
    )
    returns: dict[str, ReturnRequest] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    charges: dict[str, list[int]] = field(default_factory=dict)
    reversed: set[str] = field(default_factory=set)
    transmissions: dict[str, list[int]] = field(default_factory=dict)
    stans: list[int] = field(default_factory=list)
    gate: asyncio.Event | None = None
    late: Callable[[LateAnswer], None] | None = None
    script: Callable[[AuthoriseRequest], Awaitable[AuthoriseOutcome]] | None = None

    async def start(self, late: Callable[[LateAnswer], None]) -> None:
        self.late = late

    async def close(self) -> None:
        self.late = None

    def ready(self) -> Ready | NotReady:
        return NotReady("not-connected") if self._hit(self.habits.not_ready) else Ready()

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        return Reversal(request.reference, request.stan, f"0420 {request.reference} {request.stan}".encode())

    async def void(self, request: ReturnRequest) -> AuthoriseOutcome:
        return await self._ask(request)

    async def refund(self, request: ReturnRequest) -> AuthoriseOutcome:
        return await self._ask(request)

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        assert request.card.track2 == self.track2
        return await self._ask(request)

    async def _ask(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        if isinstance(request, ReturnRequest):
            self.returns[request.reference] = request
        if self._hit(self.habits.not_sent):
            return NotSent("refused")
        self.requests[request.reference] = self.requests.get(request.reference, 0) + 1
        self.stans.append(request.stan)
        if self.script is not None:
            return await self.script(request)
        if self._hit(self.habits.lose_request):
            await asyncio.sleep(self.habits.timeout_s)
            return InDoubt("no-answer")
        if self._hit(self.habits.delay_request):
            asyncio.get_running_loop().call_later(self.random.randint(1, 100), self._arrive_late, request)
            await asyncio.sleep(self.habits.timeout_s)
            return InDoubt("no-answer")
        await asyncio.sleep(self.random.randint(1, 2000) / 1000)
        answer = self._decide(request)
        if self._hit(self.habits.lose_answer):
            await asyncio.sleep(self.habits.timeout_s)
            return InDoubt("no-answer")
        if self._hit(self.habits.late_answer):
            asyncio.get_running_loop().call_later(
                self.habits.timeout_s + self.random.randint(1, 60), self._deliver, request, answer
            )
            await asyncio.sleep(self.habits.timeout_s)
            return InDoubt("no-answer")
        return answer

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        assert reversal.wire == f"0420 {reversal.reference} {reversal.stan}".encode()
        if self._hit(self.habits.not_sent):
            return NotSent("not-connected")
        self.transmissions.setdefault(reversal.reference, []).append(transmission)
        await asyncio.sleep(0.05)
        if self._hit(self.habits.lose_reversal):
            await asyncio.sleep(self.habits.timeout_s)
            return ReversalOpen("no-answer")
        self.reversed.add(reversal.reference)
        known = bool(self.charges.get(reversal.reference))
        self.charges[reversal.reference] = []
        if self._hit(self.habits.lose_reversal):
            await asyncio.sleep(self.habits.timeout_s)
            return ReversalOpen("no-answer")
        return ReversalAccepted("00" if known else "25")

    def _decide(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        if self._hit(self.habits.decline):
            return Declined("51")
        if request.reference in self.reversed and not self.habits.forgets_early_reversals:
            return Declined("94")
        way = -1 if isinstance(request, ReturnRequest) else 1
        self.charge(request.reference, way * request.amount_minor)
        return Approved("123456", request.amount_minor)

    def _arrive_late(self, request: AuthoriseRequest) -> None:
        self._deliver(request, self._decide(request))

    def charge(self, reference: str, amount_minor: int) -> None:
        self.charges.setdefault(reference, []).append(amount_minor)

    def net(self, reference: str) -> int:
        return sum(self.charges.get(reference, []))

    def _deliver(self, request: AuthoriseRequest, answer: AuthoriseOutcome) -> None:
        if self.late is not None:
            self.late(LateAnswer(request.reference, request.stan, answer, getattr(answer, "code", "")))

    def _hit(self, percent: int) -> bool:
        return self.random.randrange(100) < percent
