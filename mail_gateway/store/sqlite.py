"""The one place that opens SQLite: settings made and read back, the gateway's lock, BEGIN as we mean it."""

from __future__ import annotations

import fcntl
import itertools
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Delete, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store.ahead import Ahead, Said, Told
from mail_gateway.store.driver import driver
from mail_gateway.store.failures import typed
from mail_gateway.store.migrate import is_current, upgrade
from mail_gateway.store.stacked import Stacked
from mail_gateway.store.tables import GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Executable

    Rows = Sequence[Mapping[str, Any]]

FAR: Final = False
BUSY_MS: Final = 5000
STATEMENTS: Final = 512
"""So many the driver keeps ready to run: one for each length of a stack."""

_SETTINGS: Final[Mapping[str, int | str]] = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a commit is on the disk before its caller hears of it
    "foreign_keys": 1,
    "recursive_triggers": 1,  # else INSERT OR REPLACE walks past the no-delete triggers
    "secure_delete": 1,
    "temp_store": 2,  # MEMORY: else a large group writes pages, sealed cards too, into the system's /var/tmp
    "busy_timeout": BUSY_MS,
}
_GUEST: Final[Mapping[str, int | str]] = {"wal_autocheckpoint": 0}
"""A process beside the gateway leaves check-pointing to it: two at once break SQLite before 3.51.3."""

_GIVEN: Final = text("SELECT seq FROM sqlite_sequence WHERE name = :its_table")
"""The last number ever given where a table never gives one twice; after a restore it is set higher."""


def sqlite_path(url: str) -> Path:
    """The database's file. Raises GatewayError for any other kind of database."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise GatewayError(
            "The database must be given as sqlite:///FILE.", "database-unknown", Disposition.REFUSE
        )
    return Path(parsed.database)


def writer(url: str) -> Engine:
    """For the gateway's one writing connection, and for its upgrades."""
    return _engine(url, "BEGIN IMMEDIATE", {})


def reader(url: str) -> Engine:
    """For questions: this connection cannot write."""
    return _engine(url, "BEGIN", {"query_only": 1})


def name_group(conn: Connection) -> str:  # noqa: ARG001 - a module is a Backend
    """There is one writer."""
    return GROUPS


def be_strict(conn: Connection) -> None:
    """BEGIN IMMEDIATE: no other writes beside it."""


def keeper(url: str) -> None:
    """The file lock is the lease of the one gateway there is."""


def prepare(url: str) -> None:
    """Make or upgrade the database. The caller holds it."""
    first = writer(url)
    try:
        upgrade(first)
    except DBAPIError as error:
        raise typed(error) from error
    finally:
        first.dispose()


def _engine(url: str, begin: str, more: Mapping[str, int | str]) -> Engine:
    sqlite_path(url)
    engine = create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,  # parameters are somebody's payment: never in an exception
        connect_args={
            "isolation_level": None,
            "check_same_thread": False,
            "timeout": BUSY_MS // 1000,
            "cached_statements": STATEMENTS,
        },
    )

    @event.listens_for(engine, "connect")
    def _(driver: Any, _record: Any) -> None:
        _apply(driver, {**_SETTINGS, **more})

    @event.listens_for(engine, "begin")
    def _(conn: Connection) -> None:
        conn.exec_driver_sql(begin)

    return engine


def _apply(driver: Any, wanted: Mapping[str, int | str]) -> None:
    for name, value in wanted.items():
        driver.execute(f"PRAGMA {name} = {value}").fetchall()
        row = driver.execute(f"PRAGMA {name}").fetchone()
        if row is None or row[0] != value:
            found = "nothing" if row is None else row[0]
            sentence = f"The database keeps {name} at {found}, it has to be {value}."
            raise GatewayError(sentence, "database-unsafe", Disposition.REFUSE)


def hold(url: str) -> IO[bytes]:
    """Be the only gateway on this database until the returned file is closed. Raises GatewayError.

    A file of its own, since SQLite's locks must stay free for the command line. The kernel drops it with us.
    """
    path = sqlite_path(url).resolve()  # by whatever name: it is one database
    _make_place(path)
    held = path.with_name(f"{path.name}.lock").open("ab")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.close()
        sentence = f"Another gateway is running on {path}: stop it first."
        raise GatewayError(sentence, "gateway-running", Disposition.REFUSE) from None
    return held


def _make_place(path: Path) -> None:
    """The folder, and the file for its owner alone; SQLite gives its log the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)


@contextmanager
def guest(url: str, *, write: bool = False) -> Iterator[Connection]:
    """One short unit of work of another process (the command line), also while the gateway runs.

    Makes or upgrades the database if need be. Raises GatewayError where the database does.
    """
    _make_place(sqlite_path(url))
    engine = _engine(url, "BEGIN IMMEDIATE" if write else "BEGIN", _GUEST)
    try:
        if not is_current(engine):
            upgrade(writer(url))
        with engine.begin() as conn:
            yield conn
    except DBAPIError as error:
        raise typed(error) from error
    finally:
        engine.dispose()


def numbers(conn: Connection, table: str) -> Iterator[int]:
    """There is one writer: it counts on from the last."""
    last = conn.scalar(text(f"SELECT max(id) FROM {table}")) or 0
    given = conn.scalar(_GIVEN, {"its_table": table}) or 0
    return itertools.count(max(last, given) + 1)


def tell(conn: Connection, ahead: Ahead, lines: Iterable[tuple[Executable, Rows]]) -> Iterator[Told]:
    """One after the other, when its turn comes."""
    with driver(conn) as here:
        for statement, rows in lines:
            if isinstance(statement, Delete):
                said = ahead.in_form(Said, conn, statement, rows[0])
                yield Told(here.executemany(said.words, list(map(said.given, rows))).rowcount, ())
            elif statement.is_select:
                parts = ahead.in_form(Stacked, conn, statement, rows[0]).parts(rows)
                found = [one for words, values in parts for one in here.execute(words, values)]
                yield Told(len(found), found)
            else:
                parts = ahead.in_form(Stacked, conn, statement, rows[0]).parts(rows)
                yield Told(sum(here.execute(words, values).rowcount for words, values in parts), ())


def rest(conn: Connection) -> bool:
    """Bring the log into the database and cut it to nothing; not while somebody reads."""
    driver: Any = conn.connection.driver_connection
    driver.execute("PRAGMA busy_timeout = 0")
    busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    driver.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    return not busy
