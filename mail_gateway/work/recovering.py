"""After a restore: a sale that may have been charged in the lost time is never asked, and never told a no."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mail_gateway.store import recovery
from mail_gateway.store.notes import Note, Said

if TYPE_CHECKING:
    from mail_gateway.domain.standing import Lost
    from mail_gateway.store.payments import Payment
    from mail_gateway.work.kit import Kit


async def stands_against(kit: Kit, payment: Payment, reader_time_s: int, lost: Lost) -> Note | None:
    """Why this sale must be set apart, if it must: the list is not read yet, or it shows such a charge.

    payment: with what opening it has taught.
    """
    if not lost.may_hold(reader_time_s, payment.received_ms):
        return None
    if not lost.finished:
        return Note(Said.RECOVERING)
    ghost = await kit.store.read(recovery.ghost_like, payment)
    return None if ghost is None else Note(Said.GHOST, facts={"reference": ghost})


def lifted(
    lost: Lost, payment: Payment, reader_time_s: int, changes: dict[str, Any]
) -> tuple[Payment, dict[str, Any]]:
    """The payment and its changes with versions over those that its key may have sealed in the lost time."""
    if payment.version >= lost.version_base or not lost.may_hold(reader_time_s, payment.received_ms):
        return payment, changes
    return replace(payment, version=lost.version_base), {**changes, "version": lost.version_base}
