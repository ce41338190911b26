"""A backup of a SQLite database: one snapshot, copied row by row without the pads, which never touch it."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import NullPool, create_engine, func, select
from sqlalchemy.exc import DBAPIError

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store import migrate
from mail_gateway.store.failures import typed
from mail_gateway.store.recovery import BACKUP_MS
from mail_gateway.store.sqlite import BUSY_MS, sqlite_path
from mail_gateway.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

LEFT_OUT: Final = frozenset({"pads"})
"""With its pad an envelope could be opened: so no backup ever holds one."""

_SHAPES: Final = (
    "SELECT type, name, sql FROM live.sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
)


def copy(url: str, target: Path) -> None:
    """Write the database as it now is to a new file, also while the gateway runs.

    One read of one snapshot: what is committed meanwhile is not in it. Raises GatewayError.
    """
    source = sqlite_path(url)
    if not source.exists():
        raise GatewayError(f"There is no database at {source}.", "database-missing", Disposition.REFUSE)
    target.touch(mode=0o600, exist_ok=False)
    try:
        with closing(sqlite3.connect(target, isolation_level=None, timeout=BUSY_MS // 1000)) as conn:
            _fill(conn, str(source))
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        raise typed(error) from error


def _fill(conn: sqlite3.Connection, source: str) -> None:
    conn.execute("PRAGMA synchronous = 3")
    conn.execute("PRAGMA wal_autocheckpoint = 0")  # check-pointing is left to the gateway
    conn.execute("ATTACH DATABASE ? AS live", (source,))
    taken_ms = conn.execute("SELECT CAST(strftime('%s', 'now') AS INTEGER) * 1000").fetchone()[0]
    conn.execute("BEGIN")
    shapes = conn.execute(_SHAPES).fetchall()
    tables = [name for kind, name, _ in shapes if kind == "table"]
    for _, sql in ((name, sql) for kind, name, sql in shapes if kind == "table"):
        conn.execute(sql)
    for name in tables:
        if name not in LEFT_OUT:
            conn.execute(f'INSERT INTO main."{name}" SELECT * FROM live."{name}"')
    conn.execute("DELETE FROM main.sqlite_sequence")
    conn.execute("INSERT INTO main.sqlite_sequence SELECT * FROM live.sqlite_sequence")
    conn.execute("INSERT OR REPLACE INTO main.counters VALUES (?, ?)", (BACKUP_MS, taken_ms))
    for kind, _, sql in shapes:
        if kind != "table":
            conn.execute(sql)
    conn.execute("COMMIT")
    conn.execute("DETACH DATABASE live")


@contextmanager
def opened(path: Path) -> Iterator[Connection]:
    """A database file for reading alone; nothing is written beside it. Raises GatewayError."""
    if not path.exists():
        raise GatewayError(f"There is no file {path}.", "backup-missing", Disposition.REFUSE)
    engine = create_engine(
        f"sqlite:///file:{path.resolve()}?mode=ro&uri=true", poolclass=NullPool, hide_parameters=True
    )
    try:
        with engine.connect() as conn:
            yield conn
    except DBAPIError as error:
        raise GatewayError(
            f"{path} is not a database, or damaged.", "backup-damaged", Disposition.REFUSE, str(error.orig)
        ) from error
    finally:
        engine.dispose()


def check(conn: Connection) -> None:
    """Raises GatewayError backup-damaged or backup-version: pages, foreign keys, and this program's form."""
    pages = conn.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    keys = conn.exec_driver_sql("PRAGMA foreign_key_check").all()
    if pages != ["ok"] or keys:
        detail = (
            "; ".join(str(page) for page in pages[:3]) if pages != ["ok"] else f"{len(keys)} foreign keys"
        )
        raise GatewayError("The file is damaged.", "backup-damaged", Disposition.REFUSE, detail)
    if migrate.revision(conn) != migrate.HEAD:
        sentence = "The file was made by another version of this program."
        raise GatewayError(sentence, "backup-version", Disposition.REFUSE)


def counts(conn: Connection) -> dict[str, int]:
    """Rows by table."""
    tables: list[Any] = sorted(metadata.tables.values(), key=lambda table: table.name)
    return {t.name: conn.execute(select(func.count()).select_from(t)).scalar_one() for t in tables}
