"""Orders as the gateway reads them: one order with all that is known of it, and which are due."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, or_, select

from mail_gateway.domain.confirmation import Confirmation, ConfirmState
from mail_gateway.domain.order import Foreign, Order, OrderKind, OrderState, Settle
from mail_gateway.store import customer_answers, order_letters, order_payments, order_returns
from mail_gateway.store.order_tables import confirmations, order_events, orders, selling
from mail_gateway.store.tables import payments

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mail_gateway.domain.order_news import Parties
    from mail_gateway.domain.order_return import OrderReturn
    from mail_gateway.store.order_payments import Bought
    from mail_gateway.store.sheet import Sheet

LEFT_MS: Final = 10_000
"""What another node has let lie for so long is anybody's."""

_BEFORE_YES: Final = frozenset({OrderState.PLACED, OrderState.AUTHORISED, OrderState.ASKED})
"""Nothing is given back of what nobody has bought yet."""

_O: Final = orders.c
_FIELDS: Final = tuple(Order.__dataclass_fields__)
_COLUMNS: Final = tuple(_O["foreign_price" if name == "foreign" else name] for name in _FIELDS)
_LOAD: Final = select(*_COLUMNS).where(_O.id == bindparam("its_id"))
_BY_DEAL: Final = select(*_COLUMNS).where(
    _O.merchant == bindparam("its_merchant"), _O.deal_id == bindparam("its_deal")
)
_C: Final = confirmations.c
_CONFIRMATION: Final = select(*(_C[name] for name in Confirmation.__dataclass_fields__)).where(
    _C.order_id == bindparam("its_id")
)
_S: Final = selling.c
_SELLING: Final = select(_S.answer_h, _S.remind_h, _S.webhook).where(_S.merchant == bindparam("its_merchant"))
_WISH: Final = select(_O.wish).where(_O.id == bindparam("its_id"))
_HANDED: Final = select(func.count()).where(
    order_events.c.order_id == bindparam("its_id"), order_events.c.kind == OrderKind.HANDED_OVER.value
)
_MOMENT: Final = bindparam("now_ms", type_=_O.due_ms.type)
_MINE: Final = or_(
    bindparam("its_node", type_=_O.node.type).is_(None),
    _O.node.is_(None),
    _O.node == bindparam("its_node", type_=_O.node.type),
    _O.due_ms <= _MOMENT - LEFT_MS,
)
_DUE: Final = (
    select(_O.id)
    .where(_O.due_ms <= _MOMENT, _MINE)
    .order_by(_O.due_ms)
    .limit(bindparam("most", type_=_O.id.type))
)
_P: Final = payments.c
_PAYMENTS_DUE: Final = select(_P.id).where(
    _P.order_id == bindparam("its_id"),
    _P.due_ms <= bindparam("now_ms", type_=_P.due_ms.type),
    or_(
        bindparam("its_node", type_=_P.node.type).is_(None),
        _P.node == bindparam("its_node", type_=_P.node.type),
    ),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One order with all that is known of it. confirmation: None before the question. payments: oldest first.

    answer_h, remind_h: the merchant's own hours, 0: as [orders] says. has_webhook: the shop's server is told.
    handed: the shop has said that the goods are handed over. wish: what a person wants of it, or empty.
    unread: an answer of the customer was taken and is not read yet. returns: what is given back of it, oldest
    first.
    """

    order: Order
    parties: Parties
    confirmation: Confirmation | None
    payments: tuple[Bought, ...]
    answer_h: int = 0
    remind_h: int = 0
    has_webhook: bool = False
    handed: bool = False
    wish: str = ""
    unread: bool = False
    returns: tuple[OrderReturn, ...] = ()


def load(conn: Connection | Sheet, number: int) -> Order | None:
    """The order of that number."""
    row = conn.execute(_LOAD, {"its_id": number}).one_or_none()
    return None if row is None else _order(row)


def by_deal(conn: Connection | Sheet, merchant: int, deal_id: str) -> Order | None:
    """The merchant's order of that deal ID."""
    row = conn.execute(_BY_DEAL, {"its_merchant": merchant, "its_deal": deal_id}).one_or_none()
    return None if row is None else _order(row)


def confirmation(conn: Connection | Sheet, number: int) -> Confirmation | None:
    """Where the asking about that order stands; None: nobody was asked yet."""
    row = conn.execute(_CONFIRMATION, {"its_id": number}).mappings().one_or_none()
    if row is None:
        return None
    typed = {"state": ConfirmState(row["state"]), "needs_person": bool(row["needs_person"])}
    return Confirmation(**{**row, **typed})


def case(conn: Connection, number: int) -> Case | None:
    """The order of that number with all that is known of it."""
    order = load(conn, number)
    if order is None:
        return None
    answer_h, remind_h, webhook = conn.execute(_SELLING, {"its_merchant": order.merchant}).one()
    return Case(
        order,
        order_letters.parties(conn, number),
        confirmation(conn, number),
        tuple(order_payments.of_order(conn, number)),
        answer_h,
        remind_h,
        bool(webhook),
        bool(conn.scalar(_HANDED, {"its_id": number})),
        str(conn.scalar(_WISH, {"its_id": number})),
        customer_answers.is_unread(conn, number),
        () if order.state in _BEFORE_YES else order_returns.of_order(conn, number),
    )


def due(conn: Connection, now_ms: int, limit: int, node: int | None) -> list[int]:
    """Orders to look at now, the longest due first. node: whose, and what others let lie; None: all."""
    return list(conn.scalars(_DUE, {"now_ms": now_ms, "most": limit, "its_node": node}))


def next_due_ms(conn: Connection, now_ms: int) -> int | None:
    """When the next one is due after now, unix ms."""
    found: int | None = conn.scalar(select(func.min(_O.due_ms)).where(_O.due_ms > now_ms))
    return found


def due_payments(conn: Connection, number: int, now_ms: int, node: int | None) -> list[int]:
    """Payments of the order that the sweeper of that node would find due; node None: of all."""
    return list(conn.scalars(_PAYMENTS_DUE, {"its_id": number, "now_ms": now_ms, "its_node": node}))


def _order(row: Any) -> Order:
    values = dict(zip(_FIELDS, row, strict=True))
    foreign = values["foreign"]
    return Order(
        **{
            **values,
            "state": OrderState(values["state"]),
            "settle": Settle(values["settle"]),
            "ask_first": bool(values["ask_first"]),
            "foreign": Foreign(**json.loads(foreign)) if foreign else None,
        }
    )
