"""The lives of the gateway: each start is a node of its own, to tell apart what a dead one left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert

from mail_gateway.store.tables import nodes

if TYPE_CHECKING:
    from sqlalchemy import Connection


def begin_life(conn: Connection, now_ms: int) -> int:
    """Unit of work: a new node; -> its number."""
    number: int = conn.execute(insert(nodes).returning(nodes.c.id), {"started_ms": now_ms}).scalar_one()
    return number
