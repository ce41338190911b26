"""What happened to payments, as rows for a person. Sealed and wrapped bytes are left out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from mail_gateway.domain.payment import Trade
from mail_gateway.store import holds
from mail_gateway.store.register import NO_KEY
from mail_gateway.store.tables import (
    answers,
    events,
    letters,
    mails,
    merchants,
    notes,
    payments,
    readers,
    transfers,
    wants,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

SHUNTED: Final = "shunted"
UNDELIVERED: Final = "undelivered"
_HIDDEN: Final = frozenset(
    {"envelope", "envelope_hash", "ksn", "sale_hash", "reversal", "raw", "chain", "content_hash"}
)
_PARTS: Final = {
    "mails": mails,
    "events": events,
    "transfers": transfers,
    "answers": answers,
    "letters": letters,
    "notes": notes,
    "wants": wants,
}


def newest(conn: Connection, state: str, limit: int) -> list[dict[str, Any]]:
    """The newest payments first; state: only those in it, or those shunted, or with a letter undelivered."""
    p = payments.c
    columns = (
        p.id,
        p.kind,
        p.original,
        p.order_id,
        p.state,
        p.received_ms,
        p.amount_minor,
        p.currency,
        p.masked_card,
        p.approval_number,
        p.slip,
    )
    asked = select(*columns, merchants.c.name.label("merchant")).join(readers, readers.c.id == p.reader)
    asked = asked.join(merchants, merchants.c.id == readers.c.merchant).order_by(p.id.desc()).limit(limit)
    if state == SHUNTED:
        asked = asked.where(p.shunted == 1)
    elif state == UNDELIVERED:
        asked = asked.where(p.id.in_(select(letters.c.payment).where(letters.c.state == "refused")))
    elif state:
        asked = asked.where(p.state == state)
    return [dict(row) for row in conn.execute(asked).mappings()]


def whole(conn: Connection, payment_id: int) -> dict[str, Any] | None:
    """One payment and everything that belongs to it, in order."""
    found = _rows(conn, payments, "id", payment_id)
    if not found:
        return None
    parts = {name: _rows(conn, table, "payment", payment_id) for name, table in _PARTS.items()}
    for event in parts["events"]:
        event["facts"] = json.loads(event["facts"])
    for want in parts["wants"]:
        want["given"] = json.loads(want["given"])
    later = later_of(conn, payment_id)
    parts["returns"] = [row for row in later if Trade(row["kind"]).is_return]
    parts["captures"] = [row for row in later if not Trade(row["kind"]).is_return]
    reader = found[0]["reader"]
    shown = {**found[0], "reader": _serial(conn, reader), "reference": f"{payment_id:012d}"}
    return {**shown, **parts, "holds": holds.of_payment(conn, payment_id, reader)}


def _serial(conn: Connection, reader: int) -> int | None:
    """What people and other commands call a reader; None of what pays a merchant's orders."""
    key_id = conn.execute(select(readers.c.key_id).where(readers.c.id == reader)).scalar_one()
    return None if key_id.startswith(NO_KEY) else int.from_bytes(key_id[4:], "big")


def later_of(conn: Connection, sale: int) -> list[dict[str, Any]]:
    """What was captured or given back of a sale, or may yet be."""
    p = payments.c
    asked = select(p.id, p.kind, p.state, p.amount_minor, p.returned_minor).where(p.original == sale)
    return [dict(row) for row in conn.execute(asked.order_by(p.id)).mappings()]


def _rows(conn: Connection, table: Table, column: str, number: int) -> list[dict[str, Any]]:
    shown = [c for c in table.c if c.name not in _HIDDEN]
    asked = select(*shown).where(table.c[column] == number).order_by(table.c.id)
    return [dict(row) for row in conn.execute(asked).mappings()]
