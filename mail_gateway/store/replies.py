"""Answers on disk: whose a merchant's token is, which are not handled yet, what was sent before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, or_, select, update

from mail_gateway.domain.reply import Merchant
from mail_gateway.store.sheet import Stale
from mail_gateway.store.tables import (
    UNHANDLED,
    confirmations,
    letters,
    mails,
    merchants,
    payments,
    readers,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mail_gateway.store.sheet import Sheet

SENT_MAX: Final = 20
"""So many of the newest letters an answer may quote."""
SENT_BYTES_MAX: Final = 32_768
"""Of each so much is looked at: its words stand first, and what is attached nobody quotes."""

FAILED: Final = "reply-failed"
_M: Final = mails.c
_L: Final = letters.c
_MERCHANT: Final = select(
    merchants.c.id,
    merchants.c.name,
    merchants.c.mail,
    merchants.c.second_mail,
    merchants.c.language,
    merchants.c.terminal_id,
    merchants.c.merchant_id,
)
_OF_PAYMENT: Final = (
    _MERCHANT.join(readers, readers.c.merchant == merchants.c.id)
    .join(payments, payments.c.reader == readers.c.id)
    .where(payments.c.id == bindparam("its_id"))
)
_UNHANDLED: Final = (
    select(_M.id, _M.payment, _M.merchant, _M.order_id, _M.message_id, _M.received_ms, _M.proof, _M.raw)
    .where(UNHANDLED)
    .order_by(_M.id)
    .limit(bindparam("most", type_=_M.id.type))
)
_HANDLED: Final = (
    update(mails)
    .where(_M.id == bindparam("its_id"), _M.handled_ms.is_(None))
    .values(handled_ms=bindparam("now_ms", type_=_M.handled_ms.type))
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail that is an answer and has not been handled: of a merchant, or of the customer of an order.

    proof: of a customer: what is known of its sender.
    """

    mail: int
    payment: int | None
    merchant: int | None
    order: int | None
    message_id: str
    received_ms: int
    proof: str
    raw: bytes = field(repr=False)


def all_merchants(conn: Connection) -> list[Merchant]:
    """Every merchant, by number."""
    return [Merchant(*row) for row in conn.execute(_MERCHANT.order_by(merchants.c.id))]


def merchant(conn: Connection, number: int) -> Merchant | None:
    """The merchant of that number."""
    row = conn.execute(_MERCHANT.where(merchants.c.id == number)).one_or_none()
    return None if row is None else Merchant(*row)


def merchant_of(conn: Connection, payment: int) -> Merchant | None:
    """Whose payment it is."""
    row = conn.execute(_OF_PAYMENT, {"its_id": payment}).one_or_none()
    return None if row is None else Merchant(*row)


def recipients(conn: Connection, merchant_number: int, payment: int | None) -> set[str]:
    """Every address that letters of the payment, or of the merchant, were written to."""
    asked = select(_L.recipient).distinct()
    asked = asked.where(_L.merchant == merchant_number if payment is None else _L.payment == payment)
    return set(conn.scalars(asked))


def is_known(conn: Connection, merchant_number: int, message_id: str) -> bool:
    """Whether this answer of the merchant came before."""
    asked = select(func.count()).where(_M.merchant == merchant_number, _M.message_id == message_id)
    return bool(message_id) and bool(conn.scalar(asked))


def waiting(conn: Connection, limit: int) -> list[Waiting]:
    """What is to be handled, the oldest first."""
    return [Waiting(*row) for row in conn.execute(_UNHANDLED, {"most": limit})]


def sent(conn: Connection, merchant_number: int, payment: int | None) -> list[bytes]:
    """Letters that the answer may quote: of the payment, and to the merchant."""
    whose = [_L.merchant == merchant_number]
    whose += [] if payment is None else [_L.payment == payment]
    head = func.substr(_L.raw, 1, SENT_BYTES_MAX, type_=_L.raw.type)
    return list(conn.scalars(select(head).where(or_(*whose)).order_by(_L.id.desc()).limit(SENT_MAX)))


def handled(conn: Connection | Sheet, mail: int, now_ms: int) -> None:
    """Unit of work: the answer is dealt with, in the commit of what it did. Raises Stale: it was before."""
    if conn.execute(_HANDLED, {"its_id": mail, "now_ms": now_ms}).rowcount != 1:
        raise Stale


def give_up(conn: Connection, mail: int, now_ms: int) -> None:
    """Unit of work: reading it failed by a fault of ours; a person finds it among the unreadable mails, and
    the order that it was about among those that wait."""
    conn.execute(update(mails).where(_M.id == mail).values(handled_ms=now_ms, slug=FAILED))
    its_order = select(_M.order_id).where(_M.id == mail).scalar_subquery()
    asking = update(confirmations).where(confirmations.c.order_id == its_order)
    conn.execute(asking.values(needs_person=1))
