"""The one place that opens PostgreSQL: one libpq URL, time-outs on everything, settings read back."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store import owner, rules
from mail_gateway.store.ahead import Ahead, Told
from mail_gateway.store.driver import driver
from mail_gateway.store.failures import Caught, typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Executable

    Rows = Sequence[Mapping[str, Any]]

FAR: Final = True

_ANY: Final = "postgresql+psycopg://"
_CONNECT: Final[Mapping[str, Any]] = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,  # ms: a primary whose power went is noticed
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "target_session_attrs": "primary",  # of several hosts
    "application_name": "hagaki",
}
_SESSION: Final[Mapping[str, str]] = {
    "statement_timeout": "20s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "30s",
    "timezone": "UTC",
}
"""None of these has an end by itself."""

_SOON: Final[Mapping[str, str]] = {"statement_timeout": "3s", "lock_timeout": "2s"}
"""Shorter than any lease."""

_BY_KEY: Final[Mapping[str, str]] = {
    **dict.fromkeys(("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"), "off"),
    "plan_cache_mode": "force_generic_plan",
}
"""A sheet looks up its rows by their keys, however small a table seems; that is planned once."""

_SAFE: Final[Mapping[str, tuple[str, ...]]] = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "remote_apply", "remote_write"),
}
_NEXT: Final = text("SELECT nextval(pg_get_serial_sequence(:its_table, 'id'))")
GUESTS: Final = 0x68616761
"""The advisory lock of those who write beside the gateways: one at a time."""


class Open(NamedTuple):
    """Nothing is held: many gateways may stand on one PostgreSQL; who does what, nodes.py says by leases."""

    def close(self) -> None:
        """Nothing to give back."""


def hold(url: str) -> Open:  # noqa: ARG001 - a module is a Backend
    """Any number of gateways may."""
    return Open()


def prepare(url: str) -> None:
    """See that the database has this program's form and is safe, and that our role cannot bend the books.

    Never changes it: `hagaki database prepare` does, as the owner. Raises GatewayError.
    """
    with guest(url) as conn:
        _assert_safe(conn)
        owner.assert_not_ours(conn)


def writer(url: str) -> Engine:
    """For the one writing connection.

    What a sheet writes is guarded row by row, by epochs and by rules of the database: a snapshot will do, and
    no two nodes meet on a page of an index. What is written beside a sheet is SERIALIZABLE.
    """
    return _engine(url, default_transaction_isolation="repeatable read", **_BY_KEY)


def be_strict(conn: Connection) -> None:
    """SERIALIZABLE, for this transaction."""
    conn.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")


def reader(url: str) -> Engine:
    """For questions: this connection cannot write."""
    return _engine(url, default_transaction_isolation="repeatable read", default_transaction_read_only="on")


def name_group(conn: Connection) -> str:
    """A row of its own for each writer: on one for all they would get in each other's way."""
    made = text("INSERT INTO counters (name, value) SELECT 'groups:' || gen_random_uuid(), 0 RETURNING name")
    return str(conn.scalar(made))


def numbers(conn: Connection, table: str) -> Iterator[int]:
    """From the table's own sequence, a block at a time; a sequence gives no number twice."""
    while True:
        first = conn.execute(_NEXT, {"its_table": table}).scalar_one()
        yield from range(first, first + rules.BLOCK)


def tell(conn: Connection, ahead: Ahead, lines: Iterable[tuple[Executable, Rows]]) -> Iterator[Told]:
    """All at once: one way to the server and back, one statement for many rows."""
    from mail_gateway.store.many import Many

    forms = [(ahead.in_form(Many, conn, statement, rows[0]), rows) for statement, rows in lines]
    with driver(conn) as server:
        cursors = [server.cursor(binary=True) for _ in forms]
        sent, ended = Caught(), Caught()
        with ended, server.pipeline(), sent:
            for cursor, (many, rows) in zip(cursors, forms, strict=True):
                cursor.execute(many.words, many.given(rows))
        for cursor in cursors:
            if cursor.pgresult is None:
                raise sent.error or ended.error or RuntimeError("no answer")
            yield Told(cursor.rowcount, cursor.fetchall() if cursor.description else ())


def rest(conn: Connection) -> bool:  # noqa: ARG001 - a module is a Backend
    """Its log is the server's affair."""
    return True


def keeper(url: str) -> Engine:
    """For leases and for what the dead left: row locks are its referee, and it never waits for long."""
    return _engine(url, default_transaction_isolation="read committed", **_SOON)


@contextmanager
def guest(url: str, *, write: bool = False) -> Iterator[Connection]:
    """One short unit of work of another process (the command line), also while gateways run.

    Raises GatewayError where the database does, and for one that is not prepared.
    """
    engine = _engine(url, default_transaction_read_only="off" if write else "on")
    try:
        owner.assert_prepared(engine)
        with engine.begin() as conn:
            if write:
                conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": GUESTS})
            yield conn
    except DBAPIError as error:
        raise typed(error) from error
    finally:
        engine.dispose()


def grow(url: str, role: str) -> None:
    """Make or upgrade the database as its owner, and let `role` be a gateway's. Raises GatewayError."""
    engine = _engine(url)
    try:
        owner.grow(engine, role)
    except DBAPIError as error:
        raise typed(error) from error
    finally:
        engine.dispose()


def _engine(url: str, **session: str) -> Engine:
    try:
        import psycopg

        from mail_gateway.store.columns import teach
    except ImportError:
        sentence = "PostgreSQL needs the extra: pip install hagaki[postgres]."
        raise GatewayError(sentence, "database-driver-missing", Disposition.REFUSE) from None
    options = " ".join(f"-c {name}={_quoted(value)}" for name, value in {**_SESSION, **session}.items())

    def connect() -> Any:
        try:
            made = psycopg.connect(url, options=options, **_CONNECT)
        except psycopg.OperationalError as error:
            raise GatewayError(
                "The database cannot be reached.", "database-unreachable", Disposition.RETRY, str(error)
            ) from None
        teach(made)
        return made

    # libpq reads the URL itself: several hosts, pgpass, TLS and all that it knows.
    return create_engine(_ANY, creator=connect, poolclass=NullPool, hide_parameters=True)


def _quoted(value: str) -> str:
    return value.replace(" ", "\\ ")


def _assert_safe(conn: Connection) -> None:
    for name, good in _SAFE.items():
        found = conn.scalar(text("SELECT current_setting(:name)"), {"name": name})
        if found not in good:
            sentence = f"The database keeps {name} at {found}, it has to be {good[0]}."
            raise GatewayError(sentence, "database-unsafe", Disposition.REFUSE)
