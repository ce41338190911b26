"""Keys shared with acquirers, on disk: one of each name, wrapped under the root key."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select

from mail_gateway.domain.zone import Zone
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.tables import zone_keys

if TYPE_CHECKING:
    from sqlalchemy import Connection

_Z: Final = zone_keys.c


def put(conn: Connection, key: Zone) -> None:
    """Unit of work: this key takes the place of the one of its name."""
    forget(conn, key.name)
    conn.execute(insert(zone_keys), {**asdict(key), "at_ms": clock_ms(conn)})


def forget(conn: Connection, name: str) -> bool:
    """Unit of work: that key is gone; -> whether there was one."""
    return conn.execute(delete(zone_keys).where(_Z.name == name)).rowcount == 1


def every(conn: Connection) -> list[Zone]:
    """All of them, by name."""
    asked = select(_Z.name, _Z.usage, _Z.algorithm, _Z.wrapped, _Z.kcv).order_by(_Z.name)
    return [Zone(*row) for row in conn.execute(asked)]


def listed(conn: Connection) -> list[dict[str, Any]]:
    """All of them for a person, without their bytes."""
    asked = select(_Z.name, _Z.usage, _Z.algorithm, _Z.kcv, _Z.at_ms).order_by(_Z.name)
    return [dict(row) for row in conn.execute(asked).mappings()]
