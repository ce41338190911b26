"""What is cancelled is not charged: was it so wherever a cancel met its sale, and was the merchant told?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from hagaki.simulation.check_money import excused, left_minor, truths
from hagaki.simulation.findings import Finding, Wrong
from hagaki.simulation.records import key_of
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import ENDED, State, Trade

if TYPE_CHECKING:
    from hagaki.simulation.records import Records
    from hagaki.simulation.world import World

_UNDONE: Final = frozenset({Letter.CANCEL_DONE, Letter.CANCEL_RETURNED})
_ENDS: Final = _UNDONE | {Letter.NOT_CANCELLED}


def burned(world: World, records: Records) -> Iterator[Finding]:
    """A key is taken only where a merchant asked for it; what is sent under it later ends cancelled."""
    asked = {bytes(cancel.of.ksn) for cancel in world.cancels if cancel.ksn and cancel.of}
    taken = {bytes(payment.ksn) for payment in records.payments if payment.burned}
    for ksn in sorted(taken - asked):
        yield Finding(Wrong.LOST, f"the key of sale {ksn.hex()} was taken, and nobody cancels it")
    for payment in records.payments:
        if bytes(payment.ksn) in taken and payment.state != State.CANCELLED:
            yield Finding(Wrong.DOUBLE, f"sale {payment.ksn.hex()} is cancelled, and {payment.state} too")


def letters(world: World, records: Records) -> Iterator[Finding]:
    """Of every end of a cancel there is a letter; where it says "undone", nothing of the sale is charged."""
    newest: dict[int, str] = {letter.payment: letter.kind for letter in records.letters}
    rows = {payment.id: payment for payment in records.payments}
    found, unknowable = truths(world, records), excused(world, records)
    for cancel in (payment for payment in records.payments if payment.kind == Trade.CANCEL):
        kind, sale = newest.get(cancel.id), rows.get(cancel.original)
        if State(cancel.state) in ENDED and kind not in _ENDS:
            yield Finding(Wrong.LOST, f"cancel {cancel.id} is {cancel.state}, and no letter says so")
        if kind not in _UNDONE or sale is None or key_of(sale) in unknowable:
            continue
        left = left_minor(found, key_of(sale))
        if left:
            yield Finding(Wrong.UNTRUE, f"letter {kind} of cancel {cancel.id}, charged are {left}")
