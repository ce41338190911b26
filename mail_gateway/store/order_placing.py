"""Placing on disk: what is on file for a request, and the order with its lines, stock and payment."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite says it in the same words

from mail_gateway.domain.confirmation import Policy
from mail_gateway.domain.customer import Means, MeansKind, Product, Selling
from mail_gateway.domain.offer import Offer, wanted_of
from mail_gateway.domain.order import Settle
from mail_gateway.domain.receipt import Rounding
from mail_gateway.store import order_payments, orders
from mail_gateway.store.order_tables import customers, means, order_lines, products, selling
from mail_gateway.store.order_tables import orders as order_rows
from mail_gateway.store.sheet import Stale
from mail_gateway.store.tables import merchants, shops

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mail_gateway.domain.order import Line, Order
    from mail_gateway.domain.placing import PlaceOrder
    from mail_gateway.store.sheet import Sheet

_S: Final = selling.c
_SHOP: Final = (
    select(
        *(merchants.c.name, shops.c.rounding, _S.merchant, _S.settle, _S.plain_minor_max, _S.code_minor_max),
        *(_S.answer_h, _S.remind_h, _S.webhook),
    )
    .outerjoin(selling, _S.merchant == merchants.c.id)
    .outerjoin(shops, shops.c.merchant == merchants.c.id)
    .where(merchants.c.id == bindparam("its_merchant"))
)
_CUSTOMER: Final = select(customers.c.id, customers.c.closed_ms).where(
    customers.c.customer_id == bindparam("its_customer")
)
_M: Final = means.c
_MEANS: Final = (
    select(*(_M[name] for name in Means.__dataclass_fields__))
    .where(_M.customer == bindparam("its_customer"))
    .order_by(_M.id)
)
_P: Final = products.c
_PRODUCTS: Final = select(*(_P[name] for name in Product.__dataclass_fields__)).where(
    _P.merchant == bindparam("its_merchant"), _P.code.in_(bindparam("codes", expanding=True))
)
_IS_LEFT: Final = or_(
    _P.stock.is_(None), _P.stock - _P.reserved >= bindparam("how_many", type_=_P.stock.type)
)
_LEFT: Final = select(_P.id).where(_P.id == bindparam("its_id"), _P.retired_ms.is_(None), _IS_LEFT)
_RESERVE: Final = (
    update(products)
    .where(_P.id == bindparam("its_id"), _P.retired_ms.is_(None), _IS_LEFT)
    .values(reserved=_P.reserved + bindparam("how_many", type_=_P.stock.type))
)
_ORDER: Final = (
    upsert(order_rows)
    .on_conflict_do_nothing(index_elements=["merchant", "deal_id"])
    .returning(order_rows.c.id)
)
"""At two nodes at once one of them places it, and the other looks again."""

_LINE: Final = insert(order_lines)
_HASH: Final = select(order_rows.c.request_hash).where(order_rows.c.id == bindparam("its_id"))


@dataclass(frozen=True, slots=True)
class Placing:
    """An order that is not on disk yet. order: with number 0. hold: its payment only keeps the amount."""

    order: Order
    lines: tuple[Line, ...]
    request_hash: bytes
    node: int
    hold: bool


def offer(conn: Connection, merchant: int, wanted: PlaceOrder) -> Offer:
    """What is on file for that request."""
    row = conn.execute(_SHOP, {"its_merchant": merchant}).one()
    customer = conn.execute(_CUSTOMER, {"its_customer": wanted.customer}).one_or_none()
    codes = sorted({wish.product for wish in wanted.lines})
    sold = conn.execute(_PRODUCTS, {"its_merchant": merchant, "codes": codes})
    goods = {product.code: product for product in (Product(*one[:]) for one in sold)}
    before = orders.by_deal(conn, merchant, wanted.deal_id)
    found = Offer(
        row.name,
        None if row.merchant is None else _selling(row),
        Rounding(row.rounding) if row.rounding else Rounding.DOWN,
        None if customer is None else (customer.id, customer.closed_ms is not None),
        products=goods,
        before=None if before is None else (before, conn.scalar(_HASH, {"its_id": before.id}) or b""),
    )
    return found if customer is None else replace(found, means=_means(conn, customer.id))


def put(sheet: Sheet, placing: Placing) -> Order:
    """Unit of work: the order, its lines, what it reserves and its payment; -> the order with its number.

    Raises Stale where the deal ID is used by now, or something is not in stock any more: look again.
    """
    order = placing.order
    wanted = wanted_of(placing.lines)
    if orders.by_deal(sheet, order.merchant, order.deal_id) is not None:
        raise Stale
    for product, how_many in wanted.items():
        if sheet.scalar(_LEFT, {"its_id": product, "how_many": how_many}) is None:
            raise Stale
    for product, how_many in wanted.items():
        if sheet.execute(_RESERVE, {"its_id": product, "how_many": how_many}).rowcount != 1:
            raise Stale
    row = {name: getattr(order, name) for name in order.__dataclass_fields__ if name not in ("id", "foreign")}
    row |= {"state": order.state.value, "settle": order.settle.value, "ask_first": int(order.ask_first)}
    foreign = "" if order.foreign is None else json.dumps(asdict(order.foreign), ensure_ascii=False)
    row |= {"foreign_price": foreign, "request_hash": placing.request_hash, "node": placing.node}
    number = sheet.scalar(_ORDER, row)
    if number is None:
        raise Stale
    order = replace(order, id=number)
    for place, line in enumerate(placing.lines, 1):
        sheet.execute(_LINE, {"order_id": order.id, "place": place, **asdict(line)})
    order_payments.begin(sheet, order, placing.node, order.placed_ms, hold=placing.hold)
    return order


def _selling(row: object) -> Selling:
    merchant, settle, plain, code, answer_h, remind_h, webhook = row[2:]  # type: ignore[index]
    return Selling(merchant, Settle(settle), Policy(plain, code), answer_h, remind_h, webhook)


def _means(conn: Connection, customer: int) -> tuple[Means, ...]:
    rows = [dict(row) for row in conn.execute(_MEANS, {"its_customer": customer}).mappings()]
    return tuple(
        Means(**{**row, "kind": MeansKind(row["kind"]), "wrapped": row["wrapped"] or b""}) for row in rows
    )
