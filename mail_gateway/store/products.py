"""What merchants sell, on disk: prices, and stock that orders reserve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, or_, select, update

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.order_tables import products

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

_P: Final = products.c
_SHOWN: Final = (
    *(_P.code, _P.name, _P.model, _P.unit_minor, _P.currency, _P.tax_rate),
    *(_P.stock, _P.reserved, _P.retired_ms),
)


def put(conn: Connection, merchant: int, row: Mapping[str, Any]) -> bool:
    """Unit of work: this row is what the merchant sells under its code, from now on again if it was retired;
    -> whether the code is new. Raises GatewayError where more is reserved than the stock that it says."""
    number = conn.scalar(select(_P.id).where(_P.merchant == merchant, _P.code == row["code"]))
    if number is None:
        conn.execute(insert(products), {"merchant": merchant, **row})
        return True
    if row.get("stock") is not None:
        _check_reserved(conn, number, row["stock"])
    conn.execute(update(products).where(_P.id == number), {**row, "retired_ms": None})
    return False


def is_there(conn: Connection, merchant: int, code: str) -> bool:
    """Whether the merchant has a product of that code, in use or retired."""
    asked = select(func.count()).where(_P.merchant == merchant, _P.code == code)
    return bool(conn.scalar(asked))


def change(conn: Connection, merchant: int, code: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Unit of work: other words or another price, for orders from now on; -> the row. Raises GatewayError."""
    number = _find(conn, merchant, code)
    if changes:
        conn.execute(update(products).where(_P.id == number), dict(changes))
    return _row(conn, number)


def restock(
    conn: Connection, merchant: int, code: str, *, to: int | None = None, by: int = 0
) -> dict[str, Any]:
    """Unit of work: the stock is so many, or so many more or fewer; neither: it is not counted any more.
    -> the row. Raises GatewayError where less than what is reserved would be left."""
    number = _find(conn, merchant, code)
    asked = update(products).where(_P.id == number)
    if to is not None:
        _check_reserved(conn, number, to)
        conn.execute(asked.values(stock=to))
    elif by:
        enough = or_(_P.stock.is_(None), _P.stock + by >= _P.reserved)
        changed = conn.execute(asked.where(enough).values(stock=func.coalesce(_P.stock, 0) + by))
        if changed.rowcount != 1:
            raise _short()
    else:
        conn.execute(asked.values(stock=None))
    return _row(conn, number)


def retire(conn: Connection, merchant: int, code: str, *, back: bool = False) -> dict[str, Any]:
    """Unit of work: no order takes it from now on, or takes it again; -> the row. Raises GatewayError."""
    number = _find(conn, merchant, code)
    at_ms = None if back else clock_ms(conn)
    conn.execute(update(products).where(_P.id == number).values(retired_ms=at_ms))
    return _row(conn, number)


def listed(conn: Connection, merchant: int, *, everything: bool) -> list[dict[str, Any]]:
    """What the merchant sells, by code; everything: retired ones too."""
    asked = select(*_SHOWN).where(_P.merchant == merchant).order_by(_P.code)
    rows = conn.execute(asked if everything else asked.where(_P.retired_ms.is_(None)))
    return [dict(row) for row in rows.mappings()]


def _find(conn: Connection, merchant: int, code: str) -> int:
    number = conn.scalar(select(_P.id).where(_P.merchant == merchant, _P.code == code))
    if number is None:
        sentence = f"There is no product {code}: add it first (hagaki product add)."
        raise GatewayError(sentence, "product-unknown", Disposition.REFUSE)
    return int(number)


def _row(conn: Connection, number: int) -> dict[str, Any]:
    return dict(conn.execute(select(*_SHOWN).where(_P.id == number)).mappings().one())


def _check_reserved(conn: Connection, number: int, stock: int) -> None:
    reserved = conn.scalar(select(_P.reserved).where(_P.id == number).with_for_update())
    if stock < (reserved or 0):
        raise _short()


def _short() -> GatewayError:
    sentence = "That would leave less in stock than is reserved for orders."
    return GatewayError(sentence, "stock-reserved", Disposition.REFUSE)
