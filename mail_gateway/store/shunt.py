"""The shunt list: payments set apart for a person, why, and what the person says about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, update

from mail_gateway.store import notes
from mail_gateway.store.notes import Note
from mail_gateway.store.record import record
from mail_gateway.store.tables import merchants, payments, readers

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mail_gateway.store.record import Entry
    from mail_gateway.store.sheet import Sheet

_P: Final = payments.c


def set_apart(sheet: Sheet, entry: Entry, note: Note) -> bool:
    """Unit of work: the entry, and why; -> whether its letter was queued. Raises Stale."""
    queued = record(sheet, entry)
    notes.add(sheet, entry.payment.id, entry.at_ms, note)
    return queued


def listed(conn: Connection) -> list[dict[str, Any]]:
    """The payments that are set apart, oldest first, each with why."""
    asked = (
        select(
            _P.id, _P.state, _P.received_ms, _P.amount_minor, _P.currency, merchants.c.name.label("merchant")
        )
        .join(readers, readers.c.id == _P.reader)
        .join(merchants, merchants.c.id == readers.c.merchant)
        .where(_P.shunted == 1)
        .order_by(_P.id)
    )
    return [{**row, "why": _why(conn, row["id"])} for row in conn.execute(asked).mappings().all()]


def say(conn: Connection, payment_id: int, at_ms: int, note: Note) -> bool:
    """Unit of work: what a person wants done with a payment set apart; the gateway finds it due.

    -> whether it is set apart at all. A retry makes it an ordinary payment again.
    """
    changes: dict[str, Any] = {"due_ms": _P.received_ms}  # since long, by whatever clock
    if note.kind is notes.Said.RETRY:
        changes |= {"shunted": 0, "failures": 0}
    asked = update(payments).where(_P.id == payment_id, _P.shunted == 1)
    if conn.execute(asked.values(**changes, epoch=_P.epoch + 1)).rowcount != 1:
        return False
    notes.add(conn, payment_id, at_ms, note)
    return True


def _why(conn: Connection, payment_id: int) -> str:
    found = notes.why(conn, payment_id)
    return "" if found is None else found.kind.value
