"""The runner: one payment moves by at most one task, as far as its table lets it go now."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from acquirer_sdk.values import NotCollected
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.payment import NOT_CHARGED, Event, Kind, State, Trade
from mail_gateway.store import payments
from mail_gateway.store.notes import Note, Said
from mail_gateway.store.record import Stale
from mail_gateway.work import buying, giving_back, inquiry, reversal, sale, taking, uncollected
from mail_gateway.work.apart import set_apart
from mail_gateway.work.clerk import Overtaken, enter_surely
from mail_gateway.work.late import judge, late, resume
from mail_gateway.work.said import as_said
from mail_gateway.work.switch import GONE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from acquirer_sdk.values import LateAnswer
    from mail_gateway.store.payments import Payment
    from mail_gateway.work.kit import Kit

    Stage = Callable[[Kit, Payment], Awaitable[Payment | None]]

T = TypeVar("T")

BESIDE_MAX: Final = 512
"""Payments in work beside those that are at the acquirer; the others wait their turn."""

STUMBLES_MAX: Final = 3
RETRY_MS: Final = 5000
STOP_GRACE_S: Final = 5
_BEFORE_DISPATCH: Final = frozenset({State.RECEIVED, State.HELD, State.READY, State.MORE_WANTED})
_TRIED_AGAIN: Final = _BEFORE_DISPATCH | {State.AUTHORISED}

STAGES: Final[dict[State, Stage]] = {
    State.RECEIVED: taking.take,
    State.READY: taking.take,
    State.DISPATCHED: inquiry.left_behind,
    State.MORE_WANTED: sale.lapse,
    State.IN_DOUBT: reversal.begin,
    State.REVERSING: reversal.reverse,
    State.CONFIRMING: reversal.reverse,
    State.APPROVED: giving_back.take_order,
    **dict.fromkeys(NOT_CHARGED, reversal.forget),
}
"""Where a payment stands -> what is done with it. A state that is not here waits for the outside."""


def stage_of(payment: Payment) -> Stage | None:
    """What is done with it now; a payment set apart only what somebody has said."""
    if payment.shunted:
        return as_said
    own = buying.STAGES.get(payment.state) if payment.order_id is not None else None
    return own or STAGES.get(payment.state)


class Runner:
    """due: told whenever a payment will have to be looked at again, with the moment in unix ms."""

    def __init__(self, kit: Kit, due: Callable[[int], None]) -> None:
        self._kit = kit
        self._due = due
        self._tasks: dict[object, asyncio.Task[Any]] = {}
        self._again: set[int] = set()
        self._room = asyncio.Semaphore(kit.settings.requests_max + BESIDE_MAX)
        self._stopping = False

    def wake(self, payment_id: int, payment: Payment | None = None) -> None:
        """Work on that payment soon; if it is being worked on, look at it once more afterwards.

        payment: as it was just written, else it is asked for.
        """
        if payment_id in self._tasks:
            self._again.add(payment_id)
        elif not self._stopping:
            self._start(payment_id, self._work(payment_id, payment))

    def reborn(self, node: int) -> None:
        """From now on payments are moved as that node."""
        self._kit = replace(self._kit, node=node)

    async def begin(self) -> None:
        """Judge what an earlier life kept and could not judge any more; say whose acquirer is gone."""
        for name, count in (await self._kit.store.read(payments.open_at)).items():
            if name and name not in self._kit.acquirers.names:
                self._kit.ports.tell(f"alarm.{GONE}", acquirer=name, count=count)
        for payment_id in await resume(self._kit):
            self.wake(payment_id)

    def late(self, answer: LateAnswer, acquirer: str = "") -> asyncio.Task[bool]:
        """Given to the acquirers: an answer nobody waits for, and whose it is. Kept, whatever it is; what was
        not collected, only as soon as it can be judged. See acquirer_sdk/port.py:Late."""
        if isinstance(answer.outcome, NotCollected):
            booked = self._insist(answer, lambda: uncollected.book(self._kit, answer, acquirer))
            return self._start(object(), booked)
        return self._start(object(), self._late(answer, acquirer))

    async def drain(self, grace_s: int = STOP_GRACE_S) -> None:
        """Start nothing more and wait for what is under way, at most that long."""
        self._stopping = True
        loop = asyncio.get_running_loop()
        until_s = loop.time() + grace_s
        while self._tasks and loop.time() < until_s:  # an answer that was overtaken begins one more
            await asyncio.wait(list(self._tasks.values()), timeout=until_s - loop.time())

    async def advance(self, payment_id: int, payment: Payment | None = None) -> None:
        """Move one payment as far as it goes now. What fails is retried, or shunted to a person."""
        try:
            await self._walk(payment or await self._kit.store.read(payments.load, payment_id))
        except Stale:
            self._again.add(payment_id)
        except Overtaken as overtaken:
            self.late(overtaken.answer)
        except GatewayError as error:
            await self._failed(payment_id, error)
        except Exception as error:  # noqa: BLE001 -- a stage calls adapters and templates that others write
            await self._stumbled(payment_id, error)

    async def _work(self, payment_id: int, payment: Payment | None) -> None:
        async with self._room:
            await self.advance(payment_id, payment)

    async def _walk(self, payment: Payment | None) -> None:
        while payment is not None:
            stage = stage_of(payment)
            moved = await stage(self._kit, payment) if stage is not None else None
            if moved is not None and moved.id != payment.id:  # a new one: it gets a task of its own
                self.wake(moved.id, moved)
                return
            self._look_later(moved or payment)
            if moved is not None and moved.kind is Trade.CAPTURE and moved.original is not None:
                self.wake(moved.original)
            payment = moved if moved is not None and self._is_due(moved) else None

    def _is_due(self, payment: Payment) -> bool:
        return payment.due_ms is not None and payment.due_ms <= self._kit.ports.now_ms()

    def _look_later(self, payment: Payment) -> None:
        if payment.due_ms is not None:
            self._due(payment.due_ms)

    async def _failed(self, payment_id: int, error: GatewayError) -> None:
        if error.disposition is not Disposition.RETRY:
            await self._stumbled(payment_id, error)
            return
        self._kit.ports.tell("payment.retry", payment=payment_id, slug=error.slug)
        self._wake_later(payment_id)

    def _wake_later(self, payment_id: int) -> None:
        asyncio.get_running_loop().call_later(RETRY_MS / 1000, self.wake, payment_id)

    async def _stumbled(self, payment_id: int, error: Exception) -> None:
        """Before dispatch: again, the third time to a person. After it: in doubt, told if possible."""
        tell = self._kit.ports.tell
        tell("alarm.stumbled", payment=payment_id, error=type(error).__name__)
        for told in (True, False):
            try:
                await self._settle_stumble(payment_id, told=told)
                return
            except Exception as again:  # noqa: BLE001 -- the letter's template may be what is broken
                tell("alarm.stumbled", payment=payment_id, error=type(again).__name__)
        self._wake_later(payment_id)

    async def _settle_stumble(self, payment_id: int, *, told: bool) -> None:
        payment = await self._kit.store.read(payments.load, payment_id)
        now_ms = self._kit.ports.now_ms()
        if payment is None or payment.shunted:  # what a person said of it stays due, and is tried again
            return
        if payment.state is State.DISPATCHED:
            silence = Event(Kind.SILENCE, {"reason": "internal"})
            await enter_surely(self._kit, sale.doubt(self._kit, payment, silence, told=told))
            self._again.add(payment_id)
        elif payment.state in _TRIED_AGAIN:
            if payment.failures + 1 >= STUMBLES_MAX and payment.state in _BEFORE_DISPATCH:
                changes = taking.of_return(self._kit, payment) if told else {}
                changes["failures"] = payment.failures + 1
                await set_apart(self._kit, payment, Note(Said.STUMBLED), changes, told=told)
                return
            await self._kit.store.run(payments.stumble, payment, now_ms + RETRY_MS)
            self._due(now_ms + RETRY_MS)
        else:
            self._look_later(payment)

    async def _late(self, answer: LateAnswer, acquirer: str) -> bool:
        kept = await self._insist(answer, lambda: late(self._kit, answer, acquirer))
        if kept is not None:
            if not kept.judged:
                await self._insist(answer, lambda: judge(self._kit, kept.payment_id, answer))
            self.wake(kept.payment_id)
        return True

    async def _insist(self, answer: LateAnswer, step: Callable[[], Awaitable[T]]) -> T:
        """One step of what may not be left out; again for as long as it fails."""
        pause_s = 1
        while True:
            try:
                return await step()
            except Stale:
                continue
            except Exception as error:  # noqa: BLE001 -- an answer is never dropped, whatever fails
                self._kit.ports.tell(
                    "alarm.answer-not-stored", reference=answer.reference, error=type(error).__name__
                )
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 60)

    def _start(self, name: object, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._done(name))
        return task

    def _done(self, name: object) -> None:
        del self._tasks[name]
        if isinstance(name, int) and name in self._again:
            self._again.discard(name)
            self.wake(name)
