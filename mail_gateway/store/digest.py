"""What is open at the end of a day, and what came in, by merchant."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import or_, select

from mail_gateway.domain.day import Day, Hole, LostLetter, OpenSale
from mail_gateway.domain.payment import OPEN_AT_ACQUIRER, Trade
from mail_gateway.domain.takings import Closing, Takings
from mail_gateway.domain.wants import Phase, WantState
from mail_gateway.store import desk, gaps, replies, shops
from mail_gateway.store.tables import letters, payments, readers, wants

if TYPE_CHECKING:
    from sqlalchemy import Connection

RECENT_MS: Final = 15 * 60_000
"""What is younger is on its way."""

WEEK_MS: Final = 7 * 24 * 60 * 60_000
_P: Final = payments.c
_L: Final = letters.c


def of_all(conn: Connection, now_ms: int, from_ms: int, until_ms: int) -> list[Day | Closing]:
    """Each merchant's day if there is something to say: what is open now, and to those who want it what came
    in from one moment up to another. All unix ms."""
    full = shops.closed_in_full(conn)
    taken = desk.taken_in_full(conn, from_ms, until_ms) if full else {}
    days = [
        Closing(day, Takings(from_ms, until_ms, tuple(taken.get(day.merchant.id, ()))))
        if day.merchant.id in full
        else day
        for day in _days(conn, now_ms)
    ]
    return [day for day in days if day.has_news]


def _days(conn: Connection, now_ms: int) -> list[Day]:
    holes = _holes(conn, now_ms)
    open_sales, lost = _open(conn, now_ms - RECENT_MS), _lost(conn, now_ms)
    wanted = _wanted(conn, now_ms - RECENT_MS)
    found = []
    for merchant in replies.all_merchants(conn):
        number = merchant.id
        what = (tuple(holes[number]), tuple(open_sales[number]), tuple(lost[number]))
        found.append(Day(merchant, *what, tuple(wanted[number])))
    return found


def _holes(conn: Connection, now_ms: int) -> dict[int, list[Hole]]:
    found: dict[int, list[Hole]] = defaultdict(list)
    for row in gaps.listed(conn, now_ms, now_ms - WEEK_MS):
        found[row["merchant"]].append(Hole(row["reader"], row["first"], row["last"]))
    return found


def _open(conn: Connection, before_ms: int) -> dict[int, list[OpenSale]]:
    asked = select(readers.c.merchant, _P.id, _P.amount_minor, _P.currency, _P.kind)
    asked = asked.join(readers, readers.c.id == _P.reader).order_by(_P.id)
    asked = asked.where(or_(_P.state.in_(OPEN_AT_ACQUIRER), _P.shunted == 1), _P.received_ms < before_ms)
    asked = asked.where(_P.hold == 0)
    found: dict[int, list[OpenSale]] = defaultdict(list)
    for merchant, number, amount_minor, currency, kind in conn.execute(asked):
        back = Trade(kind).is_return
        found[merchant].append(OpenSale(f"{number:012d}", amount_minor, currency, back=back))
    return found


def _wanted(conn: Connection, before_ms: int) -> dict[int, list[OpenSale]]:
    asked = select(readers.c.merchant, _P.id, _P.amount_minor, _P.currency).select_from(wants)
    asked = asked.join(payments, _P.id == wants.c.payment).join(readers, readers.c.id == _P.reader)
    asked = asked.where(wants.c.phase == Phase.AFTER, wants.c.state == WantState.ASKED)
    found: dict[int, list[OpenSale]] = defaultdict(list)
    for merchant, number, *amount in conn.execute(asked.where(wants.c.asked_ms < before_ms).order_by(_P.id)):
        found[merchant].append(OpenSale(f"{number:012d}", *amount))
    return found


def _lost(conn: Connection, now_ms: int) -> dict[int, list[LostLetter]]:
    undelivered: Any = (_L.due_ms.is_not(None)) & (_L.created_ms < now_ms - RECENT_MS)
    asked = select(readers.c.merchant, _P.id, _L.kind).select_from(letters)
    asked = asked.join(payments, _P.id == _L.payment).join(readers, readers.c.id == _P.reader)
    asked = asked.where(_L.created_ms > now_ms - WEEK_MS)
    asked = asked.where(or_(undelivered, _L.state == "refused", _L.bounced_ms.is_not(None))).order_by(_L.id)
    found: dict[int, list[LostLetter]] = defaultdict(list)
    for merchant, number, kind in conn.execute(asked):
        found[merchant].append(LostLetter(f"{number:012d}", kind))
    return found
