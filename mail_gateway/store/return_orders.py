"""Returns that a person at the centre orders: a note on the sale, and the payment that comes of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, insert, select, update

from mail_gateway.domain.order import DEAD
from mail_gateway.domain.order_return import by_centre
from mail_gateway.store import notes, order_payments, order_returns
from mail_gateway.store.record import record
from mail_gateway.store.sheet import Line, Step
from mail_gateway.store.tables import orders, payments

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mail_gateway.domain.payment import Trade
    from mail_gateway.domain.returns import Sold
    from mail_gateway.store.notes import Note
    from mail_gateway.store.record import Entry
    from mail_gateway.store.sheet import Sheet

_P: Final = payments.c
_BEGIN: Final = Line(Step.PAYMENT, insert(payments))
_O: Final = orders.c
_STATE: Final = select(_O.state).where(_O.id == bindparam("its_id"))


def order(conn: Connection, sale: Sold, at_ms: int, note: Note) -> bool:
    """Unit of work: money of this sale shall be given back; the gateway finds the sale due.

    -> False if it changed since it was judged, or has an order that was not taken up yet.
    """
    asked = update(payments).where(_P.id == sale.id, _P.epoch == sale.epoch, _P.due_ms.is_(None))
    if conn.execute(asked.values(due_ms=_P.received_ms, epoch=_P.epoch + 1)).rowcount != 1:
        return False
    notes.add(conn, sale.id, at_ms, note)
    return True


def begin(sheet: Sheet, taken_up: Entry, kind: Trade, amount_minor: int) -> int:
    """Unit of work: a return without an envelope, and the entry that takes up its sale's order.

    -> the return's number. What was paid for an order that is not dead is given back as a return of that
    order, which then tells how it ends. Raises Stale.
    """
    record(sheet, taken_up)
    sale, number = taken_up.payment, sheet.next_id(payments.name)
    order_id = sale.order_id
    if order_id is not None and sheet.scalar(_STATE, {"its_id": order_id}) in DEAD:
        order_id = None
    row = {
        "id": number,
        "reader": sale.reader,
        "received_ms": taken_up.at_ms,
        "envelope_hash": hashlib.sha256(b"return %d" % number).digest(),
        "ksn": sale.ksn,
        "due_ms": taken_up.at_ms,
        "node": taken_up.node,
        "amount_minor": amount_minor,
        "currency": sale.currency,
        "slip": sale.slip,
        "masked_card": sale.masked_card,
        "kind": kind.value,
        "original": sale.id,
        "keyed_s": taken_up.at_ms // 1000,
        "condition": sale.condition,
        "order_id": order_id,
    }
    sheet.add(_BEGIN, row)
    if order_id is not None:
        order_returns.put(sheet, order_id, by_centre(number, amount_minor, taken_up.at_ms))
        order_payments.look(sheet, order_id, taken_up.at_ms)
    return number
