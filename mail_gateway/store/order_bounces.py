"""Letters of orders that came back: marked, sent once to the second address, and what nobody has taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, or_, select, update

from mail_gateway.domain.order import OrderState
from mail_gateway.domain.order_news import ASKING, OF_MONEY
from mail_gateway.domain.outcome import Letter
from mail_gateway.store import letters as heart
from mail_gateway.store.tables import UNTAKEN, letters, mails, orders

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mail_gateway.store.sheet import Sheet

QUESTIONS: Final = tuple(sorted(kind.value for kind in ASKING))
NEWS: Final = tuple(sorted(kind.value for kind in OF_MONEY))
_TOLD: Final = Letter.SHOP_UNDELIVERED.value
_L: Final = letters.c
_LETTER: Final = (
    select(_L.id, _L.state, _L.recipient, _L.kind, orders.c.state.label("order_state"))
    .join(orders, orders.c.id == _L.order_id)
    .where(_L.order_id == bindparam("its_order"), _L.version == bindparam("its_number"))
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a carrier says of a letter. at_ms: when it came, unix ms. message_id: of the report, or empty."""

    message_id: str
    at_ms: int
    reason: str


def recipient(conn: Connection, order: int, number: int) -> str | None:
    """To whom that letter of that order was written; None if there is none."""
    found = conn.execute(_LETTER, {"its_order": order, "its_number": number}).one_or_none()
    return None if found is None else found.recipient


def mark(sheet: Sheet, order: int, number: int, report: Report) -> None:
    """Unit of work: a letter came back undelivered; it goes the way of one refused. One that is on its way
    again, a question that is over, and a report that came before change nothing else."""
    letter = sheet.execute(_LETTER, {"its_order": order, "its_number": number}).one()
    marked = {"bounced_ms": report.at_ms, "remark": report.reason}
    sheet.execute(update(letters).where(_L.id == letter.id).values(marked))
    is_over = letter.kind in QUESTIONS and letter.order_state != OrderState.ASKED.value
    if letter.state in ("sending", "due") or is_over or _is_known(sheet, order, report.message_id):
        return
    heart.mark_refused(sheet, letter.id, report.at_ms, report.reason)


def _is_known(sheet: Sheet, order: int, message_id: str) -> bool:
    """Whether this report came before: carriers deliver some twice, and the second address is tried once."""
    same = (mails.c.order_id == order, mails.c.message_id == message_id, mails.c.verdict == "bounced")
    return bool(message_id) and sheet.scalar(select(mails.c.id).where(*same).limit(1)) is not None


def untold(conn: Connection, limit: int, order: int | None = None) -> list[tuple[int, bool]]:
    """Orders still asked whose question nobody took, at no address, and orders whose customer was not told
    of money; each whose shop has not heard of it. order: only that one. -> order, and whether it is a
    question."""
    lost = select(_L.order_id, _L.version, _L.kind.in_(QUESTIONS).label("asks"))
    untaken = lost.where(UNTAKEN, _L.kind.in_(QUESTIONS + NEWS)).subquery().c
    later = or_(untaken.asks, _L.version > untaken.version)
    told = select(_L.id).where(_L.order_id == untaken.order_id, _L.kind == _TOLD, later)
    found = select(untaken.order_id, untaken.asks).join(orders, orders.c.id == untaken.order_id).distinct()
    matters = or_(~untaken.asks, and_(untaken.asks, orders.c.state == OrderState.ASKED.value))
    if order is not None:
        found = found.where(untaken.order_id == order)
    rows = conn.execute(found.where(matters, ~told.exists()).order_by(untaken.order_id).limit(limit))
    return [(row.order_id, bool(row.asks)) for row in rows]


def undelivered(conn: Connection) -> list[dict[str, Any]]:
    """Orders still asked whose question nobody took, with what the mail server said; the oldest first."""
    untaken = select(_L.id, _L.order_id, _L.kind, _L.recipient, _L.remark)
    one = untaken.where(UNTAKEN, _L.kind.in_(QUESTIONS)).subquery().c
    found = select(orders.c.id.label("order"), orders.c.deal_id, one.kind, one.recipient, one.remark)
    found = found.join_from(orders, one.id.table, one.order_id == orders.c.id)
    found = found.where(orders.c.state == OrderState.ASKED.value).order_by(one.id)
    return [dict(row) for row in conn.execute(found).mappings()]


def why(conn: Connection, order: int) -> str:
    """What the mail servers said last about a letter to its customer that nobody took; empty: nothing."""
    asked = select(_L.remark).where(UNTAKEN, _L.order_id == order, _L.kind.in_(QUESTIONS + NEWS))
    return conn.scalar(asked.order_by(_L.id.desc()).limit(1)) or ""
