"""Answers that nobody waited for: late, doubled, contradictory. Each is kept; an approval may act."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acquirer_sdk.values import Approved, LateAnswer
from mail_gateway.domain import decide
from mail_gateway.domain.payment import OPEN_AT_ACQUIRER, Event, Kind, State
from mail_gateway.store import want_answers, wants
from mail_gateway.store.answers import keep, late_answer_of, unjudged
from mail_gateway.store.payments import load
from mail_gateway.work.clerk import draft, enter, with_answer
from mail_gateway.work.reversal import reversal_pause_ms

if TYPE_CHECKING:
    from mail_gateway.store.answers import Answer
    from mail_gateway.store.payments import Payment
    from mail_gateway.store.record import Entry
    from mail_gateway.work.kit import Kit

LOOK_S: Final = 0.2


class Kept(NamedTuple):
    """judged: False where that has to wait until the answer that is waited for is on record."""

    payment_id: int
    judged: bool


async def late(kit: Kit, answer: LateAnswer, acquirer: str = "") -> Kept | None:
    """An answer nobody waited for: kept always; an approval moves its payment. -> the payment to look at.

    acquirer: whose answer it is, where that is known; of one that was never asked it matches nothing.

    Raises Stale, GatewayError: nothing was kept.
    """
    row = late_answer_of(answer)
    payment = await kit.store.read(load, int(answer.reference)) if answer.reference.isdecimal() else None
    if payment is None or (acquirer and not kit.acquirers.is_asked(acquirer, payment)):
        await kit.store.run(keep, row, None, kit.ports.now_ms())
        kit.ports.tell("alarm.answer-unmatched", reference=answer.reference, stan=answer.stan)
        return None
    if await _is_older(kit, payment, answer, row):
        return Kept(payment.id, judged=True)
    if payment.state is not State.DISPATCHED:
        return Kept(await _judge(kit, payment, answer, row), judged=True)
    await kit.store.run(keep, row, payment.id, kit.ports.now_ms())
    return Kept(payment.id, judged=False)


async def _is_older(kit: Kit, payment: Payment, answer: LateAnswer, row: Answer) -> bool:
    """A yes to an attempt that was answered with a question, and is over: that attempt alone is reversed."""
    if answer.stan == payment.stan or not isinstance(answer.outcome, Approved):
        return False
    want = await kit.store.read(wants.attempt, payment.id, answer.stan)
    if want is None:
        return False
    if want.doubt_ms is not None:
        await kit.store.run(keep, row, payment.id, kit.ports.now_ms())
    else:
        await kit.store.run(want_answers.contradicted, want, row, kit.ports.now_ms())
    kit.ports.tell("alarm.late-approval", payment=payment.id, code=answer.code)
    return True


async def judge(kit: Kit, payment_id: int, answer: LateAnswer) -> int:
    """The same for one that was kept before. Raises Stale, GatewayError: then once more."""
    payment = await kit.store.read(load, payment_id)
    if payment is not None:
        await _judge(kit, await _answered(kit, payment), answer, None)
    return payment_id


async def resume(kit: Kit) -> list[int]:
    """Approvals that an earlier life kept and died before it could judge them. -> the payments to look at."""
    moved = []
    for row in await kit.store.read(unjudged):
        payment = await kit.store.read(load, row.payment)
        if payment is not None:
            approved = Approved(row.approval_number, row.amount_minor, row.code)
            answer = LateAnswer(payment.reference, row.stan, approved, row.code)
            moved.append(await _judge(kit, payment, answer, None))
    return moved


async def _judge(kit: Kit, payment: Payment, answer: LateAnswer, new: Answer | None) -> int:
    """new: the row that keeps the answer, None if it is kept already."""
    verdict = decide.late(answer, payment.state, payment.approval_number)
    if payment.attempts > 1 and answer.stan != payment.stan:  # of an attempt that is over
        verdict = decide.LateVerdict(None, verdict.alarm)
    if verdict.kind is not None and payment.reversal is not None:
        await enter(kit, _entry(kit, payment, verdict.kind, new))
    elif new is not None:
        await kit.store.run(keep, new, payment.id, kit.ports.now_ms())
    if verdict.alarm:
        kit.ports.tell(f"alarm.{verdict.alarm}", payment=payment.id, code=answer.code)
    return payment.id


async def _answered(kit: Kit, payment: Payment) -> Payment:
    """The payment once the answer that is waited for is on record: only then is a second one judged."""
    found: Payment | None = payment
    while found is not None and found.state is State.DISPATCHED:
        payment = found
        await asyncio.sleep(LOOK_S)
        found = await kit.store.read(load, payment.id)
    return found or payment


def _entry(kit: Kit, payment: Payment, kind: Kind, new: Answer | None) -> Entry:
    """The reversal is due: the first at once, any more at the usual pace, however often the host approves."""
    pause_ms = reversal_pause_ms(kit, payment.transmissions) if payment.transmissions else 0
    changes: dict[str, Any] = {"due_ms": kit.ports.now_ms() + pause_ms}
    if payment.state not in OPEN_AT_ACQUIRER:
        changes |= {"doubt_ms": kit.ports.now_ms(), "alarms": 0}
    entry = draft(kit, payment, [Event(kind)], **changes)
    return entry if new is None else with_answer(entry, new)
