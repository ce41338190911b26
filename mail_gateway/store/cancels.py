"""Cancels on disk: how the sale stands that one names, and a key that is burned."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, exists, insert, or_, select

from mail_gateway.domain.ksn import counter_of
from mail_gateway.domain.payment import ENDED, State, Trade
from mail_gateway.store.payments import load
from mail_gateway.store.sheet import Line, Stale, Step
from mail_gateway.store.tables import payments

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sqlalchemy import Connection

    from mail_gateway.store.payments import Payment
    from mail_gateway.store.sheet import Sheet

_P: Final = payments.c
_UNDER: Final = select(_P.id).where(
    _P.reader == bindparam("its_reader"), _P.counter == bindparam("its_counter")
)
_BURNED: Final = select(
    exists().where(
        _P.reader == bindparam("its_reader"),
        _P.counter == bindparam("its_counter"),
        _P.sale_hash.is_(None),
        _P.kind == Trade.SALE.value,
        _P.state.in_((State.RECEIVED, State.CANCELLED)),
    )
)
_RETURNING: Final = select(
    exists().where(
        _P.original == bindparam("its_id"),
        _P.state.not_in(ENDED),
        or_(_P.kind != Trade.CANCEL.value, _P.state != State.RECEIVED, _P.shunted == 1),
    )
)
_HAS_SEALED: Final = select(
    exists().where(
        _P.reader == bindparam("its_reader"),
        _P.counter.is_(None),
        _P.ksn == bindparam("its_ksn"),
        _P.version > 0,
    )
)
_BURN: Final = Line(Step.PAYMENT, insert(payments))


class Standing(NamedTuple):
    """Of one moment. sale: the payment that holds a key, None: nobody has opened one. returning: money of it
    is being given back, and nobody knows yet how it ends; a cancel that waits gives nothing back. has_sealed:
    the key of a burned one has sealed that a person looks at its sale, which was never opened."""

    sale: Payment | None
    returning: bool = False
    has_sealed: bool = False


def standing(conn: Connection, reader: int, counter: int) -> Standing:
    """How the payment that holds that key stands now."""
    number = conn.scalar(_UNDER, {"its_reader": reader, "its_counter": counter})
    if number is None:
        return Standing(None)
    sale = load(conn, number)
    assert sale is not None, "payments are never deleted"
    key = {"its_reader": reader, "its_ksn": sale.ksn}
    has_sealed = sale.sale_hash is None and bool(conn.scalar(_HAS_SEALED, key))
    return Standing(sale, bool(conn.scalar(_RETURNING, {"its_id": number})), has_sealed)


def is_burned(conn: Connection, reader: int, counter: int) -> bool:
    """Whether a cancel took that key before its sale came: a payment that was never sealed holds it."""
    return bool(conn.scalar(_BURNED, {"its_reader": reader, "its_counter": counter}))


def burn(sheet: Sheet, row: Mapping[str, Any]) -> int:
    """Unit of work: a payment without an envelope takes a key, so that no sale can; -> its number.

    row: reader, ksn, received_ms, and what the cancel says of the sale. Raises Stale where the key is taken.
    """
    ksn, reader = row["ksn"], row["reader"]
    counter = counter_of(ksn)
    if sheet.ask(_UNDER, {"its_reader": reader, "its_counter": counter}):
        raise Stale
    number = sheet.next_id(payments.name)
    own = {"id": number, "counter": counter, "envelope_hash": hashlib.sha256(b"burned " + ksn).digest()}
    sheet.add(_BURN, {**row, **own})
    return number
