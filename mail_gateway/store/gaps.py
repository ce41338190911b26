"""Holes in the readers' counters: sales that were sealed and never came, or have not come yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from mail_gateway.store.tables import merchants, payments, readers

if TYPE_CHECKING:
    from sqlalchemy import Connection

SILENT_MS: Final = 15 * 60_000
"""A mail may be overtaken by others for so long; a hole that is older is told."""

_P: Final = payments.c


def listed(conn: Connection, now_ms: int, since_ms: int = 0) -> list[dict[str, Any]]:
    """Holes older than SILENT_MS, by reader: the first and last counter that never came, and since when.

    now_ms, since_ms: unix ms; holes before a sale received earlier than since_ms are left out.
    """
    before = func.coalesce(func.lag(_P.counter).over(partition_by=_P.reader, order_by=_P.counter), 0)
    seen = select(_P.reader, _P.counter, _P.received_ms, before.label("before")).where(
        _P.counter.is_not(None)
    )
    row = seen.subquery().c
    asked = (
        select(readers.c.key_id, merchants.c.id, merchants.c.name, row.before, row.counter, row.received_ms)
        .join(readers, readers.c.id == row.reader)
        .join(merchants, merchants.c.id == readers.c.merchant)
        .where(row.counter > row.before + 1, row.received_ms.between(since_ms, now_ms - SILENT_MS))
        .order_by(row.reader, row.counter)
    )
    return [
        {
            "reader": int.from_bytes(key_id[4:], "big"),
            "merchant": merchant,
            "merchant_name": name,
            "first": last_seen + 1,
            "last": counter - 1,
            "since_ms": received_ms,
        }
        for key_id, merchant, name, last_seen, counter, received_ms in conn.execute(asked)
    ]
