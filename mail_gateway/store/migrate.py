"""Bring a database to this program's form: Alembic's versions, then the triggers of rules.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from mail_gateway.store import rules_sql

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

HEAD: Final = "0004"
"""The newest version in migrations/versions; written here so that a start need read neither that folder nor
Alembic, which takes as long as half of a command."""

_VERSION: Final = text("SELECT version_num FROM alembic_version")


def upgrade(engine: Engine) -> None:
    """Make or upgrade the database in one transaction. Idempotent; two callers wait for each other."""
    with engine.connect() as conn, conn.begin():
        upgrade_on(conn)


def upgrade_on(conn: Connection) -> None:
    """The same on a connection and in a transaction that the caller holds."""
    if revision(conn) != HEAD:
        from alembic import command

        command.upgrade(alembic_config(conn), "head")
    rules_sql.install(conn)


def is_current(engine: Engine) -> bool:
    """Whether the database has this program's form already; asked without a lock."""
    with engine.connect() as conn:
        return revision(conn) == HEAD


def revision(conn: Connection) -> str | None:
    """The version that the database stands at; None: it has no tables of ours."""
    if not conn.dialect.has_table(conn, "alembic_version"):
        return None
    found: str | None = conn.scalar(_VERSION)
    return found


def alembic_config(conn: Connection) -> Config:
    """Alembic's configuration without its .ini: our folder, our connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    return config
