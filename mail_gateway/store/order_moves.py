"""The one unit of work that moves an order: events, stock, the asking, letters and hooks, or nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, insert, select, update

from mail_gateway.domain.confirmation import Confirmation
from mail_gateway.domain.order import DEAD, OrderKind, OrderState, follow
from mail_gateway.domain.payment import State
from mail_gateway.store import hooks, order_letters, order_payments, order_returns
from mail_gateway.store.order_tables import confirmations, order_events, order_lines, orders, products
from mail_gateway.store.sheet import Stale

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mail_gateway.domain.hook import Hook
    from mail_gateway.domain.order import Order, OrderEvent
    from mail_gateway.domain.order_return import OrderReturn
    from mail_gateway.store.letters import Queued
    from mail_gateway.store.orders import Case
    from mail_gateway.store.sheet import Sheet

    Also = Callable[[Sheet], object]

CHANGED: Final = ("until_ms", "due_ms", "made_ms", "tries", "letters", "remark", "returned_minor")
"""Columns of an order that a move may change besides its state."""

ORDER_DEAD: Final = "order-dead"
"""Why a return came to nothing: its order did."""

_O: Final = orders.c
_EPOCH: Final = (
    select(_O.epoch).where(_O.id == bindparam("its_id")).with_for_update()  # SQLite has one writer anyway
)
_EVENT: Final = insert(order_events)
_MOVE: Final = (
    update(orders)
    .where(_O.id == bindparam("its_id"))
    .values({name: bindparam(f"new_{name}", type_=_O[name].type) for name in ("state", "node", *CHANGED)})
    .values(epoch=_O.epoch + 1)
)
_C: Final = confirmations.c
_ASKING: Final = tuple(name for name in Confirmation.__dataclass_fields__ if name != "order_id")
_ASK: Final = insert(confirmations)
_ANSWER: Final = (
    update(confirmations)
    .where(_C.order_id == bindparam("its_id"))
    .values({name: bindparam(f"new_{name}", type_=_C[name].type) for name in _ASKING})
)
_LINES: Final = (
    select(order_lines.c.product, order_lines.c.quantity)
    .where(order_lines.c.order_id == bindparam("its_id"), order_lines.c.product.is_not(None))
    .order_by(order_lines.c.product)  # in one order: no two wait for each other
)
_STOCK: Final = (
    update(products)
    .where(products.c.id == bindparam("its_id"))
    .values(stock=products.c.stock + bindparam("more", type_=products.c.reserved.type))
    .values(reserved=products.c.reserved + bindparam("reserved_more", type_=products.c.reserved.type))
)
_WAITING: Final = (State.HELD, State.AUTHORISED)


@dataclass(frozen=True, slots=True)
class OrderEntry:
    """All that one commit says about one order.

    case: as it was read; the entry holds only if nobody has changed it since. changes: of CHANGED; an order
    that moved is due at once unless they say otherwise. confirmation: as it is from now on, None: as it was.
    also: further units of work in the same commit, such as a payment begun or a mail handled. back: a return
    of it that ends.
    """

    case: Case
    node: int
    at_ms: int
    events: tuple[OrderEvent, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    confirmation: Confirmation | None = None
    letters: tuple[Queued, ...] = ()
    hooks: tuple[Hook, ...] = ()
    also: tuple[Also, ...] = ()
    back: OrderReturn | None = None


def after(entry: OrderEntry) -> Order:
    """The order as the entry leaves it. Raises IllegalOrderMove."""
    order, state = entry.case.order, entry.case.order.state
    for event in entry.events:
        state = follow(state, event.kind)
    changes = {"due_ms": entry.at_ms if entry.events else order.due_ms, **entry.changes}
    changes["letters"] = order.letters + len(entry.letters)
    return replace(order, state=state, epoch=order.epoch + 1, **changes)


def move(sheet: Sheet, entry: OrderEntry) -> Order:
    """Unit of work: write the entry; -> the order as it is now. Raises Stale, IllegalOrderMove."""
    order, moved = entry.case.order, after(entry)
    if sheet.scalar(_EPOCH, {"its_id": order.id}) != order.epoch:
        raise Stale
    state = order.state
    for event in entry.events:
        state = _step(sheet, entry, state, event)
    if entry.back is not None:
        order_returns.end(sheet, entry.back)
    changed = {f"new_{name}": getattr(moved, name) for name in CHANGED}
    own = {"its_id": order.id, "new_state": moved.state.value, "new_node": entry.node}
    sheet.execute(_MOVE, {**own, **changed})
    if entry.confirmation is not None:
        _answer(sheet, entry.case, entry.confirmation)
    for letter in entry.letters:
        order_letters.put(sheet, order.id, letter, entry.at_ms)
    for hook in entry.hooks:
        hooks.put(sheet, hook, entry.at_ms)
    if moved.state is not order.state and (moved.state is OrderState.CONFIRMED or moved.state in DEAD):
        _wake(sheet, entry)
    if moved.state is not order.state and moved.state in DEAD:
        order_returns.close(sheet, order.id, ORDER_DEAD)
    for unit in entry.also:
        unit(sheet)
    return moved


def _step(sheet: Sheet, entry: OrderEntry, before: OrderState, event: OrderEvent) -> OrderState:
    """One arrow, and what it does to the stock."""
    end = follow(before, event.kind)
    row = {
        "order_id": entry.case.order.id,
        "at_ms": entry.at_ms,
        "before": before.value,
        "kind": event.kind.value,
        "after": end.value,
        "facts": json.dumps(dict(event.facts), sort_keys=True, ensure_ascii=False),
    }
    sheet.execute(_EVENT, row)
    if event.kind is OrderKind.YES:
        _restock(sheet, entry.case.order.id, -1, -1)
    elif event.kind in (OrderKind.NOT_CAPTURED, OrderKind.NOT_COLLECTED, OrderKind.RETURNED):
        if not entry.case.handed:  # those goods are not in the shop any more
            _restock(sheet, entry.case.order.id, 1, 0)
    elif end in DEAD:
        _restock(sheet, entry.case.order.id, 0, -1)
    return end


def _restock(sheet: Sheet, order: int, stock: int, reserved: int) -> None:
    """A stock that is not counted is NULL, and stays so."""
    for line in sheet.execute(_LINES, {"its_id": order}).all():
        more = {"more": stock * line.quantity, "reserved_more": reserved * line.quantity}
        sheet.execute(_STOCK, {"its_id": line.product, **more})


def _answer(sheet: Sheet, case: Case, asking: Confirmation) -> None:
    values: dict[str, Any] = {name: getattr(asking, name) for name in _ASKING}
    values |= {"state": asking.state.value, "needs_person": int(asking.needs_person)}
    if case.confirmation is None:
        sheet.execute(_ASK, {"order_id": case.order.id, **values})
        return
    changed = {f"new_{name}": value for name, value in values.items()}
    sheet.execute(_ANSWER, {"its_id": case.order.id, **changed})


def _wake(sheet: Sheet, entry: OrderEntry) -> None:
    """Payments that wait for the order ask it now."""
    for payment in entry.case.payments:
        if payment.state in _WAITING:
            order_payments.wake(sheet, payment.id, entry.at_ms)
