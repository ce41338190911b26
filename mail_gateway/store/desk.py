"""What a merchant's desk asks of the disk, and the one unit of work by which an answer is answered."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, case, func, insert, literal_column, or_, select

from mail_gateway.domain.ledger import Account, Phase
from mail_gateway.domain.payment import ENDED, State, Trade
from mail_gateway.domain.takings import NO_READER, Sale
from mail_gateway.store import letters, notices, replies
from mail_gateway.store.register import NO_KEY
from mail_gateway.store.shops import FULL
from mail_gateway.store.tables import desk_orders, payments, readers, receipts, shops, transfers
from mail_gateway.store.tables import letters as letters_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection, Select

    from mail_gateway.domain.desk import Verb
    from mail_gateway.domain.news import Composed
    from mail_gateway.domain.outcome import Letter
    from mail_gateway.store.sheet import Sheet

FOUND_MAX: Final = 10
"""So many sales that fit a number are looked at, the newest."""
REFERENCE_LENGTH: Final = 12

_P: Final = payments.c
_T: Final = transfers.c
_O: Final = desk_orders.c
_OWN: Final = readers.alias().c
_IS_THE_MERCHANTS: Final = or_(
    _T.debit == Account.MERCHANT_PAYABLE.value, _T.credit == Account.MERCHANT_PAYABLE.value
)
_POSTED: Final = and_(_T.payment == _P.id, _T.phase == Phase.POSTED.value)
_POSTED_MS: Final = select(func.max(_T.at_ms)).where(_POSTED).correlate(payments).scalar_subquery()
_ENDED: Final = [state.value for state in ENDED]
_OPEN: Final = or_(_P.state.not_in(_ENDED), _P.shunted == 1)


_IS_UNDONE: Final = case(
    (and_(_T.debit == Account.MERCHANT_PAYABLE.value, _P.kind.in_([Trade.SALE, Trade.CAPTURE])), 1), else_=0
)
"""Of an entry of the ledger: it takes back a sale that was not collected."""


def _sales(
    posted_ms: ColumnElement[Any], amount_minor: ColumnElement[Any], undone: ColumnElement[Any]
) -> Select[Any]:
    """The one question from which every figure of the desk comes. What is only held, or waits for a customer,
    is nothing yet: the capture is the sale."""
    asked = select(
        readers.c.merchant,
        _P.id,
        readers.c.key_id,
        _P.kind,
        _P.state,
        _P.slip,
        _P.received_ms,
        posted_ms,
        amount_minor,
        _P.currency,
        _P.masked_card,
        _P.approval_number,
        _P.original,
        _P.returned_minor,
        _P.shunted,
        _P.condition,
        undone,
    ).join(readers, readers.c.id == _P.reader)
    return asked.where(_P.hold == 0, _P.state != State.HELD.value)


_AS_THEY_STAND: Final = _sales(func.coalesce(_POSTED_MS, 0), _P.amount_minor, literal_column("0"))
_ITS_READERS: Final = select(_OWN.id).where(_OWN.merchant == bindparam("its_merchant"))
_OF_MERCHANT: Final = _AS_THEY_STAND.where(_P.reader.in_(_ITS_READERS))
_BY_ID: Final = _P.id + literal_column("0")
"""Not by the table's own order: that would look through everybody's payments for those of one merchant."""
_NEWEST_FIRST: Final = _OF_MERCHANT.order_by(_BY_ID.desc()).limit(bindparam("most", type_=_P.id.type))
_BY_ENTRY: Final = (
    _sales(_T.at_ms, _T.amount_minor, _IS_UNDONE)
    .join(transfers, and_(_POSTED, _IS_THE_MERCHANTS))
    .where(_T.at_ms >= bindparam("from_ms"), _T.at_ms < bindparam("until_ms"))
    .order_by(_T.id)
)
_TAKEN_IN_FULL: Final = _BY_ENTRY.join(
    shops, and_(shops.c.merchant == readers.c.merchant, shops.c.digest == FULL)
)
_TAKEN: Final = _BY_ENTRY.where(readers.c.merchant == bindparam("its_merchant"))


def of_merchant(conn: Connection, merchant: int, since_ms: int, most: int) -> list[Sale]:
    """What is open, and what came since then, newest first. since_ms: unix ms."""
    asked = _NEWEST_FIRST.where(or_(_OPEN, _P.received_ms >= since_ms))
    return list(_read(conn.execute(asked, {"its_merchant": merchant, "most": most})))


def still_open(conn: Connection, merchant: int) -> list[Sale]:
    """What is open, oldest first."""
    asked = _OF_MERCHANT.where(_OPEN).order_by(_BY_ID)
    return list(_read(conn.execute(asked, {"its_merchant": merchant})))


def taken(conn: Connection, merchant: int, from_ms: int, until_ms: int) -> list[Sale]:
    """What the ledger made final from one moment up to another (unix ms), oldest first."""
    span = {"its_merchant": merchant, "from_ms": from_ms, "until_ms": until_ms}
    return list(_read(conn.execute(_TAKEN, span)))


def taken_in_full(conn: Connection, from_ms: int, until_ms: int) -> dict[int, list[Sale]]:
    """The same of every merchant who wants the whole day, by its number."""
    found: dict[int, list[Sale]] = defaultdict(list)
    for row in conn.execute(_TAKEN_IN_FULL, {"from_ms": from_ms, "until_ms": until_ms}):
        found[row[0]].extend(_read((row,)))
    return found


def sale(conn: Connection, merchant: int, number: int) -> Sale | None:
    """The payment of that number if it is this merchant's."""
    asked = _OF_MERCHANT.where(_P.id == number)
    return next(iter(_read(conn.execute(asked, {"its_merchant": merchant}))), None)


def found(conn: Connection, merchant: int, number: str) -> list[Sale]:
    """The merchant's payments that a number may mean, newest first. number: 1 to 12 digits.

    12 digits are a reference. Fewer are a slip; where none has that number, the end of a slip or reference.
    """
    for fits in _fitting(number):
        rows = conn.execute(_NEWEST_FIRST.where(fits), {"its_merchant": merchant, "most": FOUND_MAX})
        if sales := list(_read(rows)):
            return sales
    return []


def _fitting(number: str) -> Iterable[ColumnElement[bool]]:
    if len(number) == REFERENCE_LENGTH:
        return (_P.id == int(number),)
    ends = int(number), 10 ** len(number)
    return (_P.slip == ends[0], or_(*(_ending(column, *ends) for column in (_P.slip, _P.id))))


def _ending(column: ColumnElement[int], tail: int, power: int) -> ColumnElement[bool]:
    return and_(column > 0, column % power == tail)


def _read(rows: Iterable[Any]) -> Iterable[Sale]:
    for _, number, key_id, kind, state, *rest in rows:
        reader = NO_READER if key_id.startswith(NO_KEY) else int.from_bytes(key_id[4:], "big")
        values: list[Any] = [number, reader, Trade(kind), State(state), *rest]
        yield Sale(*values)


@dataclass(frozen=True, slots=True)
class Issued:
    """A receipt as it was first given out. facts: what was asked for then, JSON."""

    payment: int
    issued_ms: int
    facts: str
    body: str
    pdf: bytes


@dataclass(frozen=True, slots=True)
class Order:
    """What a merchant asked for in one mail, and of which payment."""

    mail: int
    merchant: int
    verb: Verb
    payment: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What it gets: a letter; a new receipt; or the newest letter of its payment, if older than again_ms."""

    letter: tuple[Letter, Composed] | None = None
    receipt: Issued | None = None
    again_ms: int | None = None


def answer(sheet: Sheet, order: Order, done: Done, now_ms: int) -> None:
    """Unit of work: everything that one answer of a merchant brings about, once. Raises Stale if it was."""
    replies.handled(sheet, order.mail, now_ms)
    row = {"mail": order.mail, "merchant": order.merchant, "at_ms": now_ms}
    sheet.execute(insert(desk_orders), {**row, "verb": order.verb.value, "payment": order.payment})
    if done.receipt is not None:
        sheet.execute(insert(receipts), asdict(done.receipt))
    if done.letter is not None:
        notices.put(sheet, order.merchant, *done.letter, now_ms)
    if done.again_ms is not None and order.payment is not None:
        letters.again(sheet, order.payment, now_ms, done.again_ms)


def orders_since(conn: Connection, merchant: int, since_ms: int) -> dict[str, int]:
    """How often each thing was asked for since then (unix ms)."""
    asked = select(_O.verb, func.count()).where(_O.merchant == merchant, _O.at_ms > since_ms)
    return {row[0]: row[1] for row in conn.execute(asked.group_by(_O.verb))}


def issued(conn: Connection, payment: int) -> Issued | None:
    """The receipt of a payment, if one was given out."""
    row = conn.execute(select(receipts).where(receipts.c.payment == payment)).one_or_none()
    return None if row is None else Issued(*row)


def has_result(conn: Connection, payment: int) -> bool:
    """Whether any letter was written about that payment."""
    asked = select(letters_table.c.id).where(letters_table.c.payment == payment).limit(1)
    return conn.scalar(asked) is not None
