"""Stages after silence: reverse until it is acknowledged, confirm once, and only then say cancelled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from acquirer_sdk.values import NotReady, NotSent, Reversal, ReversalAccepted, ReversalOpen
from mail_gateway.domain import decide
from mail_gateway.domain.payment import Event, Kind, State
from mail_gateway.envelope.keys import Purpose
from mail_gateway.store.answers import answer_of
from mail_gateway.store.payments import forget_reversal
from mail_gateway.store.record import claim
from mail_gateway.work.clerk import draft, enter, enter_answer, enter_surely
from mail_gateway.work.sale import LINE_RETRY_MS, QUIET_MS, reversal_ident

if TYPE_CHECKING:
    from mail_gateway.store.payments import Payment
    from mail_gateway.store.record import Entry
    from mail_gateway.work.kit import Kit


async def begin(kit: Kit, payment: Payment) -> Payment | None:
    """IN_DOUBT: the reversal is due."""
    return await enter(kit, draft(kit, payment, [Event(Kind.REVERSAL_DUE)], due_ms=kit.ports.now_ms()))


async def reverse(kit: Kit, payment: Payment) -> Payment | None:
    """REVERSING, or CONFIRMING whose wait is over: count one more transmission, send it, record what came."""
    if kit.ports.now_ms() < (payment.due_ms or 0):
        return None
    acquirer = kit.acquirers.of(payment)
    if isinstance(acquirer.ready(), NotReady):
        return await enter_surely(kit, _hold_back(kit, payment, payment.transmissions))
    claimed = await _claim(kit, payment)
    kit.acquirers.let_go(payment)
    outcome = await acquirer.reverse(ready_made(kit, claimed), transmission=claimed.transmissions)
    if isinstance(outcome, NotSent):
        return await enter_surely(kit, _hold_back(kit, claimed, payment.transmissions))
    answer = answer_of(claimed.reference, claimed.stan or 0, outcome)
    return await enter_answer(kit, _entry(kit, claimed, answer.code, outcome), answer, outcome)


async def forget(kit: Kit, payment: Payment) -> Payment | None:
    """Not charged, and quiet since long: wipe the ready-made reversal."""
    now_ms = kit.ports.now_ms()
    if payment.due_ms is not None and payment.due_ms <= now_ms:
        await kit.store.run(forget_reversal, payment.id, now_ms)
    return None


async def _claim(kit: Kit, payment: Payment) -> Payment:
    due_ms = kit.ports.now_ms() + reversal_pause_ms(kit, payment.transmissions + 1)
    await kit.store.run(claim, payment, kit.node, due_ms)
    return replace(
        payment,
        epoch=payment.epoch + 1,
        node=kit.node,
        due_ms=due_ms,
        transmissions=payment.transmissions + 1,
    )


def ready_made(kit: Kit, payment: Payment) -> Reversal:
    """The reversal that was built with the request."""
    stan = payment.stan or 0
    ident = reversal_ident(payment.reference, stan)
    wire = kit.keys.unwrap(Purpose.REVERSAL, ident, payment.reversal or b"")
    return Reversal(payment.reference, stan, wire)


def _hold_back(kit: Kit, payment: Payment, transmissions: int) -> Entry:
    """No line: nothing left, so nothing is counted; it goes as soon as there is one, before new requests."""
    kit.acquirers.hold_back(payment)
    due_ms = kit.ports.now_ms() + LINE_RETRY_MS
    return draft(kit, payment, [], due_ms=due_ms, transmissions=transmissions, alarms=_alarms(kit, payment))


def _entry(kit: Kit, payment: Payment, code: str, outcome: ReversalAccepted | ReversalOpen) -> Entry:
    now_ms = kit.ports.now_ms()
    facts: dict[str, str | int] = {"code": code, "transmission": payment.transmissions}
    if not isinstance(outcome, ReversalAccepted):
        return _still_open(kit, payment, Event(Kind.SILENCE, facts))
    if payment.state is State.CONFIRMING:
        event, due_ms = Event(Kind.CONFIRMED_AGAIN, facts), now_ms + QUIET_MS
    else:
        event, due_ms = Event(Kind.REVERSAL_ACKED, facts), now_ms + kit.settings.host_message_life_s * 1000
    return draft(kit, payment, [event], due_ms=due_ms)


def _still_open(kit: Kit, payment: Payment, silence: Event) -> Entry:
    due_ms = kit.ports.now_ms() + reversal_pause_ms(kit, payment.transmissions)
    return draft(kit, payment, [silence], due_ms=due_ms, alarms=_alarms(kit, payment))


def _alarms(kit: Kit, payment: Payment) -> int:
    """How often a person has been told that this reversal is open; one more time when it is time."""
    now_ms = kit.ports.now_ms()
    level = decide.alarm_level(now_ms - (payment.doubt_ms or now_ms))
    if level > payment.alarms:
        kit.ports.tell("alarm.reversal-open", payment=payment.id, transmissions=payment.transmissions)
    return max(level, payment.alarms)


def reversal_pause_ms(kit: Kit, transmissions: int) -> int:
    """The pause after that many transmissions, ms."""
    settings = kit.settings
    return decide.pause_ms(transmissions, settings.reversal_first_s, settings.reversal_max_s)
