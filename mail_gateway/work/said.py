"""What a person said about a payment set apart is done, through the payment's own table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.ksn import counter_of
from mail_gateway.domain.payment import TRANSITIONS, Event, Kind, State, Trade
from mail_gateway.domain.reconcile import Booked
from mail_gateway.store import notes, returns
from mail_gateway.store.notes import Note, Said
from mail_gateway.store.record import KeyUsed
from mail_gateway.work.apart import set_apart
from mail_gateway.work.clerk import draft, enter, enter_surely
from mail_gateway.work.sale import QUIET_MS, doubt

if TYPE_CHECKING:
    from mail_gateway.store.payments import Payment
    from mail_gateway.work.kit import Kit

_BACK: Final[dict[str, Any]] = {"shunted": 0, "failures": 0}


async def as_said(kit: Kit, payment: Payment) -> Payment | None:
    """A payment set apart is due only where somebody has said what to do with it."""
    if payment.due_ms is None or payment.due_ms > kit.ports.now_ms():
        return None
    note = await kit.store.read(notes.newest, payment.id) or Note(Said.TOLD)
    if note.kind is Said.RECOVERING:
        return await _tell_unclear(kit, payment, note)
    if note.kind is Said.DROP and Kind.DROPPED in TRANSITIONS.get(payment.state, {}):
        return await _end(kit, payment, Event(Kind.DROPPED, {"reason": note.text}), {"code": "dropped"})
    if note.kind is Said.CHARGED and Kind.FOUND_CHARGED in TRANSITIONS.get(payment.state, {}):
        return await _charged(kit, payment, note)
    if note.kind is Said.UNCHARGED:
        return await _uncharged(kit, payment)
    return await _rest(kit, payment)


async def _tell_unclear(kit: Kit, payment: Payment, note: Note) -> Payment | None:
    told = await set_apart(kit, payment, note)
    await kit.store.run(notes.add, payment.id, kit.ports.now_ms(), Note(Said.TOLD))
    return told


async def _charged(kit: Kit, payment: Payment, note: Note) -> Payment | None:
    """The acquirer's list shows it charged, or given back: it stays, and the merchant reads what is true."""
    facts = {name: note.facts[name] for name in ("amount_minor", "currency", "approval_number")}
    event = Event(Kind.FOUND_CHARGED, {**facts, "reference": str(note.facts["reference"])})
    changes = {**facts, "code": "", "acquirer": payment.acquirer or note.facts.get("acquirer", "")}
    if not payment.amount_minor and note.facts.get("state") == Booked.RETURNED:
        changes["kind"] = Trade.REFUND  # of which sale, nobody can know: it was never opened
    epoch = 0
    if payment.original is not None and payment.kind.is_return and not payment.returned_minor:
        sale = await kit.store.read(returns.sold, payment.original)
        assert sale is not None, "payments are never deleted"
        epoch, changes["returned_minor"] = sale.epoch, min(payment.amount_minor, sale.left_minor)
    if payment.counter is not None or payment.order_id is not None:
        return await _end(kit, payment, event, changes, sale_epoch=epoch)
    try:
        return await _end(kit, payment, event, {**changes, "counter": counter_of(payment.ksn)})
    except KeyUsed:
        return await _end(kit, payment, event, changes)


async def _uncharged(kit: Kit, payment: Payment) -> Payment | None:
    """The acquirer's list does not show it: nobody paid. What may have been sent is reversed all the same."""
    if payment.state is State.DISPATCHED:
        silence = Event(Kind.SILENCE, {"reason": "not-in-list"})
        return await enter_surely(kit, doubt(kit, payment, silence, **_BACK))
    if payment.state is State.HELD:  # nobody was asked for it yet: it goes on waiting for its customer
        return await enter(kit, draft(kit, payment, [], **_BACK, due_ms=kit.ports.now_ms()))
    if Kind.FOUND_UNCHARGED not in TRANSITIONS.get(payment.state, {}):
        return await _rest(kit, payment)
    return await _end(kit, payment, Event(Kind.FOUND_UNCHARGED), {"code": "not-in-list"})


async def _end(
    kit: Kit, payment: Payment, event: Event, changes: dict[str, Any], *, sale_epoch: int = 0
) -> Payment:
    if TRANSITIONS[payment.state][event.kind] is State.DECLINED:
        changes["due_ms"] = kit.ports.now_ms() + QUIET_MS
    return await enter(kit, replace(draft(kit, payment, [event], **_BACK, **changes), sale_epoch=sale_epoch))


async def _rest(kit: Kit, payment: Payment) -> Payment:
    """Nothing is left to do."""
    return await enter(kit, draft(kit, payment, [], due_ms=None))
