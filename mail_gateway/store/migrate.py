"""Bring a database to this program's form: Alembic's versions, then the triggers of rules.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext

from mail_gateway.store import rules

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

HEAD: Final = "0001"
"""The newest version in migrations/versions; written here so that a start need not read that folder."""


def upgrade(engine: Engine) -> None:
    """Make or upgrade the database in one transaction. Idempotent; two callers wait for each other."""
    with engine.connect() as conn, conn.begin():
        if MigrationContext.configure(conn).get_current_revision() != HEAD:
            command.upgrade(alembic_config(conn), "head")
        rules.install(conn)


def is_current(engine: Engine) -> bool:
    """Whether the database has this program's form already; asked without a lock."""
    with engine.connect() as conn:
        return MigrationContext.configure(conn).get_current_revision() == HEAD


def alembic_config(conn: Connection) -> Config:
    """Alembic's configuration without its .ini: our folder, our connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    return config
