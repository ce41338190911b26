"""Mailboxes that mail is fetched from: whether they can be read, for those who look at the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from mail_gateway.store.tables import mailboxes

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mail_gateway.store.sheet import Sheet

_B: Final = mailboxes.c


def note(sheet: Sheet, name: str, now_ms: int, slug: str) -> None:
    """Unit of work: since now it can be read, or cannot for the reason that the slug names. A moment is kept
    until another slug comes."""
    known = sheet.scalar(select(_B.slug).where(_B.name == name))
    values = {"since_ms": now_ms, "slug": slug}
    if known is None:
        sheet.execute(insert(mailboxes), {"name": name, **values})
    elif known != slug:
        sheet.execute(update(mailboxes).where(_B.name == name).values(**values))


def away(conn: Connection, name: str) -> dict[str, Any] | None:
    """Since when that one cannot be read, and why; None: it can, or nobody has tried."""
    row = conn.execute(select(mailboxes).where(_B.slug != "", _B.name == name)).mappings().one_or_none()
    return None if row is None else dict(row)
