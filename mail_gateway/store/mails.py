"""Mails that nobody could read, as rows for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, or_, select

from mail_gateway.store.tables import mails

if TYPE_CHECKING:
    from sqlalchemy import Connection

_M: Final = mails.c
_SHOWN: Final = (_M.id, _M.received_ms, _M.sender, _M.recipients, _M.peer, _M.slug)
NOBODY_READ: Final = or_(_M.verdict.not_in(("reply", "answer")), _M.slug != "")
"""Of the mails that are kept whole: not an answer that was read."""


def unreadable(conn: Connection, limit: int) -> list[dict[str, Any]]:
    """The newest first, without their bytes."""
    asked = select(*_SHOWN, func.length(_M.raw).label("bytes")).where(_M.raw.is_not(None))
    asked = asked.where(NOBODY_READ)
    return [dict(row) for row in conn.execute(asked.order_by(_M.id.desc()).limit(limit)).mappings()]


def raw(conn: Connection, number: int) -> tuple[dict[str, Any], bytes] | None:
    """One of them and its bytes."""
    row = conn.execute(select(*_SHOWN, _M.raw).where(_M.id == number, _M.raw.is_not(None))).mappings().first()
    if row is None:
        return None
    shown = {name: value for name, value in row.items() if name != "raw"}
    return shown, row["raw"]
