"""The audit of orders: events that follow the table, lines and returns that sum up, letters without a gap."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from mail_gateway.domain.order import ORDER_TRANSITIONS, OrderKind, OrderState
from mail_gateway.domain.order_return import ReturnState
from mail_gateway.domain.payment import TAKEN, Trade
from mail_gateway.store.tables import letters, order_events, order_lines, order_returns, orders, payments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Table

BATCH: Final = 500
"""Orders read at once."""

_O: Final = orders.c


def verify(conn: Connection) -> Iterator[tuple[int, Mapping[str, int], Sequence[tuple[str, str]]]]:
    """Order by order: its number, how many events and letters were looked at, and its faults as slug and
    words."""
    after = 0
    asked = (
        select(_O.id, _O.state, _O.total_minor, _O.returned_minor, _O.letters).order_by(_O.id).limit(BATCH)
    )
    while batch := conn.execute(asked.where(_O.id > after)).all():
        first, after = batch[0].id, batch[-1].id
        happened = _of(conn, order_events, first, after, ("before", "kind", "after"))
        sold = _of(conn, order_lines, first, after, ("unit_minor", "quantity"))
        back = _of(conn, order_returns, first, after, ("return_id", "amount_minor", "state", "payment"))
        paid = _of(conn, payments, first, after, ("id", "kind", "amount_minor", "state"))
        told = _of(conn, letters, first, after, ("version",))
        for order in batch:
            versions = [row.version for row in told[order.id]]
            counts = {"events": len(happened[order.id]), "letters": len(versions)}
            faults = (
                *_events(order, happened[order.id]),
                *_lines(order, sold[order.id]),
                *_returns(order, back[order.id], paid[order.id]),
                *_letters(order, versions),
            )
            yield order.id, counts, faults


def _of(conn: Connection, table: Table, first: int, last: int, names: Iterable[str]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    asked = select(table.c.order_id, *(table.c[name] for name in names))
    within = (table.c.order_id >= first, table.c.order_id <= last)
    for row in conn.execute(asked.where(*within).order_by(*table.primary_key.columns)):
        found[row.order_id].append(row)
    return found


def _events(order: Any, happened: Iterable[Any]) -> Iterator[tuple[str, str]]:
    state: str = OrderState.PLACED
    for event in happened:
        if event.before != state:
            yield "event-gap", f"an event begins at {event.before}, but it stood at {state}"
        arrows = ORDER_TRANSITIONS.get(OrderState(event.before), {})
        if arrows.get(OrderKind(event.kind)) != event.after:
            yield "event-illegal", f"{event.kind} goes a way that the table does not have"
        state = event.after
    if order.state != state:
        yield "state-differs", f"it says {order.state}, its events say {state}"


def _lines(order: Any, sold: Iterable[Any]) -> Iterator[tuple[str, str]]:
    total_minor = sum(line.unit_minor * line.quantity for line in sold)
    if total_minor != order.total_minor:
        yield "lines-differ", f"its lines make {total_minor}, it says {order.total_minor}"


def _returns(order: Any, back: Iterable[Any], paid: Iterable[Any]) -> Iterator[tuple[str, str]]:
    done = [one for one in back if one.state == ReturnState.DONE]
    returned_minor = sum(one.amount_minor for one in done)
    if returned_minor != order.returned_minor:
        yield "returns-differ", f"its returns make {returned_minor}, it says {order.returned_minor}"
    gave = {one.id: one.amount_minor for one in paid if one.state in TAKEN and Trade(one.kind).is_return}
    for one in done:
        if one.payment is not None and gave.get(one.payment) != one.amount_minor:
            yield "return-unpaid", f"return {one.return_id} is done, and payment {one.payment} gave nothing"


def _letters(order: Any, versions: Sequence[int]) -> Iterator[tuple[str, str]]:
    if sorted(versions) != list(range(1, order.letters + 1)):
        yield "letter-gap", f"it counts {order.letters} letters, there are {len(versions)}"
