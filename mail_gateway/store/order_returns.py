"""Returns of orders on disk: asked for by the shop, begun as payments, ended with the order's own move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, insert, select, update

from mail_gateway.domain.order_return import OrderReturn, ReturnState
from mail_gateway.store import order_payments
from mail_gateway.store.order_tables import order_returns

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mail_gateway.store.sheet import Sheet

_R: Final = order_returns.c
_FIELDS: Final = tuple(OrderReturn.__dataclass_fields__)
_OF_ORDER: Final = (
    select(*(_R[name] for name in _FIELDS)).where(_R.order_id == bindparam("its_order")).order_by(_R.id)
)
_PUT: Final = insert(order_returns)
_BEGUN: Final = update(order_returns).where(_R.id == bindparam("its_id")).values(payment=bindparam("its"))
_END: Final = (
    update(order_returns)
    .where(_R.id == bindparam("its_id"))
    .values({name: bindparam(f"new_{name}", type_=_R[name].type) for name in ("state", "code")})
)
_CLOSE: Final = (
    update(order_returns)
    .where(_R.order_id == bindparam("its_order"), _R.state == ReturnState.OPEN.value)
    .values(state=ReturnState.REFUSED.value, code=bindparam("why"))
)


def of_order(conn: Connection, order: int) -> tuple[OrderReturn, ...]:
    """All returns of an order, oldest first."""
    rows = conn.execute(_OF_ORDER, {"its_order": order}).mappings()
    return tuple(OrderReturn(**{**row, "state": ReturnState(row["state"])}) for row in rows)


def put(sheet: Sheet, order: int, wanted: OrderReturn) -> None:
    """Unit of work, with a move of its order: it shall be given back."""
    row: dict[str, Any] = {name: getattr(wanted, name) for name in _FIELDS if name not in ("id", "state")}
    sheet.execute(_PUT, {**row, "order_id": order, "state": ReturnState.OPEN.value})


def begin(sheet: Sheet, wanted: OrderReturn, charged: int, node: int, now_ms: int) -> None:
    """Unit of work, with a move of its order: a payment that gives it back, of what `charged` took."""
    number = order_payments.give_back(sheet, charged, node, now_ms, wanted.amount_minor)
    sheet.execute(_BEGUN, {"its_id": wanted.id, "its": number})


def end(sheet: Sheet, ended: OrderReturn) -> None:
    """Unit of work, with the move of its order that tells of it, before it: given back, or refused."""
    new = {"new_state": ended.state.value, "new_code": ended.code}
    sheet.execute(_END, {"its_id": ended.id, **new})


def close(sheet: Sheet, order: int, why: str) -> None:
    """Unit of work, with the death of its order: nothing is left to give back. why: a slug."""
    sheet.execute(_CLOSE, {"its_order": order, "why": why})
