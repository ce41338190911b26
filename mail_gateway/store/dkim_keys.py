"""Keys that letters are signed with, on disk: made, started, retired, and never wiped."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, insert, select, update

from mail_gateway.domain.signing_key import Kind, SigningKey
from mail_gateway.store.letters import ENDED
from mail_gateway.store.tables import dkim_keys, letters

if TYPE_CHECKING:
    from sqlalchemy import Connection

_K: Final = dkim_keys.c
_L: Final = letters.c
_EVERY: Final = select(*(_K[one.name] for one in fields(SigningKey))).order_by(_K.made_ms, _K.selector)


def put(conn: Connection, key: SigningKey) -> None:
    """Unit of work: a new key."""
    conn.execute(insert(dkim_keys), {**asdict(key), "kind": key.kind.value})


def every(conn: Connection) -> list[SigningKey]:
    """All of them, the oldest first."""
    return [_key(*row) for row in conn.execute(_EVERY)]


def started(conn: Connection) -> list[SigningKey]:
    """Those that sign letters of some time."""
    return [_key(*row) for row in conn.execute(_EVERY.where(_K.started_ms.is_not(None)))]


def start(conn: Connection, selector: str, from_ms: int) -> None:
    """Unit of work: it signs letters written from then on (unix ms)."""
    conn.execute(update(dkim_keys).where(_K.selector == selector).values(started_ms=from_ms))


def retire(conn: Connection, selector: str, until_ms: int) -> None:
    """Unit of work: it signs no letter written from then on (unix ms)."""
    conn.execute(update(dkim_keys).where(_K.selector == selector).values(retired_ms=until_ms))


def unsent(conn: Connection, from_ms: int, until_ms: int) -> int:
    """How many letters written in that time (unix ms) nobody has taken for sure."""
    asked = select(func.count()).where(_L.created_ms >= from_ms, _L.created_ms < until_ms)
    return int(conn.execute(asked.where(_L.state.not_in(ENDED))).scalar_one())


def _key(selector: str, domain: str, kind: str, *rest: object) -> SigningKey:
    return SigningKey(selector, domain, Kind(kind), *rest)  # type: ignore[arg-type]
