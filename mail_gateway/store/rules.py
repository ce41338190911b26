"""Rules that live in the database whoever writes to it: legal transitions, and rows that never change.

Triggers are code, so they are put in place again whenever they differ from what stands here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy.dialects.sqlite import insert

from mail_gateway.domain.payment import TRANSITIONS
from mail_gateway.store.tables import GROUPS, STANS, counters, transitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

APPEND_ONLY: Final = ("events", "transfers", "answers", "transitions", "nodes")
FIXED: Final = {
    "payments": ("id", "reader", "received_ms", "envelope_hash", "ksn"),
    "letters": (
        "id",
        "payment",
        "merchant",
        "kind",
        "version",
        "message_id",
        "sender",
        "recipient",
        "raw",
        "created_ms",
    ),
}
"""Columns that are written once."""


def _refuse(name: str, when: str, table: str, sentence: str) -> tuple[str, str]:
    return name, f"CREATE TRIGGER {name} {when} ON {table} BEGIN SELECT RAISE(ABORT, '{sentence}'); END"


def _rules() -> Iterator[tuple[str, str]]:
    for table in APPEND_ONLY:
        yield _refuse(f"{table}_no_update", "BEFORE UPDATE", table, f"{table}: rows never change")
    for table in (*APPEND_ONLY, "payments", "letters", "mails"):
        yield _refuse(f"{table}_no_delete", "BEFORE DELETE", table, f"{table}: rows are never deleted")
    for table, columns in FIXED.items():
        when = f"BEFORE UPDATE OF {', '.join(columns)}"
        yield _refuse(f"{table}_fixed", when, table, f"{table}: this column never changes")
    yield (
        "payments_start_received",
        "CREATE TRIGGER payments_start_received BEFORE INSERT ON payments WHEN NEW.state <> 'received' "
        "BEGIN SELECT RAISE(ABORT, 'payments: a payment begins as received'); END",
    )
    yield (
        "payments_follow_events",
        "CREATE TRIGGER payments_follow_events BEFORE UPDATE OF state ON payments WHEN NOT EXISTS ("
        "SELECT 1 FROM events WHERE id = (SELECT max(id) FROM events WHERE payment = NEW.id) "
        "AND before = OLD.state AND after = NEW.state) "
        "BEGIN SELECT RAISE(ABORT, 'payments: the last event does not lead to this state'); END",
    )
    yield (
        "payments_key_once",
        "CREATE TRIGGER payments_key_once BEFORE UPDATE OF counter, sale_hash ON payments "
        "WHEN OLD.counter IS NOT NULL "
        "AND (NEW.counter IS NOT OLD.counter OR NEW.sale_hash IS NOT OLD.sale_hash) "
        "BEGIN SELECT RAISE(ABORT, 'payments: the key of a payment never changes'); END",
    )


RULES: Final[Mapping[str, str]] = dict(_rules())
"""Name -> SQL of every trigger, SQLite's dialect."""


def install(conn: Connection) -> None:
    """Make triggers and transitions equal to this program's, and start the counters. Idempotent."""
    rows = conn.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    found: dict[str, str] = {row.name: row.sql for row in rows}
    for name in found.keys() - RULES.keys():
        conn.exec_driver_sql(f"DROP TRIGGER {name}")
    for name, sql in RULES.items():
        if found.get(name) != sql:
            conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
            conn.exec_driver_sql(sql)
    arrows = [
        {"before": before, "kind": kind, "after": after}
        for before, row in TRANSITIONS.items()
        for kind, after in row.items()
    ]
    conn.execute(insert(transitions).on_conflict_do_nothing(), arrows)
    starts = [{"name": name, "value": 0} for name in (GROUPS, STANS)]
    conn.execute(insert(counters).on_conflict_do_nothing(), starts)
