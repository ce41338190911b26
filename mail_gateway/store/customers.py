"""Customers and their means of payment, on disk; what is secret of them is wrapped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, or_, select, update

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.order import OrderState
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.order_tables import customers, means, orders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection

_C: Final = customers.c
_M: Final = means.c
_SHOWN: Final = (
    *(_C.id, _C.customer_id, _C.name, _C.mail, _C.second_mail, _C.language, _C.address),
    *(_C.created_ms, _C.closed_ms, (_C.secret.is_not(None)).label("has_password")),
)
_MEANS_SHOWN: Final = (_M.id, _M.kind, _M.shown, _M.acquirer, _M.created_ms, _M.retired_ms)
_OPEN: Final = (OrderState.PLACED, OrderState.AUTHORISED, OrderState.ASKED, OrderState.CONFIRMED)
"""Whose orders may still need the means."""


def add(conn: Connection, row: Mapping[str, Any]) -> bool:
    """Unit of work: a new customer; -> False if the customer ID is somebody's already."""
    if conn.scalar(select(_C.id).where(_C.customer_id == row["customer_id"])) is not None:
        return False
    conn.execute(insert(customers), {**row, "created_ms": clock_ms(conn)})
    return True


def find(conn: Connection, customer_id: str, *, closed: bool = False) -> int:
    """The number of that customer's row. closed: one whose account is closed counts too. Raises
    GatewayError."""
    found = conn.execute(select(_C.id, _C.closed_ms).where(_C.customer_id == customer_id)).one_or_none()
    if found is None:
        raise _refused(f"There is no customer {customer_id}.", "customer-unknown")
    if found.closed_ms is not None and not closed:
        raise _refused(f"The customer {customer_id} is closed.", "customer-closed")
    return int(found.id)


def change(conn: Connection, customer: int, changes: Mapping[str, Any]) -> None:
    """Unit of work: other facts of a customer, from the next order and letter on."""
    if changes:
        conn.execute(update(customers).where(_C.id == customer), dict(changes))


def secret(conn: Connection, customer: int) -> bytes | None:
    """The wrapped key and password; None where none was set."""
    found: bytes | None = conn.scalar(select(_C.secret).where(_C.id == customer))
    return found


def close(conn: Connection, customer: int) -> None:
    """Unit of work: no order takes this customer any more, and what was secret is wiped. Raises GatewayError
    while an order may still need it."""
    _assert_idle(conn, orders.c.customer == customer)
    now_ms = clock_ms(conn)
    conn.execute(update(customers).where(_C.id == customer).values(closed_ms=now_ms, secret=None))
    used = update(means).where(_M.customer == customer, _M.retired_ms.is_(None))
    conn.execute(used.values(retired_ms=now_ms, wrapped=None))


def listed(conn: Connection, limit: int, *, everything: bool) -> list[dict[str, Any]]:
    """Customers, newest first; everything: closed ones too."""
    asked = select(*_SHOWN).order_by(_C.id.desc()).limit(limit)
    rows = conn.execute(asked if everything else asked.where(_C.closed_ms.is_(None))).mappings()
    return [{**row, "has_password": bool(row["has_password"])} for row in rows]


def shown(conn: Connection, customer: int) -> dict[str, Any]:
    """One customer with its means, masked, and how many orders there are of it."""
    row = conn.execute(select(*_SHOWN).where(_C.id == customer)).mappings().one()
    many = conn.scalar(select(func.count()).where(orders.c.customer == customer))
    rest = {"has_password": bool(row["has_password"]), "orders": many, "means": means_of(conn, customer)}
    return {**row, **rest}


def add_means(conn: Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    """Unit of work: another means of a customer; -> as it is shown."""
    values = {**row, "created_ms": clock_ms(conn)}
    number = conn.execute(insert(means).returning(_M.id), values).scalar_one()
    return dict(conn.execute(select(*_MEANS_SHOWN).where(_M.id == number)).mappings().one())


def means_of(conn: Connection, customer: int) -> list[dict[str, Any]]:
    """All means of a customer, masked, the oldest first: it is used unless one is named."""
    asked = select(*_MEANS_SHOWN).where(_M.customer == customer).order_by(_M.id)
    return [dict(row) for row in conn.execute(asked).mappings()]


def retire_means(conn: Connection, number: int) -> dict[str, Any]:
    """Unit of work: nothing is paid by it any more, and what is wrapped is wiped; -> as it is shown. Raises
    GatewayError."""
    found = conn.scalar(select(_M.id).where(_M.id == number, _M.retired_ms.is_(None)))
    if found is None:
        raise _refused(f"There is no means {number} in use.", "means-unknown")
    _assert_idle(conn, orders.c.means == number)
    gone = {"retired_ms": clock_ms(conn), "wrapped": None}
    conn.execute(update(means).where(_M.id == number), gone)
    return dict(conn.execute(select(*_MEANS_SHOWN).where(_M.id == number)).mappings().one())


def _assert_idle(conn: Connection, whose: ColumnElement[bool]) -> None:
    """What is being charged or given back may need what is about to be wiped."""
    is_open = or_(orders.c.state.in_(_OPEN), orders.c.due_ms.is_not(None))
    number = conn.scalar(select(orders.c.id).where(whose, is_open).limit(1))
    if number is not None:
        raise _refused(f"Order {number} may still need it: wait for its end, or cancel it.", "order-open")


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
