"""After a restore: a sale that may have been charged in the lost time is never asked, and never told a no."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mail_gateway.domain.standing import Sealed
from mail_gateway.store import recovery
from mail_gateway.store.notes import Note, Said

if TYPE_CHECKING:
    from mail_gateway.domain.standing import Lost
    from mail_gateway.store.payments import Payment
    from mail_gateway.work.kit import Kit


async def stands_against(kit: Kit, payment: Payment, reader_time_s: int, lost: Lost) -> Note | None:
    """What has to be done with this sale instead of asking, if anything: it waits for the acquirer's list;
    it waits for a person, since the list shows a charge like it; or it ends, since the list shows none.

    payment: with what opening it has taught.
    """
    sealed = lost.sealed(reader_time_s, payment.received_ms)
    if sealed is Sealed.OUT:
        return None
    if not lost.finished:
        return Note(Said.RECOVERING) if sealed is Sealed.IN else None
    ghost = await kit.store.read(recovery.ghost_like, payment)
    if ghost is not None:
        return Note(Said.GHOST, facts={"reference": ghost})
    return Note(Said.UNCHARGED) if sealed is Sealed.IN else None


def lifted(
    lost: Lost, payment: Payment, reader_time_s: int, changes: dict[str, Any]
) -> tuple[Payment, dict[str, Any]]:
    """The payment and its changes with versions over those that its key may have sealed in the lost time."""
    is_old = lost.sealed(reader_time_s, payment.received_ms) is not Sealed.OUT
    if payment.version >= lost.version_base or not is_old:
        return payment, changes
    return replace(payment, version=lost.version_base), {**changes, "version": lost.version_base}
