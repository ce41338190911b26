"""Orders and products as their shop is shown them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, select

from mail_gateway.domain.customer import Product
from mail_gateway.store import order_returns, orders
from mail_gateway.store.order_tables import customers, order_lines, products
from mail_gateway.store.order_tables import orders as order_table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mail_gateway.domain.order import Order
    from mail_gateway.domain.order_return import OrderReturn

_L: Final = order_lines.c
_P: Final = products.c
_O: Final = order_table.c
_LINES: Final = (
    select(_P.code, _L.name, _L.model, _L.unit_minor, _L.quantity, _L.tax_rate)
    .join(products, _P.id == _L.product, isouter=True)
    .where(_L.order_id == bindparam("its_id"))
    .order_by(_L.place)
)
_CUSTOMER: Final = select(customers.c.customer_id).where(customers.c.id == bindparam("its_customer"))
_PRODUCTS: Final = (
    select(*(_P[name] for name in Product.__dataclass_fields__))
    .where(_P.merchant == bindparam("its_merchant"), _P.retired_ms.is_(None), _P.code > bindparam("after"))
    .order_by(_P.code)
    .limit(bindparam("most", type_=_P.id.type))
)
_EPOCHS: Final = select(_O.id, _O.epoch).where(_O.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class Sold:
    """One line. product: its code, empty for words of the shop's own. Prices in minor units with tax."""

    product: str
    name: str
    model: str
    unit_minor: int
    quantity: int
    tax_rate: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One order with its lines and returns, and the number that the shop knows the customer by."""

    order: Order
    customer: str
    lines: tuple[Sold, ...]
    returns: tuple[OrderReturn, ...] = ()


def shown(conn: Connection, merchant: int, deal_id: str) -> Shown | None:
    """The merchant's order of that deal ID."""
    order = orders.by_deal(conn, merchant, deal_id)
    if order is None:
        return None
    customer = conn.scalar(_CUSTOMER, {"its_customer": order.customer}) or ""
    lines = conn.execute(_LINES, {"its_id": order.id})
    returns = order_returns.of_order(conn, order.id) if order.made_ms is not None else ()
    return Shown(order, customer, tuple(Sold(code or "", *rest) for code, *rest in lines), returns)


def goods(conn: Connection, merchant: int, after: str, most: int) -> list[Product]:
    """What the merchant sells, by code, behind that code."""
    asked = {"its_merchant": merchant, "after": after, "most": most}
    return [Product(*row) for row in conn.execute(_PRODUCTS, asked)]


def epochs(conn: Connection, numbers: Sequence[int]) -> dict[int, int]:
    """How often each of these orders has changed."""
    return {row.id: row.epoch for row in conn.execute(_EPOCHS, {"ids": list(numbers)})}
