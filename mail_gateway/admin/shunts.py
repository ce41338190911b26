"""The shunt list for a person: what waits, why, and what may be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mail_gateway.admin import payments as shown_payments
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.payment import TRANSITIONS, Kind
from mail_gateway.store import notes, payments, shunt
from mail_gateway.store.backend import guest
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.notes import Note, Said

if TYPE_CHECKING:
    from mail_gateway.settings import GatewaySettings
    from mail_gateway.store.backend import Guest

_NOT_KNOWN = (Said.RECOVERING, Said.GHOST)


def listed(gateway: GatewaySettings) -> list[dict[str, Any]]:
    """The payments set apart, oldest first, each with why."""
    with guest(gateway.database) as conn:
        return shunt.listed(conn)


def shown(gateway: GatewaySettings, payment: int) -> dict[str, Any]:
    """One of them, whole. Raises GatewayError."""
    with guest(gateway.database) as conn:
        _shunted(conn, payment)
    return shown_payments.shown(gateway, payment)


def retry(gateway: GatewaySettings, payment: int, reason: str) -> dict[str, Any]:
    """It is due again, as if it had never failed. Raises GatewayError where it can only be reconciled."""
    with guest(gateway.database, write=True) as conn:
        row = _shunted(conn, payment)
        why = notes.why(conn, payment)
        if why is not None and why.kind is Said.RECOVERING:
            sentence = f"Payment {payment} waits for the acquirer's list: hagaki recover reconcile."
            raise _refused(sentence, "not-reconciled")
        shunt.say(conn, payment, clock_ms(conn), Note(Said.RETRY, reason))
    return {"payment": payment, "state": row.state.value, "order": "retry"}


def drop(gateway: GatewaySettings, payment: int, reason: str) -> dict[str, Any]:
    """It ends uncharged, and its merchant is told. Raises GatewayError where somebody may have paid."""
    with guest(gateway.database, write=True) as conn:
        row = _shunted(conn, payment)
        why = notes.why(conn, payment)
        if why is not None and why.kind in _NOT_KNOWN:
            sentence = f"Payment {payment} may have been charged before the restore; ask the acquirer's list."
            raise _refused(sentence, "perhaps-charged")
        if Kind.DROPPED not in TRANSITIONS.get(row.state, {}):
            sentence = (
                f"Payment {payment} is {row.state}: it may have been charged, so it goes on until it ends."
            )
            raise _refused(sentence, "perhaps-charged")
        shunt.say(conn, payment, clock_ms(conn), Note(Said.DROP, reason))
    return {"payment": payment, "state": row.state.value, "order": "drop"}


def _shunted(conn: Guest, number: int) -> payments.Payment:
    found = payments.load(conn, number)
    if found is None:
        raise _refused(f"There is no payment {number}.", "payment-unknown")
    if not found.shunted:
        raise _refused(f"Payment {number} is not shunted.", "not-shunted")
    return found


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
