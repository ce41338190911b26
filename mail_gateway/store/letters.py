"""Letters on disk: stored with the event they tell of, sent as the same bytes until somebody takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, case, func, insert, not_, or_, select, update

from mail_gateway.domain.order_news import TO_SHOP
from mail_gateway.domain.outcome import FIRST, Letter
from mail_gateway.store.sheet import Line, Step
from mail_gateway.store.tables import customers, letters, merchants, orders, payments, readers

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mail_gateway.domain.news import Composed
    from mail_gateway.store.sheet import Sheet

SENDING_GUARD_MS: Final = 15 * 60_000
"""A letter in sending for so long was left by a process that died: it is sent again."""

RANKS: Final = (0, 1)
"""What is in doubt or cancelled goes first, then the others."""


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One letter to send. created_ms: unix milliseconds UTC; attempts: how often it was tried before.

    payment_id: None for a letter to a merchant about no payment in particular, and of an order's: order_id.
    """

    id: int
    payment_id: int | None
    kind: Letter
    version: int
    message_id: str
    sender: str
    recipient: str
    raw: bytes = field(repr=False)
    attempts: int
    created_ms: int
    order_id: int | None = None


_C: Final = letters.c
_DUE: Final = select(
    _C.id,
    _C.payment,
    _C.kind,
    _C.version,
    _C.message_id,
    _C.sender,
    case((_C.rerouted_to != "", _C.rerouted_to), else_=_C.recipient),
    _C.raw,
    _C.attempts,
    _C.created_ms,
    _C.order_id,
)


TO_SEND: Final = (
    _DUE.where(_C.due_ms <= bindparam("now_ms"))
    .order_by(_C.rank, _C.due_ms, _C.id)
    .limit(bindparam("most", type_=_C.id.type))
)
_OF_VERSION: Final = select(_C.id, _C.state, _C.recipient).where(
    _C.payment == bindparam("its_payment"), _C.version == bindparam("its_version")
)
_ITS_MERCHANT: Final = (
    select(readers.c.merchant)
    .join(payments, payments.c.reader == readers.c.id)
    .where(payments.c.id == _C.payment)
)
_IS_TO_SHOP: Final = or_(*(_C.kind == kind.value for kind in sorted(TO_SHOP)))
_ITS_SHOP: Final = select(orders.c.merchant).where(orders.c.id == _C.order_id, _IS_TO_SHOP)
_SECOND_OF_MERCHANT: Final = select(merchants.c.second_mail).where(
    merchants.c.id
    == func.coalesce(
        _C.merchant,
        _ITS_MERCHANT.correlate(letters).scalar_subquery(),
        _ITS_SHOP.correlate(letters).scalar_subquery(),
    )
)
_SECOND_OF_CUSTOMER: Final = (
    select(customers.c.second_mail)
    .join(orders, orders.c.customer == customers.c.id)
    .where(orders.c.id == _C.order_id, not_(_IS_TO_SHOP))
)
_SECOND: Final = func.coalesce(
    _SECOND_OF_CUSTOMER.correlate(letters).scalar_subquery(),
    _SECOND_OF_MERCHANT.correlate(letters).scalar_subquery(),
    "",
)
SECOND: Final = select(_SECOND).where(
    _C.id == bindparam("its_id"), _C.rerouted_to == "", _C.recipient != _SECOND
)
"""Where a letter goes that was refused at the first address: once, to the second one of whoever it is for."""

ENDED: Final = ("sent", "refused")
"""States of a letter that nobody hands over any more."""

_PUT: Final = Line(Step.LETTER, insert(letters))
_MARK: Final = update(letters).where(_C.id == bindparam("its_id"))
_OTHERS: Final = letters.alias()
_NEWEST: Final = (
    select(func.max(_OTHERS.c.version)).where(_OTHERS.c.payment == bindparam("its_payment")).scalar_subquery()
)
_AGAIN: Final = Line(
    Step.MARK,
    update(letters)
    .where(_C.payment == bindparam("its_payment"), _C.version == _NEWEST)
    .where(or_(_C.state == "sent", _C.state == "refused"))
    .where(or_(_C.sent_ms.is_(None), _C.sent_ms <= bindparam("left_by_ms")))
    .values(state="due", due_ms=bindparam("now_ms", type_=_C.due_ms.type)),
)


@dataclass(frozen=True, slots=True)
class Queued:
    """A letter that goes into the record of an event."""

    kind: Letter
    version: int
    composed: Composed


def put(sheet: Sheet, payment_id: int, queued: Queued, now_ms: int) -> None:
    """Unit of work: store a letter and make it due at once."""
    sheet.add(_PUT, {"payment": payment_id, **as_due(queued, now_ms)})


def as_due(queued: Queued, now_ms: int) -> dict[str, Any]:
    """A letter's columns but whose it is, due at once. now_ms: unix ms."""
    return {
        "kind": queued.kind.value,
        "version": queued.version,
        "message_id": queued.composed.message_id,
        "sender": queued.composed.sender,
        "recipient": queued.composed.recipient,
        "raw": queued.composed.raw,
        "created_ms": now_ms,
        "rank": RANKS[queued.kind not in FIRST],
        "state": "due",
        "due_ms": now_ms,
    }


def due(conn: Connection, now_ms: int, limit: int) -> list[LetterRow]:
    """What is to be sent now, in doubt and cancelled first, then the longest due."""
    return [row_of(*row) for row in conn.execute(TO_SEND, {"now_ms": now_ms, "most": limit})]


def adopt(conn: Connection, now_ms: int) -> None:
    """Unit of work: what an earlier life was handing over is due now; the reader drops what it has seen."""
    conn.execute(update(letters).where(_C.state == "sending").values(state="uncertain", due_ms=now_ms))


def mark_refused(conn: Connection | Sheet, id: int, now_ms: int, reason: str) -> None:
    """Unit of work: refused for good (5xx). The same bytes go to the merchant's second address, once; without
    one a person has to look."""
    second = conn.scalar(SECOND, {"its_id": id})
    if second:
        _mark(conn, id, state="due", due_ms=now_ms, rerouted_to=second, remark=reason)
    else:
        _mark(conn, id, state="refused", due_ms=None, sent_ms=now_ms, remark=reason)


def mark_bounced(conn: Connection | Sheet, payment_id: int, version: int, now_ms: int, reason: str) -> None:
    """Unit of work: a letter came back undelivered; it goes the way of one refused. A letter that a newer one
    has replaced, or that is being handed over again, is only marked."""
    letter = conn.execute(_OF_VERSION, {"its_payment": payment_id, "its_version": version}).one()
    _mark(conn, letter.id, bounced_ms=now_ms, remark=reason)
    newest = conn.scalar(select(func.max(_C.version)).where(_C.payment == payment_id))
    if version == newest and letter.state != "sending":
        mark_refused(conn, letter.id, now_ms, reason)


def recipient(conn: Connection, payment_id: int, version: int) -> str | None:
    """To whom that letter of that payment was written; None if there is none."""
    found = conn.execute(_OF_VERSION, {"its_payment": payment_id, "its_version": version}).one_or_none()
    return None if found is None else found.recipient


def again(sheet: Sheet, payment_id: int, now_ms: int, after_ms: int) -> None:
    """Unit of work: the newest letter is due again if it left longer than after_ms ago."""
    sheet.add(_AGAIN, {"its_payment": payment_id, "now_ms": now_ms, "left_by_ms": now_ms - after_ms})


def row_of(id: int, payment_id: int | None, kind: str, *rest: Any) -> LetterRow:
    """A row of TO_SEND."""
    return LetterRow(id, payment_id, Letter(kind), *rest)


def _mark(conn: Connection | Sheet, id: int, **values: Any) -> None:
    conn.execute(_MARK, {"its_id": id, **values})
