"""What is stuck, counted in the database: the numbers behind `hagaki doctor`."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, func, or_, select

from mail_gateway.domain.payment import OPEN_AT_ACQUIRER, State, Trade
from mail_gateway.domain.wants import Phase, WantState
from mail_gateway.store import answers, books
from mail_gateway.store import mails as mail_store
from mail_gateway.store import wants as want_store
from mail_gateway.store.tables import answers as answer_rows
from mail_gateway.store.tables import counters, leases, letters, mails, payments, transfers, wants
from mail_gateway.store.tables import shops as shops_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

TAIL: Final = 1000
"""Links of each lane that are looked at; the audit looks at all."""

_P: Final = payments.c
_L: Final = letters.c
_M: Final = mails.c
_NODE: Final = "node:"
_WANT: Final = (wants.c.id.label("want"), wants.c.payment, wants.c.code, wants.c.asked_ms)

Rows = list[dict[str, Any]]


def sqlite_version() -> tuple[int, int, int]:
    """Of the library that this process uses."""
    return sqlite3.sqlite_version_info


def alive(conn: Connection) -> None:
    """Read one row: whether the database answers at all."""
    conn.execute(select(counters.c.value).limit(1)).all()


def shunted(conn: Connection) -> Rows:
    """Payments set apart."""
    asked = select(_P.id.label("payment"), _P.state, _P.received_ms).where(_P.shunted == 1).order_by(_P.id)
    return _rows(conn, asked)


def open_reversals(conn: Connection, before_ms: int) -> Rows:
    """Payments in doubt since before that moment, with how often their reversal was sent."""
    asked = select(_P.id.label("payment"), _P.state, _P.doubt_ms, _P.transmissions)
    asked = asked.where(_P.state.in_(OPEN_AT_ACQUIRER), _P.doubt_ms < before_ms).order_by(_P.doubt_ms)
    return _rows(conn, asked)


def waiting(conn: Connection, states: Sequence[State], before_ms: int) -> Rows:
    """Payments in those states that came before that moment, and that no person has to look at.

    A cancel that waits for its sale is none: what keeps its sale is told of that.
    """
    asked = select(_P.id.label("payment"), _P.state, _P.received_ms, _P.node)
    asked = asked.where(_P.state.in_(states), _P.shunted == 0, _P.received_ms < before_ms)
    asked = asked.where(or_(_P.kind != Trade.CANCEL, _P.state != State.RECEIVED, _P.original.is_(None)))
    return _rows(conn, asked.order_by(_P.id))


def shops(conn: Connection) -> Rows:
    """Merchants who have told what stands on their receipts."""
    return _rows(conn, select(shops_table.c.merchant, shops_table.c.registration_number))


def undelivered(conn: Connection, before_ms: int) -> Rows:
    """Letters written before that moment that nobody has taken: still tried."""
    return _letters(conn, _L.due_ms.is_not(None), _L.state != "uncertain", _L.created_ms < before_ms)


def uncertain(conn: Connection, before_ms: int) -> Rows:
    """Letters written before that moment that somebody perhaps has taken."""
    return _letters(conn, _L.state == "uncertain", _L.created_ms < before_ms)


def refused(conn: Connection) -> Rows:
    """Letters refused for good."""
    return _letters(conn, _L.state == "refused")


def bounced(conn: Connection) -> Rows:
    """Letters that came back."""
    return _letters(conn, _L.bounced_ms.is_not(None))


def unreadable(conn: Connection, since_ms: int) -> Rows:
    """Mails since then that nobody could read."""
    asked = select(_M.id.label("mail"), _M.received_ms, _M.slug)
    asked = asked.where(_M.raw.is_not(None), _M.received_ms >= since_ms, mail_store.NOBODY_READ)
    return _rows(conn, asked.order_by(_M.id.desc()))


def unmatched(conn: Connection) -> Rows:
    """The acquirer's answers to what nobody asked."""
    row = answer_rows.c
    asked = select(row.id.label("answer"), row.at_ms, row.reference, row.stan, row.outcome)
    return _rows(conn, asked.where(row.payment.is_(None)).order_by(row.id))


def unjudged(conn: Connection) -> Rows:
    """Late approvals that the next start judges."""
    return [one._asdict() for one in answers.unjudged(conn)]


def not_booked(conn: Connection) -> Rows:
    """Payments that an acquirer did not collect, and of which the books say otherwise."""
    return answers.not_booked(conn)


def of_the_dead(conn: Connection, now_ms: int) -> Rows:
    """Payments open at the acquirer whose node's lease ran out: no node has taken them over yet."""
    lease = leases.c
    asked = select(_P.id.label("payment"), _P.state, _P.node).where(_P.state.in_(OPEN_AT_ACQUIRER))
    dead = select(lease.node).where(lease.name.startswith(_NODE), lease.until_ms < now_ms)
    return _rows(conn, asked.where(_P.node.in_(dead)).order_by(_P.id))


def broken_lanes(conn: Connection) -> list[int]:
    """Lanes whose last links do not hold."""
    t = transfers.c
    lanes = conn.execute(select(t.lane, func.max(t.place)).group_by(t.lane)).all()
    return [lane for lane, last in lanes if not _tail_holds(conn, lane, last)]


def unbalanced(conn: Connection) -> list[int]:
    """Currencies whose accounts do not sum up to zero."""
    total: dict[int, int] = {}
    for (_, currency, _), amount_minor in books.balances(conn).items():
        total[currency] = total.get(currency, 0) + amount_minor
    return [currency for currency, amount_minor in total.items() if amount_minor]


def unanswered_wants(conn: Connection, before_ms: int) -> Rows:
    """Further items asked for before that moment, and not told yet."""
    asked = select(*_WANT).where(wants.c.state == WantState.ASKED, wants.c.phase == Phase.AFTER)
    return _rows(conn, asked.where(wants.c.asked_ms < before_ms).order_by(wants.c.id))


def refused_advices(conn: Connection) -> Rows:
    """Further items that the acquirer does not take."""
    return _rows(conn, select(*_WANT).where(want_store.waiting(), wants.c.code != "").order_by(wants.c.id))


def open_advices(conn: Connection, before_ms: int) -> Rows:
    """Advices, and reversals of attempts that are over, not acknowledged since before that moment."""
    asked = select(*_WANT, wants.c.transmissions).where(wants.c.due_ms.is_not(None))
    return _rows(conn, asked.where(wants.c.doubt_ms < before_ms).order_by(wants.c.id))


def newest_ms(conn: Connection) -> int:
    """When the newest mail came, by the gateway's clock; unix ms."""
    return int(conn.scalar(select(func.coalesce(func.max(_M.received_ms), 0))) or 0)


def _tail_holds(conn: Connection, lane: int, last: int) -> bool:
    t = transfers.c
    asked = select(transfers).where(t.lane == lane, t.place > last - TAIL).order_by(t.place)
    rows = [dict(row) for row in conn.execute(asked).mappings()]
    before = books.start(lane) if rows[0]["place"] == 1 else rows.pop(0)["chain"]
    for row in rows:
        before = books.link(before, row)
        if row["chain"] != before:
            return False
    return True


def _letters(conn: Connection, *which: Any) -> Rows:
    whose = (_L.payment, _L.order_id.label("order"))
    asked = select(_L.id.label("letter"), *whose, _L.kind, _L.created_ms, _L.attempts, _L.remark)
    return _rows(conn, asked.where(*which).order_by(_L.id))


def _rows(conn: Connection, asked: Select[Any]) -> Rows:
    return [dict(row) for row in conn.execute(asked).mappings()]
