"""What the owner of a PostgreSQL database does for the gateways, and what their role may and may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, text

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store import migrate, recovery, rules, rules_sql
from mail_gateway.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORK: Final = "SELECT, INSERT, UPDATE"
_GRANTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(rules.APPEND_ONLY, "SELECT, INSERT"),
    "transitions": "SELECT",
    "order_transitions": "SELECT",
    "pads": "SELECT, INSERT, DELETE",
    "alembic_version": "SELECT",
}
"""Table -> what the gateways may do with it; all others: _WORK. Nobody deletes, but pads."""

_MAKING: Final = 0x68616762
_PROTECTED: Final = sorted({*rules.APPEND_ONLY, *rules.NEVER_DELETED})


def grow(engine: Engine, role: str) -> None:
    """Make or upgrade the tables, rules and grants in one go. Raises GatewayError: there is no such role."""
    with engine.begin() as conn:
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MAKING})
        known = conn.scalar(text("SELECT true FROM pg_roles WHERE rolname = :role"), {"role": role})
        if not known:
            sentence = f"There is no role {role}: make it first (CREATE ROLE ... LOGIN)."
            raise GatewayError(sentence, "database-role-unknown", Disposition.REFUSE)
        migrate.upgrade_on(conn)
        _grant(conn, role)


def _grant(conn: Connection, role: str) -> None:
    name = conn.dialect.identifier_preparer.quote(role)
    conn.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {name}")
    for table in (*metadata.tables, "alembic_version"):
        conn.exec_driver_sql(f"REVOKE ALL ON {table} FROM {name}, PUBLIC")
        conn.exec_driver_sql(f"GRANT {_GRANTS.get(table, _WORK)} ON {table} TO {name}")
    conn.exec_driver_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}")
    for table in recovery.JUMPED:
        conn.exec_driver_sql(f"GRANT UPDATE ON SEQUENCE {table}_id_seq TO {name}")


def assert_prepared(engine: Engine) -> None:
    """Raises GatewayError if the database does not have this program's form and rules."""
    with engine.connect() as conn:
        if migrate.revision(conn) == migrate.HEAD and rules_sql.in_force(conn):
            return
    sentence = "The database does not have this program's tables: run hagaki database prepare."
    raise GatewayError(sentence, "database-not-prepared", Disposition.REFUSE)


_MAY_BEND: Final = text(
    """SELECT coalesce(bool_or(
         pg_has_role(current_user, c.relowner, 'MEMBER')
         OR has_table_privilege(c.oid, 'DELETE, TRUNCATE, TRIGGER')
         OR c.relname = ANY(:append_only) AND has_table_privilege(c.oid, 'UPDATE')), true)
       OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
       FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(:protected)"""
)


def assert_not_ours(conn: Connection) -> None:
    """Raises GatewayError if our own role could change or delete what is written once."""
    names = {"append_only": list(rules.APPEND_ONLY), "protected": _PROTECTED}
    if conn.scalar(_MAY_BEND, names):
        sentence = "This role could change the books: run the gateway as one that does not own the tables."
        raise GatewayError(sentence, "database-owner", Disposition.REFUSE)
