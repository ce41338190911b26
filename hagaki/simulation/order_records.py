"""What the gateway has on its disk about orders, read as any other program would read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.order import DEAD, OrderState
from mail_gateway.store import order_doctor

if TYPE_CHECKING:
    from mail_gateway.store.backend import Guest

_ORDERS: Final = (
    "SELECT id, merchant, deal_id, state, code, total_minor, settle, ask_first, until_ms, due_ms, made_ms,"
    " returned_minor"
    " FROM orders ORDER BY id"
)
_EVENTS: Final = "SELECT order_id, at_ms, before, kind, after FROM order_events ORDER BY id"
_ASKINGS: Final = (
    "SELECT c.order_id AS order_id, c.state AS state, c.until_ms AS until_ms, answered_ms, message_id"
    " FROM confirmations c LEFT JOIN mails ON mails.id = answer_mail"
)
_LETTERS: Final = (
    "SELECT order_id, kind, version, created_ms FROM letters WHERE order_id IS NOT NULL ORDER BY id"
)
_NOTICES: Final = "SELECT merchant, kind FROM letters WHERE order_id IS NULL AND merchant IS NOT NULL"
_MAILS: Final = (
    "SELECT id, message_id, verdict, slug, order_id, received_ms, handled_ms FROM mails"
    " WHERE order_id IS NOT NULL"
)
_LINES: Final = "SELECT order_id, product, quantity FROM order_lines WHERE product IS NOT NULL"
_PRODUCTS: Final = "SELECT id, merchant, stock, reserved FROM products ORDER BY id"
_OPEN: Final = "SELECT id, state, total_minor, due_ms FROM orders"
_UNREAD: Final = "SELECT count(*) FROM mails WHERE verdict IN ('answer', 'reply') AND handled_ms IS NULL"
_RETURNS: Final = (
    "SELECT order_id, return_id, amount_minor, state, payment, code FROM order_returns ORDER BY id"
)
_HOOKS: Final = "SELECT order_id, event, about, done_ms FROM hooks ORDER BY id"
_UNTOLD: Final = "SELECT count(*) FROM hooks WHERE due_ms IS NOT NULL"
_GOING_BACK: Final = (
    "SELECT order_id, amount_minor FROM order_returns WHERE state = 'open'"
    " UNION SELECT order_id, amount_minor FROM payments WHERE order_id IS NOT NULL"
)
_LAST: Final = 1 << 62
MADE: Final = frozenset({OrderState.CAPTURED, OrderState.HANDED_OVER})
WAS_MADE: Final = MADE | {OrderState.RETURNED, OrderState.UNPAID}


@dataclass(frozen=True, slots=True)
class Selling:
    """Rows as the database gives them. waiting: orders that the doctor names as not captured, or as kept."""

    orders: list[Any]
    events: list[Any]
    askings: dict[int, Any]
    letters: list[Any]
    notices: list[Any]
    mails: list[Any]
    lines: list[Any]
    products: list[Any]
    returns: list[Any]
    hooks: list[Any]
    waiting: frozenset[int]

    def by_deal(self, deal_id: str) -> Any | None:
        """The order of that deal ID: no two shops of a world use one."""
        return next((order for order in self.orders if order.deal_id == deal_id), None)


def selling(conn: Guest) -> Selling:
    """All of it."""
    orders, events, askings, letters, notices, mails, lines, products, returns, hooks = (
        list(conn.exec_driver_sql(sql))
        for sql in (
            *(_ORDERS, _EVENTS, _ASKINGS, _LETTERS, _NOTICES),
            *(_MAILS, _LINES, _PRODUCTS, _RETURNS, _HOOKS),
        )
    )
    named = [*order_doctor.not_captured(conn, _LAST), *order_doctor.kept(conn)]
    waiting = frozenset(row["order"] for row in named)
    asked = {row.order_id: row for row in askings}
    told = (letters, notices, mails, lines, products, returns, hooks)
    return Selling(orders, events, asked, *told, waiting)


def under_way(conn: Guest, may_stay_open: frozenset[int]) -> Iterator[int]:
    """Orders that still move by themselves, and 0 for an answer that nobody has read or a hook."""
    if conn.exec_driver_sql(_UNREAD).scalar() or conn.exec_driver_sql(_UNTOLD).scalar():
        yield 0
    endless = {row.order_id for row in conn.exec_driver_sql(_GOING_BACK) if row[1] % 1000 in may_stay_open}
    for number, state, total_minor, due_ms in conn.exec_driver_sql(_OPEN):
        is_over = OrderState(state) in DEAD | MADE and due_ms is None
        if not is_over and number not in endless and total_minor % 1000 not in may_stay_open:
            yield number
