"""Payments as the heart reads them: one row with its reader and merchant, and who is due."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, case, func, literal_column, select, true, update

from mail_gateway.domain.payment import NOT_CHARGED, State, Trade
from mail_gateway.store.pads import masked
from mail_gateway.store.tables import keys, mails, merchants, pads, payments, readers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Select


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment and what its letters and requests need. All *_ms: unix milliseconds UTC.

    epoch counts the changes; a change holds only if nobody else made one since. envelope, reversal: sealed or
    wrapped bytes, None once they are wiped. wrapped_bdk: for the key ring. barred: slug, if its reader or key
    was revoked; opens_until_ms: when its key was or will be retired. damage: why there is no envelope.
    wanted: the merchant's own list of what is asked for after an approval, or empty.
    original: of a return, the number of the sale it gives back. returned_minor: what a sale's open and
    approved returns hold, or what a return holds of its sale. keyed_s: unix seconds, as the acquirer is told.
    acquirer: who was asked for it, from its first dispatch on. condition: how the customer pays (UnifiedPOS
    CAT), as the reader said; 0: not known. order_id: the order that is paid, None: a reader's own payment,
    which has a key. hold: 1: the acquirer only keeps the amount, for a capture.
    """

    id: int
    reader: int
    received_ms: int
    envelope: bytes | None = field(repr=False)
    ksn: bytes
    counter: int | None
    sale_hash: bytes | None = field(repr=False)
    state: State
    node: int | None
    epoch: int
    due_ms: int | None
    fresh_until_ms: int | None
    amount_minor: int
    currency: int
    slip: int
    masked_card: str
    attempts: int
    stan: int | None
    reversal: bytes | None = field(repr=False)
    transmissions: int
    doubt_ms: int | None
    alarms: int
    approval_number: str
    code: str
    version: int
    failures: int
    shunted: int
    kind: Trade
    original: int | None
    returned_minor: int
    keyed_s: int
    acquirer: str
    condition: int
    order_id: int | None
    hold: int
    wrapped_bdk: bytes | None = field(repr=False)
    merchant_name: str
    recipient: str
    language: str
    terminal_id: str
    merchant_id: str
    merchant: int
    barred: str
    opens_until_ms: int | None
    wanted: str
    in_reply_to: str
    damage: str

    @property
    def reference(self) -> str:
        """12 digits, the payment's number (ISO 8583 DE37)."""
        return reference_of(self.id)

    @property
    def is_by_hand(self) -> bool:
        """A return that a person at the centre asked for: no envelope, and no key to seal an answer with."""
        return self.kind.is_return and self.counter is None and self.order_id is None


def reference_of(number: int) -> str:
    """A payment's number -> 12 digits (ISO 8583 DE37)."""
    return f"{number:012d}"


_P: Final = payments.c
_FIELDS: Final = tuple(Payment.__dataclass_fields__)
OWN: Final = _FIELDS[: _FIELDS.index("wrapped_bdk")]
"""The fields that are columns of the payment itself."""

OWNER: Final[tuple[ColumnElement[Any], ...]] = (
    keys.c.wrapped,
    merchants.c.name,
    merchants.c.mail,
    merchants.c.language,
    merchants.c.terminal_id,
    merchants.c.merchant_id,
    merchants.c.id,
    case(
        (readers.c.revoked_ms.is_not(None), literal_column("'reader-revoked'")),
        (keys.c.revoked_ms.is_not(None), literal_column("'key-revoked'")),
        else_=literal_column("''"),
    ),
    keys.c.opens_until_ms,
    merchants.c["items"],
)
"""What a payment takes from its reader, the reader's key and merchant, in the order of the fields after its
own."""

_BLANK: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("counter", "sale_hash", "node", "fresh_until_ms", "stan", "reversal", "doubt_ms")),
    **dict.fromkeys(("original", "order_id")),
    **dict.fromkeys(("epoch", "amount_minor", "currency", "slip", "attempts", "transmissions", "alarms"), 0),
    **dict.fromkeys(("version", "failures", "shunted", "returned_minor", "keyed_s"), 0),
    **dict.fromkeys(("condition", "hold"), 0),
    **dict.fromkeys(("masked_card", "approval_number", "code", "acquirer"), ""),
    "state": State.RECEIVED,
    "kind": Trade.SALE,
}
"""A new payment, as the table's defaults have it."""

_M: Final = mails.alias()
_FIRST_MAIL: Final = (
    select(func.min(_M.c.id)).where(_M.c.payment == _P.id).correlate(payments).scalar_subquery()
)
_LOAD: Final = (
    select(
        *(payments.c[name] for name in OWN),
        *OWNER,
        func.coalesce(mails.c.message_id, ""),
        func.coalesce(mails.c.slug, ""),
        pads.c.pad,
    )
    .select_from(payments)
    .join(readers, readers.c.id == _P.reader)
    .outerjoin(keys, keys.c.id == readers.c.bdk_id)
    .join(merchants, merchants.c.id == readers.c.merchant)
    .outerjoin(mails, mails.c.id == _FIRST_MAIL)
    .outerjoin(pads, pads.c.payment == _P.id)
    .where(_P.id == bindparam("its_id"))
)


def _due(mine: ColumnElement[bool]) -> tuple[Select[Any], Select[Any]]:
    """Who is due now, and when the next one is."""
    moment = bindparam("now_ms", type_=_P.due_ms.type)
    now = select(_P.id).where(_P.due_ms <= moment, mine).order_by(_P.due_ms).limit(bindparam("most"))
    return now, select(func.min(_P.due_ms)).where(_P.due_ms > moment, mine)


_OF_ALL: Final = _due(true())
_OF_NODE: Final = _due(_P.node == bindparam("its_node"))


@dataclass(frozen=True, slots=True)
class Due:
    """ids: payments to move now, the longest due first. next_ms: when another one is due, if any."""

    ids: Sequence[int]
    next_ms: int | None


def load(conn: Connection, payment_id: int) -> Payment | None:
    """The payment of that number."""
    row = conn.execute(_LOAD, {"its_id": payment_id}).one_or_none()
    return None if row is None else _unmasked(*row)


def fresh(row: Mapping[str, Any], owner: Sequence[Any], in_reply_to: str, damage: str) -> Payment:
    """The payment of a row that is being added; owner: what OWNER asks for."""
    own = [row.get(name, _BLANK.get(name)) for name in OWN]
    return _payment(*own, *owner, in_reply_to, damage)


def due(conn: Connection, now_ms: int, limit: int, node: int | None = None) -> Due:
    """Who is due now, and when to look again. node: only what that node works on."""
    now, later = _OF_ALL if node is None else _OF_NODE
    ids = conn.scalars(now, {"now_ms": now_ms, "its_node": node, "most": limit}).all()
    return Due(ids, conn.scalar(later, {"now_ms": now_ms, "its_node": node}))


def open_at(conn: Connection) -> dict[str, int]:
    """Acquirer -> how many payments that it may have charged it may still have to reverse."""
    asked = select(_P.acquirer, func.count()).where(_P.reversal.is_not(None)).group_by(_P.acquirer)
    return {name: int(count) for name, count in conn.execute(asked)}


def adopt(conn: Connection, node: int, now_ms: int) -> None:
    """Unit of work: what an earlier life dispatched is due now: it was sent, perhaps charged."""
    left = update(payments).where(_P.state == State.DISPATCHED, _P.node != node, _P.shunted == 0)
    conn.execute(left.values(due_ms=now_ms, epoch=_P.epoch + 1))


def stumble(conn: Connection, payment: Payment, due_ms: int) -> None:
    """Unit of work: count one unexplained failure; the payment is due again."""
    asked = update(payments).where(_P.id == payment.id, _P.epoch == payment.epoch)
    conn.execute(asked.values(failures=_P.failures + 1, epoch=_P.epoch + 1, due_ms=due_ms))


def forget_reversal(conn: Connection, payment_id: int, now_ms: int) -> None:
    """Unit of work: a payment not charged has been quiet for long enough; its ready-made reversal goes."""
    asked = update(payments).where(_P.id == payment_id, _P.state.in_(NOT_CHARGED), _P.due_ms <= now_ms)
    conn.execute(asked.values(reversal=None, due_ms=None, epoch=_P.epoch + 1))


def _payment(*values: Any) -> Payment:
    return Payment(*values)


def _unmasked(*values: Any) -> Payment:
    """From a row as it is on the disk. An envelope without its pad is as good as none."""
    *fields, pad = values
    payment = _payment(*fields)
    envelope = None if payment.envelope is None or pad is None else masked(payment.envelope, pad)
    return replace(payment, state=State(payment.state), kind=Trade(payment.kind), envelope=envelope)
