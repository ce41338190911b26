"""Orders and their deals for a person: a list, all rows of one, and what a person wants of one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select, update

from mail_gateway.domain.confirmation import ConfirmState
from mail_gateway.domain.order import ENDED_ORDERS, OrderKind, OrderState
from mail_gateway.store.order_tables import confirmations, customers, order_events, order_returns, orders
from mail_gateway.store.tables import letters, mails, merchants, payments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Table

CANCEL: Final = "cancel"
"""The one wish that a person may have of an order; the gateway does it."""

_O: Final = orders.c
_C: Final = confirmations.c
_EVENT: Final = ("at_ms", "before", "kind", "after", "facts")
_LETTER: Final = (
    "created_ms",
    "kind",
    "version",
    "message_id",
    "recipient",
    "rerouted_to",
    "state",
    "sent_ms",
    "bounced_ms",
    "remark",
    "raw",
)
_MAIL: Final = ("id", "received_ms", "sender", "message_id", "verdict", "slug", "proof", "raw")
_PAYMENT: Final = (
    *("id", "received_ms", "kind", "state", "amount_minor", "currency", "hold", "original"),
    *("approval_number", "acquirer", "code"),
)

_RETURN: Final = ("asked_ms", "return_id", "amount_minor", "reason", "state", "payment", "code")


def listed(conn: Connection, limit: int, *, is_open: bool) -> list[dict[str, Any]]:
    """The newest orders first; is_open: only those that are not over."""
    shown = (
        *(_O.id, _O.deal_id, merchants.c.name.label("shop"), customers.c.customer_id.label("customer")),
        *(_O.state, _O.total_minor, _O.returned_minor, _O.currency, _O.placed_ms, _O.until_ms),
        *(_C.state.label("asking"), _C.how),
    )
    asked = select(*shown).join(merchants, merchants.c.id == _O.merchant)
    asked = asked.join(customers, customers.c.id == _O.customer)
    asked = asked.outerjoin(confirmations, _C.order_id == _O.id)
    if is_open:
        asked = asked.where(_O.state.not_in([state.value for state in ENDED_ORDERS]))
    return [dict(row) for row in conn.execute(asked.order_by(_O.id.desc()).limit(limit)).mappings()]


def happened(conn: Connection, order: int) -> dict[str, list[dict[str, Any]]]:
    """All rows of one order, oldest first: events, letters, mails, payments, returns."""
    found = {
        "events": _rows(conn, order_events, _EVENT, order),
        "letters": _rows(conn, letters, _LETTER, order),
        "mails": _rows(conn, mails, _MAIL, order),
        "payments": _rows(conn, payments, _PAYMENT, order),
        "returns": _rows(conn, order_returns, _RETURN, order),
    }
    for event in found["events"]:
        event["facts"] = json.loads(event["facts"])
    return found


def unlock(conn: Connection, order: int, now_ms: int, said: Mapping[str, str]) -> bool:
    """Unit of work: answers count again, from none wrong; False: they were not locked. now_ms: unix ms.
    said: who did it and why, kept as the event's facts."""
    fresh = {"state": ConfirmState.ASKED.value, "wrong": 0, "needs_person": 0}
    locked = (_C.order_id == order, _C.state == ConfirmState.LOCKED.value)
    if conn.execute(update(confirmations).where(*locked).values(fresh)).rowcount != 1:
        return False
    stays = {"before": OrderState.ASKED.value, "after": OrderState.ASKED.value}
    event = {"order_id": order, "at_ms": now_ms, "kind": OrderKind.UNLOCKED.value, **stays}
    facts = json.dumps(dict(said), sort_keys=True, ensure_ascii=False)
    conn.execute(insert(order_events).values(**event, facts=facts))
    moved = {"epoch": _O.epoch + 1, "due_ms": now_ms}
    conn.execute(update(orders).where(_O.id == order).values(moved))
    return True


def wish(conn: Connection, order: int, what: str, now_ms: int) -> None:
    """Unit of work: the gateway does it as soon as it looks. now_ms: unix ms."""
    wanted = {"wish": what, "epoch": _O.epoch + 1, "due_ms": now_ms}
    conn.execute(update(orders).where(_O.id == order).values(wanted))


def _rows(conn: Connection, table: Table, names: tuple[str, ...], order: int) -> list[dict[str, Any]]:
    asked = select(*(table.c[name] for name in names)).where(table.c.order_id == order)
    return [dict(row) for row in conn.execute(asked.order_by(table.c.id)).mappings()]
