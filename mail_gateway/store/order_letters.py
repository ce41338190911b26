"""Letters about orders on disk: whom an order is about, and each letter stored with the move it tells of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, insert, select

from mail_gateway.domain.confirmation import Policy
from mail_gateway.domain.customer import Customer, MeansKind
from mail_gateway.domain.order import Line
from mail_gateway.domain.order_news import Parties, Seller
from mail_gateway.domain.receipt import Rounding
from mail_gateway.store import sheet as pages
from mail_gateway.store.letters import as_due
from mail_gateway.store.order_tables import customers, means, order_lines, orders, selling
from mail_gateway.store.tables import letters, merchants, shops

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mail_gateway.store.letters import Queued

_PUT: Final = pages.Line(pages.Step.LETTER, insert(letters))
_OF_ORDER: Final = orders.c.id == bindparam("its_id")
_SELLER: Final = (
    select(
        *(merchants.c.id, merchants.c.name, merchants.c.mail, merchants.c.language),
        *(selling.c.plain_minor_max, selling.c.code_minor_max),
        *(shops.c.rounding, shops.c.registration_number),
    )
    .join(orders, orders.c.merchant == merchants.c.id)
    .join(selling, selling.c.merchant == merchants.c.id)
    .outerjoin(shops, shops.c.merchant == merchants.c.id)
    .where(_OF_ORDER)
)
_C: Final = customers.c
_CUSTOMER: Final = (
    select(_C.id, _C.customer_id, _C.name, _C.mail, _C.second_mail, _C.language, _C.address, _C.secret)
    .join(orders, orders.c.customer == _C.id)
    .where(_OF_ORDER)
)
_MEANS: Final = (
    select(means.c.shown, means.c.kind).join(orders, orders.c.means == means.c.id).where(_OF_ORDER)
)
_L: Final = order_lines.c
_LINES: Final = (
    select(_L.name, _L.model, _L.unit_minor, _L.quantity, _L.product, _L.tax_rate)
    .where(_L.order_id == bindparam("its_id"))
    .order_by(_L.place)
)


def parties(conn: Connection | pages.Sheet, order_id: int) -> Parties:
    """Whom and what that order is about. Raises NoResultFound where there is no such order."""
    its = {"its_id": order_id}
    row = conn.execute(_SELLER, its).one()
    policy = Policy(row.plain_minor_max, row.code_minor_max)
    rounding = Rounding(row.rounding) if row.rounding else Rounding.DOWN
    number = row.registration_number or ""
    seller = Seller(row.id, row.name, row.mail, row.language, policy, rounding, number)
    customer = Customer(*conn.execute(_CUSTOMER, its).one())
    lines = tuple(Line(*line) for line in conn.execute(_LINES, its))
    paid_by = conn.execute(_MEANS, its).one()
    return Parties(seller, customer, lines, paid_by.shown, is_debit=paid_by.kind == MeansKind.ACCOUNT)


def put(sheet: pages.Sheet, order_id: int, queued: Queued, now_ms: int) -> None:
    """Unit of work: store one letter and make it due at once. Its version is the number in its OrderNews; a
    second letter of that number is refused by the database. now_ms: unix ms."""
    sheet.add(_PUT, {"order_id": order_id, **as_due(queued, now_ms)})
