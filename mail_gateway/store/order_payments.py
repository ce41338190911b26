"""Payments of orders on disk: begun by the order, captured or given back by it, and found again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite says it in the same words

from mail_gateway.domain.customer import MeansKind
from mail_gateway.domain.order import OrderState
from mail_gateway.domain.payment import State, Trade
from mail_gateway.store.register import NO_KEY
from mail_gateway.store.sheet import Line, Step
from mail_gateway.store.tables import means, orders, payments, readers

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mail_gateway.domain.order import Order
    from mail_gateway.store.sheet import Sheet

LUMP_SUM: Final = 10
"""UnifiedPOS CAT PaymentCondition: all at once."""

_P: Final = payments.c
_BEGIN: Final = Line(Step.PAYMENT, insert(payments))
_READER: Final = select(readers.c.id).where(readers.c.key_id == bindparam("its_key_id"))
_NEW_READER: Final = upsert(readers).on_conflict_do_nothing().returning(readers.c.id)
_SHOWN: Final = select(means.c.shown).where(means.c.id == bindparam("its_means"))
_COUNT: Final = select(func.count()).where(_P.order_id == bindparam("its_order"))
_FIRST: Final = select(
    *(_P.reader, _P.ksn, _P.currency, _P.masked_card, _P.condition, _P.order_id),
    _P.amount_minor - _P.returned_minor,
).where(_P.id == bindparam("its_id"))
_REFUSED_VOIDS: Final = select(func.count()).where(
    _P.original == bindparam("its_id"),
    _P.kind == Trade.VOID.value,
    or_(*(_P.state == no.value for no in (State.DECLINED, State.RE_ENTER, State.REFUSED))),
)
_RETURNED: Final = select(_P.amount_minor, _P.returned_minor).where(_P.id == bindparam("its_id"))
_WAKE: Final = Line(
    Step.COUNT,
    update(payments)
    .where(
        _P.id == bindparam("its_id"),
        or_(_P.state == State.HELD.value, _P.state == State.AUTHORISED.value),
    )
    .values(due_ms=bindparam("at_ms", type_=_P.due_ms.type), epoch=_P.epoch + 1),
)
_LOOK: Final = Line(
    Step.COUNT,
    update(orders)
    .where(orders.c.id == bindparam("its_id"))
    .values(due_ms=bindparam("at_ms", type_=orders.c.due_ms.type), epoch=orders.c.epoch + 1),
)


@dataclass(frozen=True, slots=True)
class Bought:
    """One payment of an order. Amounts: minor units of the order's currency.

    hold: it only keeps the amount. original: of a capture the hold, of a return the sale or capture that it
    gives back. code: why not. returned_minor: what returns of it hold. acquirer: who was asked, or empty.
    received_ms: when it was begun, unix ms.
    """

    id: int
    kind: Trade
    state: State
    amount_minor: int
    hold: bool
    original: int | None
    approval_number: str
    code: str
    returned_minor: int
    acquirer: str
    received_ms: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a payment of an order asks its order. customer: its row's number; wrapped: the means, None once
    it is wiped; acquirer: whom the means wants asked, or empty. placed_ms: unix ms."""

    state: OrderState
    ask_first: bool
    placed_ms: int
    customer: int
    kind: MeansKind
    acquirer: str
    wrapped: bytes | None = field(repr=False)


def begin(sheet: Sheet, order: Order, node: int, now_ms: int, *, hold: bool) -> int:
    """Unit of work: the order's sale, of its total, by its means; -> the payment's number.

    hold: the acquirer only keeps the amount, until `capture` or the order's death. An order that asks first
    has its payment wait as HELD until the customer has said yes. The order's own row need not be there yet.
    """
    ((shown,),) = sheet.ask(_SHOWN, {"its_means": order.means})
    key_id = NO_KEY + order.merchant.to_bytes(4, "big")
    own = {
        "reader": _reader(sheet, key_id, order.merchant, now_ms),
        "ksn": key_id + bytes(4),
        "currency": order.currency,
        "masked_card": shown,
        "condition": LUMP_SUM,
        "order_id": order.id,
        "amount_minor": order.total_minor,
    }
    return _add(sheet, own, node, now_ms, kind=Trade.SALE.value, hold=int(hold))


def capture(sheet: Sheet, hold: int, amount_minor: int, node: int, now_ms: int) -> int:
    """Unit of work: take what that payment holds, or less; -> the number of the capture.

    The hold is looked at again as well. A capture that was not approved is tried again by another one.
    """
    wake(sheet, hold, now_ms)
    own = {**_own(sheet, hold), "amount_minor": amount_minor}
    return _add(sheet, own, node, now_ms, kind=Trade.CAPTURE.value, original=hold)


def give_back(sheet: Sheet, charged: int, node: int, now_ms: int, amount_minor: int | None = None) -> int:
    """Unit of work: so much of a charged sale or capture is given back, None: all that is left of it; -> the
    return's number.

    The whole as a void; a part, or where a void was refused, or some of it was given back, as a refund.
    """
    ((refused,),) = sheet.ask(_REFUSED_VOIDS, {"its_id": charged})
    ((all_minor, returned_minor),) = sheet.ask(_RETURNED, {"its_id": charged})
    is_part = amount_minor not in (None, all_minor)
    kind = Trade.REFUND if refused or returned_minor or is_part else Trade.VOID
    own = _own(sheet, charged)
    own["amount_minor"] = own["amount_minor"] if amount_minor is None else amount_minor
    return _add(sheet, own, node, now_ms, kind=kind.value, original=charged)


def wake(sheet: Sheet, payment: int, now_ms: int) -> None:
    """Unit of work: a payment that waits for its order asks it now. Any other is left alone."""
    sheet.add(_WAKE, {"its_id": payment, "at_ms": now_ms})


def look(sheet: Sheet, order: int, now_ms: int) -> None:
    """Unit of work: money of it has moved without it, and the order may be at rest since long: it looks."""
    sheet.add(_LOOK, {"its_id": order, "at_ms": now_ms})


def of_order(conn: Connection, order_id: int) -> list[Bought]:
    """All payments of an order, oldest first."""
    asked = select(*(payments.c[name] for name in Bought.__dataclass_fields__))
    rows = conn.execute(asked.where(_P.order_id == order_id).order_by(_P.id)).mappings()
    return [Bought(**{**row, **_typed(row)}) for row in rows]


def purchase(conn: Connection, order_id: int) -> Purchase | None:
    """What its order says now; None: the order is not there."""
    o, m = orders.c, means.c
    asked = select(o.state, o.ask_first, o.placed_ms, o.customer, m.kind, m.acquirer, m.wrapped)
    row = conn.execute(asked.join(means, m.id == o.means).where(o.id == order_id)).one_or_none()
    if row is None:
        return None
    state, ask_first, placed_ms, customer, kind, acquirer, wrapped = row
    typed = (OrderState(state), bool(ask_first), placed_ms, customer, MeansKind(kind))
    return Purchase(*typed, acquirer, wrapped)


def captures(conn: Connection, hold: int) -> list[State]:
    """Where the captures of a hold stand."""
    asked = select(_P.state).where(_P.original == hold, _P.kind == Trade.CAPTURE.value)
    return [State(state) for state in conn.scalars(asked.order_by(_P.id))]


def _own(sheet: Sheet, number: int) -> dict[str, Any]:
    """What a later payment of the order has from an earlier one."""
    names = ("reader", "ksn", "currency", "masked_card", "condition", "order_id", "amount_minor")
    (found,) = sheet.ask(_FIRST, {"its_id": number})
    return dict(zip(names, found, strict=True))


def _add(sheet: Sheet, own: dict[str, Any], node: int, now_ms: int, **more: Any) -> int:
    """One payment more of that order: of two that are begun at once the database keeps one."""
    ((place,),) = sheet.ask(_COUNT, {"its_order": own["order_id"]})
    number = sheet.next_id(payments.name)
    row = {
        **own,
        "id": number,
        "received_ms": now_ms,
        "envelope_hash": hashlib.sha256(b"order %d/%d" % (own["order_id"], place)).digest(),
        "due_ms": now_ms,
        "node": node,
        "keyed_s": now_ms // 1000,
        "original": None,
        "hold": 0,
    }
    sheet.add(_BEGIN, {**row, **more})
    return number


def _reader(sheet: Sheet, key_id: bytes, merchant: int, now_ms: int) -> int:
    """The merchant's reader for its orders, made when it is first needed."""
    found = sheet.ask(_READER, {"its_key_id": key_id})
    if found:
        return int(found[0][0])
    sheet.execute(_NEW_READER, {"key_id": key_id, "merchant": merchant, "created_ms": now_ms})
    return int(sheet.scalar(_READER, {"its_key_id": key_id}))


def _typed(row: Any) -> dict[str, Any]:
    return {"kind": Trade(row["kind"]), "state": State(row["state"]), "hold": bool(row["hold"])}
