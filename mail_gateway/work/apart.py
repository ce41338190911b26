"""Payments that no rule can move are set apart for a person, and their merchants are told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.ksn import counter_of
from mail_gateway.domain.outcome import Letter, Outcome, Telling
from mail_gateway.domain.payment import Trade
from mail_gateway.store import cancels, shunt
from mail_gateway.store.notes import Note, Said
from mail_gateway.store.record import Entry
from mail_gateway.work.told import letter

if TYPE_CHECKING:
    from mail_gateway.store.payments import Payment
    from mail_gateway.work.kit import Kit

_UNTIL_SAID: Final = {"shunted": 1, "due_ms": None}


async def set_apart(
    kit: Kit, payment: Payment, note: Note, changes: dict[str, Any] | None = None, *, told: bool = True
) -> Payment:
    """No rule can move it: off to the shunt list, with why, and the merchant is told.

    changes: columns that change with it. Raises Stale, GatewayError(retry).
    """
    now_ms = kit.ports.now_ms()
    changes = {**(changes or {}), **_UNTIL_SAID}
    queued = None
    if told and payment.order_id is None:
        changes["version"] = payment.version + 1
        changed = replace(payment, **changes)
        telling = _telling(note, changed.kind)
        if await _is_burned(kit, changed):
            telling = replace(telling, outcome=None)
        queued = letter(kit, changed, telling, now_ms)
    entry = Entry(payment, kit.node, now_ms, (), changes, queued)
    await kit.store.run(shunt.set_apart, entry, note)
    kit.ports.tell("alarm.shunted", payment=payment.id, reason=note.kind.value)
    if queued is not None:
        kit.ports.tell("letter.queued", payment=payment.id, kind=queued.kind.value, version=queued.version)
        kit.letter_queued()
    return replace(payment, **changes, epoch=payment.epoch + 1, node=kit.node)


async def _is_burned(kit: Kit, payment: Payment) -> bool:
    """Whether its key has sealed already that it is cancelled; of one that was never opened."""
    counter = counter_of(payment.ksn)  # as its mail says
    return payment.counter is None and await kit.store.read(cancels.is_burned, payment.reader, counter)


def _telling(note: Note, trade: Trade) -> Telling:
    """The reader shows "unknown" for any: do not hand over, do not sell again, do not give back."""
    if trade.is_return:
        letter_of = Letter.CANCEL_IN_DOUBT if trade is Trade.CANCEL else Letter.RETURN_IN_DOUBT
        return Telling(Outcome.IN_DOUBT, letter_of)
    return Telling(Outcome.IN_DOUBT, Letter.SHUNTED if note.kind is Said.STUMBLED else Letter.UNCLEAR)
