"""The door's one commit: a mail becomes a durable row, and a new sale becomes a payment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, insert, select

from mail_gateway.store import letters, order_bounces, pads
from mail_gateway.store.payments import OWNER, fresh
from mail_gateway.store.sheet import Line, Step, foreseeing
from mail_gateway.store.tables import fetched, keys, mails, merchants, payments, readers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mail_gateway.store.payments import Payment
    from mail_gateway.store.sheet import Question, Sheet

RAW_KEPT_MAX: Final = 65_536
"""Bytes of an unreadable mail that a person may want to see."""

RESEND_AFTER_MS: Final = 60_000
"""A repeated sale pulls its letter again, at most so often."""

_HASH: Final = bindparam("its_hash", type_=payments.c.envelope_hash.type)
_READER: Final = (
    select(payments.c.id, readers.c.id, *OWNER)
    .select_from(readers)
    .join(keys, keys.c.id == readers.c.bdk_id)
    .join(merchants, merchants.c.id == readers.c.merchant)
    .outerjoin(payments, payments.c.envelope_hash == _HASH)
    .where(readers.c.key_id == bindparam("its_key_id"))
)
_MAIL: Final = Line(Step.MAIL, insert(mails))
_PAYMENT: Final = Line(Step.PAYMENT, insert(payments))
_FETCHED: Final = Line(Step.MARK, insert(fetched))
_IN_PLACE: Final = (
    select(mails.c.id, mails.c.content_hash)
    .join(fetched, fetched.c.mail == mails.c.id)
    .where(fetched.c.place == bindparam("its_place"))
)


class Verdict(StrEnum):
    """What the mail was. Each is a slug of domain/errors.py:REPLIES."""

    NEW = "new"
    REPEAT = "repeat"
    UNKNOWN_READER = "unknown-reader"
    UNREADABLE = "unreadable"
    BOUNCED = "bounced"
    REPLY = "reply"
    ANSWER = "answer"
    IGNORED = "ignored"
    FETCHED = "fetched"


IGNORED: Final = frozenset(
    {
        *("bounce-forged", "bounce-notice", "reply-forged", "reply-automatic", "reply-again"),
        *("answer-forged", "answer-several", "answer-automatic", "answer-again", "answer-many"),
    }
)
"""Slugs of what came to an address of a letter and is neither bounce nor answer: counted, and not kept."""


_KEPT_WHOLE: Final = (Verdict.UNREADABLE, Verdict.REPLY, Verdict.ANSWER)


@dataclass(frozen=True, slots=True)
class Bounced:
    """The letter that came back, by its token: of a payment or of an order. status: RFC 3463, "" where the
    report names none."""

    payment_id: int | None
    version: int
    status: str
    order_id: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """Whose answer it is, by its token and its sender. payment: None where it is to the merchant's desk."""

    merchant: int
    payment: int | None


@dataclass(frozen=True, slots=True)
class OfOrder:
    """A mail to the address at which the customer answers an order. proof: what is known of its sender. slug:
    why it is no answer, else empty."""

    order: int
    proof: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One mail. received_ms: unix milliseconds UTC, our own clock.

    envelope: the COSE bytes, None when none could be taken out; pad: as many random bytes, to mask them on
    disk. ksn: what they or their remains say. slug: why there is no envelope, else empty. raw is stored only
    when the mail is unreadable, and of it only raw_kept bytes. automatic: no person and no phone sent it.
    bounced, answered, of_order: only where its token was verified. node: who works on a new sale. place:
    where it lies in a mailbox that it was fetched from, else empty; from one place a mail is kept once.
    """

    received_ms: int
    sender: str
    recipients: tuple[str, ...]
    message_id: str
    peer: str
    envelope: bytes | None = field(repr=False)
    pad: bytes | None = field(repr=False)
    ksn: bytes | None
    slug: str
    raw: bytes = field(repr=False)
    automatic: bool = False
    bounced: Bounced | None = None
    answered: Answered | None = None
    of_order: OfOrder | None = None
    node: int | None = None
    raw_kept: int = RAW_KEPT_MAX
    place: str = ""

    @property
    def order(self) -> int | None:
        """The order that it is about."""
        if self.bounced is not None:
            return self.bounced.order_id
        return None if self.of_order is None else self.of_order.order


@dataclass(frozen=True, slots=True)
class Kept:
    """mail_id: the stored mail. payment_id: the payment it made or repeats, None when it is nobody's.

    payment: a new one as it was written, so that nobody has to ask for it.
    """

    mail_id: int
    payment_id: int | None
    verdict: Verdict
    payment: Payment | None = None


def _known_by(arrival: Arrival, *_: int) -> Iterable[Question]:
    if arrival.ksn is not None:
        yield _READER, {"its_hash": _hash_of(arrival), "its_key_id": arrival.ksn[:8]}


def _hash_of(arrival: Arrival) -> bytes:
    return hashlib.sha256(arrival.raw if arrival.envelope is None else arrival.envelope).digest()


@foreseeing(_known_by)
def keep(sheet: Sheet, arrival: Arrival, resend_after_ms: int = RESEND_AFTER_MS) -> Kept:
    """Unit of work: store the mail; make its payment if new, pull its last letter again if not.

    Damage on the way is a payment too where the reader is known: its merchant is told. To a robot nothing is
    answered but the first arrival of a whole sale, so that two robots never write to each other. What was
    kept from the same place before is left as it is: who fetched it died before the mailbox knew.
    """
    content_hash = _hash_of(arrival)
    before = sheet.ask(_IN_PLACE, {"its_place": arrival.place}) if arrival.place else ()
    for mail_id, its_hash in before:
        if its_hash == content_hash:  # a server that gives a number twice loses no mail by that
            return Kept(mail_id, None, Verdict.FETCHED)
    verdict, payment_id, payment = _judge(sheet, arrival, content_hash)
    if verdict is Verdict.REPEAT and payment_id is not None and not arrival.automatic:
        letters.again(sheet, payment_id, arrival.received_ms, resend_after_ms)
    mail_id = sheet.next_id(mails.name)
    row = {
        "id": mail_id,
        "received_ms": arrival.received_ms,
        "sender": arrival.sender,
        "recipients": " ".join(arrival.recipients),
        "message_id": arrival.message_id,
        "peer": arrival.peer,
        "verdict": verdict.value,
        "slug": arrival.slug,
        "content_hash": content_hash,
        "raw": arrival.raw[: arrival.raw_kept] if verdict in _KEPT_WHOLE else None,
        "payment": payment_id,
        "merchant": None if arrival.answered is None else arrival.answered.merchant,
        "order_id": arrival.order,
        "proof": "" if arrival.of_order is None else arrival.of_order.proof,
    }
    sheet.add(_MAIL, row)
    if arrival.place and not before:
        sheet.add(_FETCHED, {"place": arrival.place, "mail": mail_id})
    return Kept(mail_id, payment_id, verdict, payment)


def _judge(sheet: Sheet, arrival: Arrival, content_hash: bytes) -> tuple[Verdict, int | None, Payment | None]:
    same, reader, *owner = _known(sheet, arrival)
    if same is not None:
        return Verdict.REPEAT, same, None
    if arrival.bounced is not None:
        return Verdict.BOUNCED, _bounce(sheet, arrival.bounced, arrival), None
    if arrival.answered is not None:
        return Verdict.REPLY, arrival.answered.payment, None
    if arrival.of_order is not None and not arrival.of_order.slug:
        return Verdict.ANSWER, None, None
    if arrival.slug in IGNORED:
        return Verdict.IGNORED, None, None
    if arrival.ksn is None or (arrival.envelope is None and arrival.automatic):
        return Verdict.UNREADABLE, None, None
    if reader is None:
        return Verdict.UNKNOWN_READER, None, None
    payment = _new_payment(sheet, arrival, content_hash, reader, owner)
    return Verdict.NEW, payment.id, payment


def _known(sheet: Sheet, arrival: Arrival) -> Sequence[Any]:
    """The payment of the same content, the reader, and what OWNER asks for; None for what there is not."""
    found = [row for question in _known_by(arrival) for row in sheet.ask(*question)]
    return found[0] if found else (None, None)


def _bounce(sheet: Sheet, bounced: Bounced, arrival: Arrival) -> int | None:
    reason, now_ms = f"bounced {bounced.status}".rstrip(), arrival.received_ms
    if bounced.order_id is not None:
        report = order_bounces.Report(arrival.message_id, now_ms, reason)
        order_bounces.mark(sheet, bounced.order_id, bounced.version, report)
    if bounced.payment_id is not None:
        letters.mark_bounced(sheet, bounced.payment_id, bounced.version, now_ms, reason)
    return bounced.payment_id


def _new_payment(
    sheet: Sheet, arrival: Arrival, content_hash: bytes, reader: int, owner: list[Any]
) -> Payment:
    number, masked = sheet.next_id(payments.name), None
    if arrival.envelope is not None and arrival.pad is not None:
        masked = pads.masked(arrival.envelope, arrival.pad)
        pads.put(sheet, number, arrival.pad)
    row = {
        "id": number,
        "reader": reader,
        "received_ms": arrival.received_ms,
        "envelope_hash": content_hash,
        "envelope": masked,
        "ksn": arrival.ksn,
        "due_ms": arrival.received_ms,
        "node": arrival.node,
    }
    sheet.add(_PAYMENT, row)
    return fresh({**row, "envelope": arrival.envelope}, owner, arrival.message_id, arrival.slug)
