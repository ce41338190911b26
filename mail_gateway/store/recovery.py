"""What a restore leaves in the database: the lost time, jumps over used numbers, the acquirer's ghosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Column, Connection, case, func, insert, select, text, update

from mail_gateway.domain.decide import CLOCK_AHEAD_MAX_MS
from mail_gateway.domain.payment import TRANSITIONS, Kind
from mail_gateway.domain.reconcile import Booked
from mail_gateway.domain.standing import RECOVERING, VERSIONS_PER_RESTORE
from mail_gateway.store import holds, notes
from mail_gateway.store.holds import Subject
from mail_gateway.store.notes import Note, Said
from mail_gateway.store.record import BLOCK
from mail_gateway.store.tables import (
    STANS,
    answers,
    counters,
    events,
    ghosts,
    mails,
    nodes,
    pads,
    payments,
    restores,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from mail_gateway.domain.payment import State
    from mail_gateway.domain.reconcile import Line
    from mail_gateway.store.payments import Payment

BACKUP_MS: Final = "backup_ms"
"""The counter in which a backup carries its own time."""

JUMPED: Final = ("payments", "nodes")
"""Tables whose next numbers are set higher after a restore."""

NODES_JUMP: Final = 1_000_000
PAYMENTS_JUMP: Final = 1_000_000
"""And two for each lost millisecond: no gateway makes a thousand payments a second for long."""

STANS_JUMP: Final = 500_000
_P: Final = payments.c
_G: Final = ghosts.c
_R: Final = restores.c
_UNKNOWN: Final = [state for state, arrows in TRANSITIONS.items() if Kind.FOUND_CHARGED in arrows]
"""Where a payment stands that may have been charged since, or may not."""


class Restore(NamedTuple):
    """All unix ms. lost_from_ms: the seal of the oldest sale that may have been charged since the backup."""

    id: int
    backup_ms: int
    restored_ms: int
    lost_from_ms: int
    reconciled_ms: int | None


def backup_ms(conn: Connection) -> int:
    """When this copy was made: it says so itself, or its newest row does. Unix ms."""
    own = _own_time(conn)
    if own is not None:
        return own
    ends = (mails.c.received_ms, events.c.at_ms, answers.c.at_ms, nodes.c.started_ms)
    return max(_highest(conn, end) for end in ends)


def _own_time(conn: Connection) -> int | None:
    """What a backup says of itself; None: it is none of ours."""
    own: int | None = conn.scalar(select(counters.c.value).where(counters.c.name == BACKUP_MS))
    return own


def begin(conn: Connection, backup: int, now_ms: int, freshness_ms: int) -> int:
    """Unit of work: this database is an old one; -> the restore's number.

    Nothing is authorised from here on; numbers that may have been used since the backup are jumped over;
    what may have been charged since waits for the acquirer's list.
    """
    row = {
        "backup_ms": backup,
        "restored_ms": now_ms,
        "lost_from_ms": backup - freshness_ms - CLOCK_AHEAD_MAX_MS,
    }
    number: int = conn.execute(insert(restores).returning(_R.id), row).scalar_one()
    holds.add(conn, Subject.GATEWAY, None, RECOVERING, now_ms)
    if _own_time(conn) is not None:  # in a copy of ours only; on a server nobody may delete counters
        conn.execute(counters.delete().where(counters.c.name == BACKUP_MS))
    conn.execute(pads.delete())
    _jump(conn, now_ms, max(now_ms - backup, 0))
    _set_apart(conn, now_ms, number)
    return number


def open_restore(conn: Connection) -> Restore | None:
    """The restore that is not finished yet; of several the widest time."""
    asked = select(
        func.max(_R.id),
        func.min(_R.backup_ms),
        func.max(_R.restored_ms),
        func.min(_R.lost_from_ms),
        case((func.count(_R.reconciled_ms) == func.count(), func.min(_R.reconciled_ms))),
    ).where(_R.finished_ms.is_(None))
    row = conn.execute(asked).one()
    return None if row[0] is None else Restore(*row)


def mark_reconciled(conn: Connection, now_ms: int) -> None:
    """Unit of work: a list that covers the lost time has been read."""
    conn.execute(update(restores).where(_R.finished_ms.is_(None)).values(reconciled_ms=now_ms))


def finish(conn: Connection, now_ms: int) -> int:
    """Unit of work: sales may be authorised again; those that waited for the list are looked at again.

    -> how many.
    """
    conn.execute(update(restores).where(_R.finished_ms.is_(None)).values(finished_ms=now_ms))
    for hold in holds.listed(conn, released=False):
        if (hold["subject"], hold["reason"]) == (Subject.GATEWAY, RECOVERING):
            holds.release(conn, hold["id"], now_ms)
    waiting = [number for number in apart(conn) if not is_old(conn, number)]
    changes = {"shunted": 0, "failures": 0, "due_ms": _P.received_ms, "epoch": _P.epoch + 1}
    for number in waiting:
        conn.execute(update(payments).where(_P.id == number).values(**changes))
        notes.add(conn, number, now_ms, Note(Said.RETRY, "the acquirer's list was read"))
    return len(waiting)


def apart(conn: Connection) -> list[int]:
    """The payments that wait for the acquirer's list."""
    asked = select(_P.id).where(_P.shunted == 1).order_by(_P.id)
    return [number for number in conn.scalars(asked).all() if _waits(conn, number)]


def is_old(conn: Connection, number: int) -> bool:
    """Whether it came with the backup: then it cannot be opened any more."""
    why = notes.why(conn, number)
    return why is not None and "restore" in why.facts


def in_state(conn: Connection, states: Collection[State], from_ms: int, until_ms: int) -> list[int]:
    """The payments received in that time, unix ms, that are in one of those states."""
    asked = select(_P.id).where(_P.state.in_(states), _P.received_ms.between(from_ms, until_ms))
    return list(conn.scalars(asked.order_by(_P.id)).all())


def ghost_like(conn: Connection, payment: Payment) -> str | None:
    """The reference of a charge that nobody knows and that may be this sale's."""
    asked = select(func.min(_G.reference)).where(
        _G.settled_ms.is_(None),
        _G.terminal_id == payment.terminal_id,
        _G.amount_minor == payment.amount_minor,
        _G.currency == payment.currency,
        _G.is_return == int(payment.kind.is_return),
    )
    found: str | None = conn.scalar(asked)
    return found


def add_ghost(conn: Connection, restore: int, line: Line) -> bool:
    """Unit of work: a charge or return of the list that no payment of ours made; -> whether it is new."""
    if conn.scalar(select(_G.reference).where(_G.reference == line.reference)) is not None:
        return False
    row = {
        "reference": line.reference,
        "restore": restore,
        "terminal_id": line.terminal_id,
        "at_ms": line.time_ms,
        "amount_minor": line.amount_minor,
        "currency": line.currency,
        "approval_number": line.approval_number,
        "is_return": int(line.state is Booked.RETURNED),
        "acquirer": line.acquirer,
    }
    conn.execute(insert(ghosts), row)
    return True


def list_ghosts(conn: Connection, *, settled: bool) -> list[dict[str, Any]]:
    """Charges that no payment of ours made; settled: also those that a person has explained."""
    asked = select(ghosts).order_by(_G.reference)
    if not settled:
        asked = asked.where(_G.settled_ms.is_(None))
    return [dict(row) for row in conn.execute(asked).mappings()]


def settle_ghost(conn: Connection, reference: str, payment: int | None, now_ms: int, remark: str) -> bool:
    """Unit of work: a person has found out whose it is; -> whether it was open."""
    asked = update(ghosts).where(_G.reference == reference, _G.settled_ms.is_(None))
    return conn.execute(asked.values(settled_ms=now_ms, payment=payment, remark=remark)).rowcount == 1


def _waits(conn: Connection, number: int) -> bool:
    last, why = notes.newest(conn, number), notes.why(conn, number)
    is_open = last is not None and last.kind in (Said.RECOVERING, Said.TOLD)
    return is_open and why is not None and why.kind is Said.RECOVERING


def _set_apart(conn: Connection, now_ms: int, number: int) -> None:
    left = conn.scalars(select(_P.id).where(_P.state.in_(_UNKNOWN)).order_by(_P.id)).all()
    for payment in left:
        changes = {"shunted": 1, "failures": 0, "due_ms": _P.received_ms, "envelope": None}
        conn.execute(update(payments).where(_P.id == payment).values(**changes, epoch=_P.epoch + 1))
        notes.add(conn, payment, now_ms, Note(Said.RECOVERING, facts={"restore": number}))


def _jump(conn: Connection, now_ms: int, lost_ms: int) -> None:
    node = _highest(conn, nodes.c.id) + NODES_JUMP
    conn.execute(insert(nodes), {"id": node, "started_ms": now_ms})
    if conn.dialect.name != "sqlite":
        _count_over(conn, nodes.name, node)
    blocks = counters.c.value + STANS_JUMP // BLOCK
    conn.execute(update(counters).where(counters.c.name == STANS).values(value=blocks))
    conn.execute(update(payments).values(version=_P.version + VERSIONS_PER_RESTORE, epoch=_P.epoch + 1))
    _count_over(conn, payments.name, _highest(conn, _P.id) + PAYMENTS_JUMP + 2 * lost_ms)


def _highest(conn: Connection, column: Column[int]) -> int:
    return int(conn.scalar(select(func.coalesce(func.max(column), 0))) or 0)


def _count_over(conn: Connection, table: str, number: int) -> None:
    """The next row of that table gets a number over this one: one that was never used. A server's sequence
    counts whatever its table holds; in a file only `payments` remembers more than its highest row."""
    given = {"its_table": table, "number": number}
    if conn.dialect.name != "sqlite":
        conn.execute(text("SELECT setval(pg_get_serial_sequence(:its_table, 'id'), :number)"), given)
        return
    used = conn.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :its_table"), given)
    change = "INSERT INTO sqlite_sequence (name, seq) VALUES (:its_table, :number)"
    if used is not None:
        change = "UPDATE sqlite_sequence SET seq = max(seq, :number) WHERE name = :its_table"
    conn.execute(text(change), given)
