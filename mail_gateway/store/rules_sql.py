"""The rules of rules.py as triggers, in SQLite's words and in PostgreSQL's."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, insert, select, text

from mail_gateway.domain.order import ORDER_TRANSITIONS
from mail_gateway.domain.payment import TRANSITIONS
from mail_gateway.store.order_rules import ORDER_RULES
from mail_gateway.store.rules import APPEND_ONLY, BLOCK, NEVER_DELETED, NUMBERED, RULES, Rule
from mail_gateway.store.tables import GROUPS, STANS, counters, metadata, order_transitions, transitions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import ForeignKeyConstraint


POINTERS: Final = tuple(
    key
    for name in APPEND_ONLY
    for key in sorted(metadata.tables[name].foreign_key_constraints, key=lambda key: str(key.column_keys))
)
"""Foreign keys that PostgreSQL keeps by a rule for a whole statement."""


def _sqlite(rule: Rule) -> str:
    conditions = [rule.only_if.replace("IS DISTINCT FROM", "IS NOT")] if rule.only_if else []
    conditions += [f"NOT {rule.unless}"] if rule.unless else []
    when = f"WHEN {' AND '.join(conditions)} " if conditions else ""
    return (
        f"CREATE TRIGGER {rule.name} BEFORE {_moment(rule)} ON {rule.table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{rule.sentence}'); END"
    )


def _moment(rule: Rule) -> str:
    return rule.when + (f" OF {', '.join(rule.columns)}" if rule.columns else "")


_REFUSE: Final = (
    "CREATE OR REPLACE FUNCTION hagaki_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'check_violation'; END $$"
)


def _postgres() -> Iterator[tuple[str, str, str]]:
    """(trigger, table, statements): what makes each trigger."""
    for rule in (*RULES, *ORDER_RULES, *_pointing()):
        yield rule.name, rule.table, _of_all_rows(rule) if rule.offences else _of_each_row(rule)
    for table in NEVER_DELETED:
        name = f"{table}_no_truncate"
        yield (
            name,
            table,
            f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION hagaki_refuse('{table}: rows are never deleted')",
        )


def _pointing() -> Iterator[Rule]:
    """What tables that only grow point at is never deleted: one look at what is new will do.

    The server's own foreign keys would look at each row, and write a lock into the row it points at.
    """
    for table in dict.fromkeys(key.table.name for key in POINTERS):
        offences = " UNION ALL ".join(_astray(key) for key in POINTERS if key.table.name == table)
        sentence = f"{table}: this row points at nothing"
        yield Rule(f"{table}_point_at_something", table, "INSERT", sentence, offences=offences)


def _astray(key: ForeignKeyConstraint) -> str:
    columns = [each.parent.name for each in key.elements]
    given = " AND ".join(f"news.{name} IS NOT NULL" for name in columns)
    same = " AND ".join(f"its.{each.column.name} = news.{each.parent.name}" for each in key.elements)
    found = f"EXISTS (SELECT FROM {key.referred_table} AS its WHERE {same})"
    return f"SELECT 1 FROM news WHERE {given} AND NOT {found}"


def _of_each_row(rule: Rule) -> str:
    when = f"WHEN ({rule.only_if}) " if rule.only_if else ""
    return (
        f"CREATE TRIGGER {rule.name} BEFORE {_moment(rule)} ON {rule.table} "
        f"FOR EACH ROW {when}EXECUTE FUNCTION hagaki_refuse('{rule.sentence}')"
    )


def _of_all_rows(rule: Rule) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION hagaki_{rule.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF EXISTS ({rule.offences}) THEN "
        f"RAISE EXCEPTION '{rule.sentence}' USING ERRCODE = 'check_violation'; END IF; RETURN NULL; END $$;\n"
        f"CREATE TRIGGER {rule.name} AFTER {rule.when} ON {rule.table} REFERENCING NEW TABLE AS news "
        f"FOR EACH STATEMENT EXECUTE FUNCTION hagaki_{rule.name}()"
    )


SQLITE: Final[Mapping[str, str]] = {rule.name: _sqlite(rule) for rule in (*RULES, *ORDER_RULES)}
"""Name -> SQL of every trigger, SQLite's dialect."""

POSTGRES: Final = tuple(_postgres())
_DIGEST: Final = hashlib.sha256(repr((_REFUSE, POSTGRES, NUMBERED, BLOCK)).encode()).hexdigest()
_ENABLED: Final = text(
    "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'"
    " AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)"
)
_SAID: Final = text("SELECT obj_description(to_regproc('public.hagaki_refuse')::oid, 'pg_proc')")


def install(conn: Connection) -> None:
    """Make triggers and transitions equal to this program's, and start the counters. Idempotent."""
    if conn.dialect.name == "sqlite":
        _install_sqlite(conn)
    else:
        _install_postgres(conn)
    for table, arrows in ((transitions, TRANSITIONS), (order_transitions, ORDER_TRANSITIONS)):
        known = {tuple(row) for row in conn.execute(select(table))}
        legal = {(b, kind, after) for b, row in arrows.items() for kind, after in row.items()}
        _add(conn, table, [dict(zip(table.c.keys(), row, strict=True)) for row in legal - known])
    started = set(conn.scalars(select(counters.c.name)))
    _add(conn, counters, [{"name": name, "value": 0} for name in (GROUPS, STANS) if name not in started])


def in_force(conn: Connection) -> bool:
    """Whether every rule stands in the PostgreSQL database as it does here, and none is switched off."""
    enabled = set(conn.scalars(_ENABLED))
    return {name for name, _, _ in POSTGRES} <= enabled and conn.scalar(_SAID) == _DIGEST


def _add(conn: Connection, table: object, rows: list[dict[str, object]]) -> None:
    if rows:
        conn.execute(insert(table), rows)  # type: ignore[arg-type]


def _install_sqlite(conn: Connection) -> None:
    rows = conn.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    found: dict[str, str] = {row.name: row.sql for row in rows}
    for name in found.keys() - SQLITE.keys():
        conn.exec_driver_sql(f"DROP TRIGGER {name}")
    for name, sql in SQLITE.items():
        if found.get(name) != sql:
            conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
            conn.exec_driver_sql(sql)


def _install_postgres(conn: Connection) -> None:
    conn.exec_driver_sql(_REFUSE)
    conn.exec_driver_sql(f"COMMENT ON FUNCTION hagaki_refuse() IS '{_DIGEST}'")
    for name, table, sql in POSTGRES:
        conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        conn.exec_driver_sql(sql)
    for key in POINTERS:
        name = f"{key.table}_{'_'.join(key.column_keys)}_fkey"
        conn.exec_driver_sql(f"ALTER TABLE {key.table} DROP CONSTRAINT IF EXISTS {name}")
    for table in NUMBERED:
        conn.exec_driver_sql(f"ALTER SEQUENCE {table}_id_seq INCREMENT BY {BLOCK}")
