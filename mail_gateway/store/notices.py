"""Letters of a merchant rather than of a payment, on disk; each is stored once, by its Message-ID."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select

from mail_gateway.store.letters import Queued, as_due
from mail_gateway.store.tables import letters

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mail_gateway.domain.news import Composed
    from mail_gateway.domain.outcome import Letter
    from mail_gateway.store.sheet import Sheet

_L: Final = letters.c


def put(conn: Connection | Sheet, merchant: int, kind: Letter, composed: Composed, now_ms: int) -> bool:
    """Unit of work: store a notice and make it due; -> whether it is a new one. now_ms: unix ms."""
    if conn.scalar(select(_L.id).where(_L.message_id == composed.message_id)) is not None:
        return False
    row = {"merchant": merchant, **as_due(Queued(kind, 0, composed), now_ms)}
    conn.execute(insert(letters), row)
    return True
