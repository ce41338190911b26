"""Answers of customers on disk: who was asked, what came before, what an answer may quote, what waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, or_, select

from mail_gateway.domain.confirmation import ConfirmState
from mail_gateway.store.replies import SENT_MAX
from mail_gateway.store.tables import confirmations, customers, letters, mails, merchants, orders

if TYPE_CHECKING:
    from sqlalchemy import Connection

SENT_BYTES_MAX: Final = 131_072
"""Of each letter so much is looked at: its text, and the same as HTML behind it."""

ANSWER: Final = "answer"
"""The verdict of a mail that is a customer's answer."""

_C: Final = confirmations.c
_L: Final = letters.c
_M: Final = mails.c
_O: Final = orders.c
_NEWEST: Final = (
    select(func.max(_M.id))
    .where(_M.order_id == _O.id, _M.verdict == ANSWER)
    .correlate(orders)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who may answer an order. code: the order's. on_file: the customer's addresses, small letters.
    written_to: every address that a token of the order was made for."""

    order: int
    code: str
    customer: int
    on_file: frozenset[str]
    written_to: frozenset[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """What tells two answers apart. message_id: "" where the mail has none: then its bytes do."""

    message_id: str
    content_hash: bytes = field(repr=False)


def asked(conn: Connection, order: int) -> Asked | None:
    """Whom that order asks; None if there is no such order."""
    whose = select(_O.code, customers.c.id, customers.c.mail, customers.c.second_mail)
    row = conn.execute(whose.join(orders, _O.customer == customers.c.id).where(_O.id == order)).one_or_none()
    if row is None:
        return None
    written_to = set(conn.scalars(select(_L.recipient).where(_L.order_id == order).distinct()))
    on_file = frozenset({row.mail.lower(), row.second_mail.lower()} - {""})
    return Asked(order, row.code, row.id, on_file, frozenset(written_to | {row.mail}))


def is_known(conn: Connection, customer: int, seen: Seen) -> bool:
    """Whether this mail was an answer of the customer before, to whichever order."""
    same = _M.message_id == seen.message_id if seen.message_id else _M.content_hash == seen.content_hash
    found = select(_M.id).join(orders, _M.order_id == _O.id).where(_O.customer == customer, same)
    return conn.scalar(found.where(_M.verdict == ANSWER).limit(1)) is not None


def count(conn: Connection, order: int) -> int:
    """How many answers to that order are kept."""
    return int(conn.scalar(select(func.count()).where(_M.order_id == order, _M.verdict == ANSWER)) or 0)


def is_unread(conn: Connection, order: int) -> bool:
    """Whether an answer to that order was taken that nobody has handled."""
    found = select(_M.id).where(_M.order_id == order, _M.verdict == ANSWER, _M.handled_ms.is_(None))
    return conn.scalar(found.limit(1)) is not None


def is_copy(conn: Connection, mail: int) -> bool:
    """Whether an answer is one that was kept before it, when two of the same came at one moment."""
    this, its = mails.alias(), orders.alias()
    same = or_(
        and_(this.c.message_id != "", _M.message_id == this.c.message_id),
        and_(this.c.message_id == "", _M.content_hash == this.c.content_hash),
    )
    found = select(_M.id).join(orders, _M.order_id == _O.id).join(its, its.c.customer == _O.customer)
    found = found.join(this, this.c.order_id == its.c.id).where(this.c.id == mail, same)
    return conn.scalar(found.where(_M.verdict == ANSWER, _M.id < mail).limit(1)) is not None


def sent(conn: Connection, order: int) -> list[bytes]:
    """Letters that the answer may quote: all of the order, the newest first."""
    head = func.substr(_L.raw, 1, SENT_BYTES_MAX, type_=_L.raw.type)
    return list(conn.scalars(select(head).where(_L.order_id == order).order_by(_L.id.desc()).limit(SENT_MAX)))


def letters_since(conn: Connection, order: int, since_ms: int) -> int:
    """How many letters the order got since then (unix ms)."""
    counted = select(func.count()).where(_L.order_id == order, _L.created_ms > since_ms)
    return int(conn.scalar(counted) or 0)


def for_a_person(conn: Connection, limit: int) -> list[dict[str, Any]]:
    """Orders whose answers a person has to read, or whose customer is locked out; the longest asked first.

    newest_mail: the number of the last answer, None where it came by the page.
    """
    shown = (
        _O.id.label("order"),
        _O.deal_id,
        merchants.c.name.label("merchant"),
        customers.c.customer_id.label("customer"),
        _C.state,
        _C.asked_ms,
        _C.until_ms,
        _C.wrong,
        _C.unclear,
        _NEWEST.label("newest_mail"),
    )
    undecided = _C.state.in_((ConfirmState.ASKED.value, ConfirmState.LOCKED.value))
    found = select(*shown).join(orders, _O.id == _C.order_id).join(merchants, merchants.c.id == _O.merchant)
    found = found.join(customers, customers.c.id == _O.customer)
    found = found.where(and_(_C.needs_person == 1, undecided)).order_by(_C.asked_ms, _O.id).limit(limit)
    return [dict(row) for row in conn.execute(found).mappings()]
