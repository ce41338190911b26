"""What stands on merchants' receipts and how they want their day closed, on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from mail_gateway.domain.receipt import Rounding, Shop
from mail_gateway.store import register
from mail_gateway.store.tables import merchants, shops

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

FULL: Final = "full"
"""The digest of those who want the whole day."""
_S: Final = shops.c


def shop_of(conn: Connection, merchant: int) -> Shop:
    """What stands on the receipts of that merchant; its name is the issuer's unless another is on file."""
    name = conn.scalar(select(merchants.c.name).where(merchants.c.id == merchant)) or ""
    row = conn.execute(select(shops).where(_S.merchant == merchant)).one_or_none()
    if row is None:
        return Shop(name)
    rounding = Rounding(row.rounding)
    return Shop(row.issuer or name, row.registration_number, row.address, row.rate, rounding, row.description)


def closed_in_full(conn: Connection) -> set[int]:
    """The merchants who want the whole day."""
    return set(conn.scalars(select(_S.merchant).where(_S.digest == FULL)))


def change(conn: Connection, name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Unit of work: set some of it for the merchant of that name; -> the row with its name. Raises
    GatewayError if there is none."""
    owner = register.find_merchant(conn, name)
    if conn.scalar(select(_S.merchant).where(_S.merchant == owner.id)) is None:
        conn.execute(insert(shops), {"merchant": owner.id})
    if changes:
        conn.execute(update(shops).where(_S.merchant == owner.id), dict(changes))
    row = dict(conn.execute(select(shops).where(_S.merchant == owner.id)).mappings().one())
    return {**row, "merchant": owner.name}
