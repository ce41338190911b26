"""What was accepted for collection and then not collected: booked once, or told to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mail_gateway.domain import decide
from mail_gateway.domain.payment import Event
from mail_gateway.store import returns
from mail_gateway.store.answers import keep, late_answer_of
from mail_gateway.store.payments import load
from mail_gateway.work.clerk import draft, enter, with_answer

if TYPE_CHECKING:
    from acquirer_sdk.values import LateAnswer
    from mail_gateway.store.payments import Payment
    from mail_gateway.work.kit import Kit


async def book(kit: Kit, answer: LateAnswer, acquirer: str) -> bool:
    """A NotCollected, and whose it is where that is known -> whether it is done with; else it is told again.

    The event, the transfers back, the letter and the answer are one commit, and so is that the order looks.
    Told again, it finds the payment unpaid. Raises Stale, GatewayError: nothing was written.
    """
    payment = await kit.store.read(load, int(answer.reference)) if answer.reference.isdecimal() else None
    if payment is None or (acquirer and not kit.acquirers.is_asked(acquirer, payment)):
        await kit.store.run(keep, late_answer_of(answer), None, kit.ports.now_ms())
        kit.ports.tell("alarm.answer-unmatched", reference=answer.reference, stan=answer.stan)
        return True
    promises = kit.acquirers.of(payment).capabilities.collects_later
    promised = promises and not payment.kind.is_return  # what is given back is not collected
    returning = await kit.store.read(returns.under_way, payment.id)
    verdict = decide.uncollected(
        payment.state, payment.returned_minor, promised=promised, returning=returning
    )
    if verdict is not None:
        await _enter(kit, payment, answer, verdict)
    return verdict is not None


async def _enter(kit: Kit, payment: Payment, answer: LateAnswer, verdict: decide.LateVerdict) -> None:
    if verdict.kind is not None:
        event = Event(verdict.kind, {"code": answer.code})
        entry = draft(kit, payment, [event], code=answer.code)
        await enter(kit, with_answer(entry, late_answer_of(answer)))
        return
    await kit.store.run(keep, late_answer_of(answer), payment.id, kit.ports.now_ms())
    if verdict.alarm:
        kit.ports.tell(f"alarm.{verdict.alarm}", payment=payment.id, code=answer.code)
