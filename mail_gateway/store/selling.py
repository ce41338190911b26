"""How merchants sell by mail, on disk; without a row a merchant takes no orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from mail_gateway.store.order_tables import selling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

_S: Final = selling.c
_SHOWN: Final = (*(_S.settle, _S.plain_minor_max, _S.code_minor_max, _S.answer_h, _S.remind_h, _S.webhook),)


def change(conn: Connection, merchant: int, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Unit of work: the merchant takes orders, and so; what is not named stays; -> how."""
    if conn.scalar(select(_S.merchant).where(_S.merchant == merchant)) is None:
        conn.execute(insert(selling), {"merchant": merchant})
    if changes:
        conn.execute(update(selling).where(_S.merchant == merchant), dict(changes))
    return dict(conn.execute(select(*_SHOWN).where(_S.merchant == merchant)).mappings().one())
