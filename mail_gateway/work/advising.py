"""What becomes of wants with time: a reminder, the lapse, the advice to the acquirer until it is taken."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from acquirer_sdk.values import (
    Advice,
    AdviceAccepted,
    AdviceRefused,
    NotSent,
    Original,
    Reversal,
    ReversalAccepted,
    Unsupported,
)
from mail_gateway.domain import decide
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.wants import LAPSED, Phase, WantState
from mail_gateway.envelope.keys import Purpose
from mail_gateway.store import want_answers, wants
from mail_gateway.store.answers import Answer
from mail_gateway.store.payments import load
from mail_gateway.store.sheet import Stale
from mail_gateway.store.want_answers import Post
from mail_gateway.waker import Waker
from mail_gateway.work import asking
from mail_gateway.work.reversal import reversal_pause_ms
from mail_gateway.work.sale import LINE_RETRY_MS, reversal_ident
from mail_gateway.work.wants import forwarded

if TYPE_CHECKING:
    from collections.abc import Callable

    from acquirer_sdk.values import AdviceOutcome, ReversalOutcome
    from mail_gateway.domain.wants import Want
    from mail_gateway.store.payments import Payment
    from mail_gateway.work.kit import Kit

    Said = AdviceOutcome | ReversalOutcome | Unsupported

BATCH: Final = 32
LOOK_AGAIN_MS: Final = 60_000
GUARD_MS: Final = 5 * 60_000
"""Who claimed one and died: somebody else looks after so long."""

REFERENCE_BASE: Final = 9 * 10**11
"""An advice has a reference of its own (DE37); payments count from 1."""


def reference_of(want: Want) -> str:
    """12 digits: the advice's own number (ISO 8583 DE37)."""
    return f"{REFERENCE_BASE + want.id:012d}"


class Advising:
    """Looks at every want that is due. holds: whether this process may ask the acquirer."""

    def __init__(self, kit: Kit, holds: Callable[[], bool] = lambda: True) -> None:
        self._kit = kit
        self._holds = holds
        self._sooner = Waker()

    def wake(self) -> None:
        """Something is due now."""
        self._sooner.wake()

    async def run(self) -> None:
        """Do what is due, sleep until the next is; until cancelled."""
        while True:
            self._sooner.clear()
            pause_ms = LOOK_AGAIN_MS
            if self._holds():
                try:
                    pause_ms = await self.look()
                except GatewayError as error:
                    self._kit.ports.tell("wants.failed", slug=error.slug)
            await self._sooner.sleep(max(pause_ms, 1) / 1000)

    async def look(self) -> int:
        """Do what is due now; -> how long nothing is, ms. Raises GatewayError."""
        store, now_ms = self._kit.store, self._kit.ports.now_ms()
        found = await store.read(wants.due, now_ms, BATCH)
        await asyncio.gather(*(self._one(want) for want in found))
        if len(found) == BATCH:
            return 0
        next_ms = await store.read(wants.next_due_ms, now_ms)
        return LOOK_AGAIN_MS if next_ms is None else min(next_ms - self._kit.ports.now_ms(), LOOK_AGAIN_MS)

    async def _one(self, want: Want) -> None:
        try:
            payment = await self._kit.store.read(load, want.payment)
            assert payment is not None, "payments are never deleted"
            if want.phase is Phase.BEFORE:
                await _take_back(self._kit, payment, want)
            elif want.state is WantState.ASKED:
                await _wait(self._kit, payment, want)
            else:
                await _advise(self._kit, payment, want)
        except Stale:
            return  # somebody else has changed it
        except Exception as error:  # noqa: BLE001 -- it asks adapters that others write; it is looked at again
            self._kit.ports.tell("alarm.want-stumbled", want=want.id, error=type(error).__name__)


async def _wait(kit: Kit, payment: Payment, want: Want) -> None:
    """Nobody has answered: remind once, then let it lapse. The sale stays approved."""
    now_ms = kit.ports.now_ms()
    if now_ms >= want.until_ms:
        await kit.store.run(
            wants.change, want, {"state": WantState.LAPSED.value, "code": LAPSED, "due_ms": None}
        )
        kit.ports.tell("want.lapsed", payment=payment.id, want=want.id)
        return
    notice = asking.reminder(kit, payment, want)
    post = Post(payment.merchant, notice.kind, kit.notices.compose(notice, now_ms), now_ms)
    await kit.store.run(want_answers.remind, want, post)
    kit.ports.tell("want.reminded", payment=payment.id, want=want.id)
    kit.letter_queued()


async def _advise(kit: Kit, payment: Payment, want: Want) -> None:
    """Count one more transmission, send it, record what came."""
    if not await _has_line(kit, payment, want):
        return
    items = forwarded(kit, payment, want)
    if not items:
        await kit.store.run(wants.change, want, {"due_ms": None})
        return
    claimed = await _claim(kit, want)
    advice = Advice(
        reference=reference_of(want),
        stan=claimed.stan or 0,
        terminal_id=payment.terminal_id,
        merchant_id=payment.merchant_id,
        currency=payment.currency,
        time_s=claimed.doubt_ms // 1000 if claimed.doubt_ms else 0,
        original=_original(payment),
        items=items,
    )
    outcome = await kit.acquirers.of(payment).advise(advice, transmission=claimed.transmissions)
    await _record(kit, want, claimed, (advice.reference, outcome))


def _original(payment: Payment) -> Original:
    return Original(
        reference=payment.reference,
        stan=payment.stan or 0,
        amount_minor=payment.amount_minor,
        time_s=payment.keyed_s,
        approval_number=payment.approval_number,
    )


async def _take_back(kit: Kit, payment: Payment, want: Want) -> None:
    """The attempt that asked for more: quiet for long enough, its reversal is wiped. If its host has said yes
    after all, it is reversed; that yes has come, so nothing is on its way, and one acknowledgement is enough.
    """
    wrapped = await kit.store.read(wants.reversal, want.id)
    if want.doubt_ms is None or wrapped is None:
        await kit.store.run(wants.change, want, {"reversal": None, "due_ms": None})
        return
    if not await _has_line(kit, payment, want):
        return
    claimed = await _claim(kit, want)
    stan = claimed.stan or 0
    wire = kit.keys.unwrap(Purpose.REVERSAL, reversal_ident(payment.reference, stan), wrapped)
    reversal = Reversal(payment.reference, stan, wire)
    outcome = await kit.acquirers.of(payment).reverse(reversal, transmission=claimed.transmissions)
    await _record(kit, want, claimed, (payment.reference, outcome))


async def _has_line(kit: Kit, payment: Payment, want: Want) -> bool:
    """Reversals of sales go first, as before new requests."""
    if kit.acquirers.has_line(payment):
        return True
    await kit.store.run(wants.change, want, {"due_ms": kit.ports.now_ms() + LINE_RETRY_MS})
    return False


async def _claim(kit: Kit, want: Want) -> Want:
    now_ms = kit.ports.now_ms()
    stan = await kit.store.run(want_answers.claim, want, now_ms, now_ms + GUARD_MS)
    claimed = replace(want, stan=stan, epoch=want.epoch + 1, doubt_ms=want.doubt_ms or now_ms)
    return replace(claimed, transmissions=want.transmissions + 1)


async def _record(kit: Kit, before: Want, want: Want, said: tuple[str, Said]) -> None:
    """before: as it was before the claim. said: the reference asked with, and what came."""
    reference, outcome = said
    changes = _changes(kit, before, want, outcome)
    now_ms = kit.ports.now_ms()
    if isinstance(outcome, NotSent | Unsupported):
        await kit.store.run(wants.change, want, changes)
        return
    code = str(getattr(outcome, "code", "") or getattr(outcome, "reason", ""))
    answer = Answer(reference, want.stan or 0, type(outcome).__name__, code)
    await kit.store.run(want_answers.said, want, answer, now_ms, changes)
    kit.ports.tell("want.sent", payment=want.payment, want=want.id, outcome=answer.outcome, code=code)


def _changes(kit: Kit, before: Want, want: Want, outcome: Said) -> dict[str, Any]:
    now_ms = kit.ports.now_ms()
    match outcome:
        case AdviceAccepted():
            return {"state": WantState.FORWARDED.value, "due_ms": None, "doubt_ms": None}
        case ReversalAccepted():
            return {"reversal": None, "due_ms": None, "doubt_ms": None}
        case AdviceRefused(code):
            kit.ports.tell("alarm.advice-refused", payment=want.payment, want=want.id, code=code)
            return {"code": code, "due_ms": None}
        case Unsupported():
            return {"due_ms": None, "doubt_ms": None}
        case NotSent():
            left = {"transmissions": before.transmissions, "doubt_ms": before.doubt_ms}
            return {**left, "due_ms": now_ms + LINE_RETRY_MS}
    level = decide.alarm_level(now_ms - (want.doubt_ms or now_ms))
    if level > want.alarms:
        kit.ports.tell("alarm.advice-open", payment=want.payment, transmissions=want.transmissions)
    pause_ms = reversal_pause_ms(kit, want.transmissions)
    return {"due_ms": now_ms + pause_ms, "alarms": max(level, want.alarms)}
