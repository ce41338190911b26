"""Which orders are stuck, counted in the database: the numbers behind `hagaki doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, func, or_, select

from mail_gateway.domain.order import DEAD, OrderKind, OrderState, Settle
from mail_gateway.domain.order_return import ReturnState
from mail_gateway.domain.payment import TAKEN, UNANSWERED, Trade
from mail_gateway.store.order_tables import (
    confirmations,
    order_events,
    order_lines,
    order_returns,
    orders,
    products,
)
from mail_gateway.store.tables import merchants, payments

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

    Rows = list[dict[str, Any]]

_O: Final = orders.c
_P: Final = payments.c
_R: Final = order_returns.c
_SHOWN: Final = (_O.id.label("order"), merchants.c.name.label("merchant"), _O.deal_id, _O.state)
_TAKES_MONEY: Final = (Trade.SALE.value, Trade.CAPTURE.value)
_GIVES_BACK: Final = tuple(kind.value for kind in Trade if kind.is_return)
_BEFORE_YES: Final = (OrderState.PLACED, OrderState.AUTHORISED, OrderState.ASKED)


def overdue(conn: Connection, before_ms: int) -> Rows:
    """Orders that were due before that moment, and that nobody has looked at."""
    return _rows(conn, _orders().where(_O.due_ms < before_ms))


def waiting(conn: Connection, before_ms: int) -> Rows:
    """Orders placed before that moment whose money is still not sure."""
    return _rows(conn, _orders().where(_O.state == OrderState.PLACED, _O.placed_ms < before_ms))


def not_captured(conn: Connection, before_ms: int) -> Rows:
    """Orders with a yes from before that moment and no money; daily ones once it is asked for."""
    asked = _orders().join(confirmations, confirmations.c.order_id == _O.id)
    asked = asked.where(_O.state == OrderState.CONFIRMED, confirmations.c.answered_ms < before_ms)
    taking = select(_P.id).where(
        _P.order_id == _O.id, _P.kind.in_(_TAKES_MONEY), _P.hold == 0, _P.attempts > 0
    )
    is_asked_for = or_(_O.tries > 0, taking.exists())
    return _rows(conn, asked.where(or_(_O.settle != Settle.DAILY.value, is_asked_for)))


def failed(conn: Connection, since_ms: int) -> Rows:
    """Orders that were made since then, and then the money could not be had."""
    return _rows(conn, _orders().where(_O.state == OrderState.FAILED, _O.made_ms >= since_ms))


def unpaid(conn: Connection, since_ms: int) -> Rows:
    """Orders of which it was learned since then that their money was not collected."""
    asked = _orders().join(order_events, order_events.c.order_id == _O.id)
    learned = (order_events.c.kind == OrderKind.NOT_COLLECTED.value, order_events.c.at_ms >= since_ms)
    return _rows(conn, asked.where(*learned))


def unclear(conn: Connection) -> Rows:
    """Orders whose customer wrote what nobody understood, or is locked out."""
    asked = _orders().join(confirmations, confirmations.c.order_id == _O.id)
    return _rows(conn, asked.where(_O.state == OrderState.ASKED, confirmations.c.needs_person == 1))


def kept(conn: Connection) -> Rows:
    """Dead orders that have charged the customer, and nothing is under way that gives all of it back."""
    charged = select(_P.id).where(
        _P.order_id == _O.id,
        _P.kind.in_(_TAKES_MONEY),
        _P.state.in_(TAKEN),
        _P.returned_minor < _P.amount_minor,  # also where a person gave back a part
    )
    return _rows(conn, _orders().where(_O.state.in_(DEAD), _O.due_ms.is_(None), charged.exists()))


def not_returned(conn: Connection, since_ms: int) -> Rows:
    """Returns of live orders that were refused since then, and not made good by a later one."""
    later = order_returns.alias().c
    made_good = select(later.id).where(
        later.order_id == _R.order_id,
        later.id > _R.id,
        later.state == ReturnState.DONE.value,
        later.amount_minor >= _R.amount_minor,
    )
    asked = _orders().join(order_returns, _R.order_id == _O.id).add_columns(_R.return_id, _R.amount_minor)
    refused = (_R.state == ReturnState.REFUSED.value, _R.asked_ms >= since_ms, _O.state.not_in(DEAD))
    return _rows(conn, asked.where(*refused, ~made_good.exists()))


def not_yet_returned(conn: Connection, before_ms: int) -> Rows:
    """Returns that were asked for before then, and that nobody has answered for sure."""
    asked = _orders().join(order_returns, _R.order_id == _O.id).add_columns(_R.return_id, _R.amount_minor)
    return _rows(conn, asked.where(_R.state == ReturnState.OPEN.value, _R.asked_ms < before_ms))


def not_yet_given_back(conn: Connection, before_ms: int) -> Rows:
    """Dead orders whose charge was asked back before then, in vain, and that still wait for an answer."""
    lost = select(_P.id).where(
        _P.order_id == _O.id,
        _P.kind.in_(_GIVES_BACK),
        _P.state.in_(UNANSWERED),
        _P.received_ms < before_ms,
    )
    return _rows(conn, _orders().where(_O.state.in_(DEAD), _O.due_ms.is_not(None), lost.exists()))


def miscounted(conn: Connection) -> Rows:
    """Products of which more or less is reserved than orders without an answer want."""
    wanted = func.coalesce(
        func.sum(case((_O.state.in_(_BEFORE_YES), order_lines.c.quantity), else_=0)), 0
    ).label("wanted")
    asked = (
        select(products.c.merchant, products.c.code, products.c.reserved, wanted)
        .outerjoin(order_lines, order_lines.c.product == products.c.id)
        .outerjoin(orders, _O.id == order_lines.c.order_id)
        .group_by(products.c.id, products.c.merchant, products.c.code, products.c.reserved)
        .having(products.c.reserved != wanted)
    )
    return _rows(conn, asked)


def _orders() -> Select[Any]:
    return select(*_SHOWN).join(merchants, merchants.c.id == _O.merchant).order_by(_O.id)


def _rows(conn: Connection, asked: Select[Any]) -> Rows:
    return [dict(row) for row in conn.execute(asked).mappings()]
