"""Letters on their way to the smarthost: taken out and written down many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, update

from mail_gateway.store import letters
from mail_gateway.store.letters import SENDING_GUARD_MS
from mail_gateway.store.tables import letters as table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mail_gateway.store.letters import LetterRow

_C: Final = table.c
_ONE: Final = update(table).where(_C.id == bindparam("its_id"))
_CLAIM: Final = _ONE.values(attempts=_C.attempts + 1, state="sending", due_ms=bindparam("until_ms"))
_SENT: Final = _ONE.values(state="sent", due_ms=None, sent_ms=bindparam("at_ms"), remark=bindparam("reply"))
_RELEASE: Final = _ONE.values(attempts=_C.attempts - 1, state="due", due_ms=bindparam("at_ms"))


class Claimed(NamedTuple):
    """rows: to be sent now. next_ms: when another one is due, if it is known."""

    rows: Sequence[LetterRow]
    next_ms: int | None


class Mark(NamedTuple):
    """What became of one letter. state: sent, refused, uncertain, due. next_ms: when it would go again."""

    id: int
    state: str
    remark: str
    next_ms: int = 0


def claim(conn: Connection, now_ms: int, limit: int) -> Claimed:
    """Unit of work: what is due is being handed over; should we die now, it is due again after the guard."""
    rows = letters.due(conn, now_ms, limit)
    if rows:
        until_ms = now_ms + SENDING_GUARD_MS
        conn.execute(_CLAIM, [{"its_id": row.id, "until_ms": until_ms} for row in rows])
    return Claimed(rows, None if len(rows) == limit else letters.next_due_ms(conn))


def settle(conn: Connection, marks: Sequence[Mark], now_ms: int) -> None:
    """Unit of work: write down what became of letters that were claimed."""
    sent = [{"its_id": one.id, "at_ms": now_ms, "reply": one.remark} for one in marks if one.state == "sent"]
    if sent:
        conn.execute(_SENT, sent)
    for one in marks:
        if one.state == "refused":
            letters.mark_refused(conn, one.id, now_ms, one.remark)
        elif one.state != "sent":
            uncertain = one.state == "uncertain"
            letters.mark_later(conn, one.id, one.next_ms, uncertain=uncertain, reason=one.remark)


def release(conn: Connection, ids: Sequence[int], now_ms: int) -> None:
    """Unit of work: claimed and not tried, through no fault of theirs: due again, and no attempt."""
    conn.execute(_RELEASE, [{"its_id": id, "at_ms": now_ms} for id in ids])
