"""Holds by a person: whose sales are not dispatched, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.standing import RECOVERING
from mail_gateway.store import holds, payments, register
from mail_gateway.store.backend import guest
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.holds import Subject

if TYPE_CHECKING:
    from mail_gateway.settings import GatewaySettings
    from mail_gateway.store.backend import Guest

_UNKNOWN: Final = {
    Subject.READER: "reader-unknown",
    Subject.PAYMENT: "payment-unknown",
}


def add(
    gateway: GatewaySettings, subject: Subject, which: int | str | None, reason: str
) -> list[dict[str, Any]]:
    """Hold a subject; which: a reader's serial, a merchant's name, a payment's number. -> the new holds.

    A serial under several keys is held under each. Raises GatewayError for a subject that is not there.
    """
    with guest(gateway.database, write=True) as conn:
        now_ms = clock_ms(conn)
        made = [holds.add(conn, subject, one, reason, now_ms) for one in _numbers(conn, subject, which)]
        return [hold for hold in holds.listed(conn, released=False) if hold["id"] in made]


def listed(gateway: GatewaySettings, *, released: bool = False) -> list[dict[str, Any]]:
    """The holds, oldest first; released: also those that are over."""
    with guest(gateway.database) as conn:
        return holds.listed(conn, released=released)


def release(gateway: GatewaySettings, number: int) -> dict[str, Any]:
    """End a hold. Raises GatewayError: there is none, or it is a restore's own."""
    with guest(gateway.database, write=True) as conn:
        found = [hold for hold in holds.listed(conn, released=False) if hold["id"] == number]
        if not found:
            raise _refused(f"There is no open hold {number}.", "hold-unknown")
        if (found[0]["subject"], found[0]["reason"]) == (Subject.GATEWAY, RECOVERING):
            raise _refused("A restore's hold ends with hagaki recover finish.", "not-reconciled")
        holds.release(conn, number, clock_ms(conn))
    return found[0]


def _numbers(conn: Guest, subject: Subject, which: int | str | None) -> list[int | None]:
    if subject is Subject.GATEWAY or which is None:
        return [None]
    if isinstance(which, str):
        return [register.find_merchant(conn, which).id]
    if subject is Subject.READER:
        known = register.reader_ids(conn, which)
    else:
        known = [] if payments.load(conn, which) is None else [which]
    if not known:
        raise _refused(f"There is no {subject} {which}.", _UNKNOWN[subject])
    return list(known)


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
