"""The kinds of database a gateway can stand on, and the one place that tells them apart by their URL."""

from __future__ import annotations

import importlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol, cast

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store.ahead import Ahead, Told
from mail_gateway.store.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import Any

    from sqlalchemy import Connection, Engine, Executable

    Guest = Connection
    """What `guest` gives, for those who only hand it on."""

_KINDS: Final[Mapping[str, str]] = {"sqlite": "sqlite", "postgresql": "postgres", "postgres": "postgres"}


class Held(Protocol):
    """The right to be a gateway on a database, until it is closed."""

    def close(self) -> None: ...


class Backend(Protocol):
    """One kind of database; a module is one. url: as in the configuration."""

    FAR: bool
    """Each question costs a way to a server and back: many are better asked at once."""

    def hold(self, url: str) -> Held:
        """Be a gateway on this database. Raises GatewayError where only one may be and another one is."""

    def prepare(self, url: str) -> None:
        """Bring the database to this program's form, or see that it has it. Raises GatewayError."""

    def writer(self, url: str) -> Engine:
        """For the one writing connection."""

    def reader(self, url: str) -> Engine:
        """For questions: this connection cannot write."""

    def name_group(self, conn: Connection) -> str:
        """The counter by which a new writer finds out whether a group of its own is on the disk."""

    def be_strict(self, conn: Connection) -> None:
        """At a transaction's begin: it shall end as if no other ran beside it, or fail as a conflict."""

    def keeper(self, url: str) -> Engine | None:
        """For a node's leases, beside the groups; None where the one who holds the database needs none."""

    def guest(self, url: str, *, write: bool = False) -> AbstractContextManager[Connection]:
        """One short unit of work of another process (the command line), also while the gateway runs."""

    def numbers(self, conn: Connection, table: str) -> Iterator[int]:
        """Numbers for new rows of that table, each given once; good until the transaction fails."""

    def tell(
        self,
        conn: Connection,
        ahead: Ahead,
        lines: Iterable[tuple[Executable, Sequence[Mapping[str, Any]]]],
    ) -> Iterator[Told]:
        """Statements, each with its rows, in this order; -> what came of each. Raises DBAPIError."""

    def rest(self, conn: Connection) -> bool:
        """Between transactions: whether what was wiped is gone from the database's own log as well."""


def backend_for(url: str) -> Backend:
    """The kind of database of that URL. Raises GatewayError for a URL that names none."""
    module = _KINDS.get(url.partition(":")[0])
    if module is None:
        sentence = "The database must be given as sqlite:///FILE or postgresql://USER@HOST/NAME."
        raise GatewayError(sentence, "database-unknown", Disposition.REFUSE)
    return cast("Backend", importlib.import_module(f"mail_gateway.store.{module}"))


@contextmanager
def sheet(url: str) -> Iterator[Sheet]:
    """One short unit of work of another process that uses units of the gateway; written at the end.

    Raises GatewayError where the database does, Stale where the gateway was first.
    """
    backend = backend_for(url)
    with backend.guest(url, write=True) as conn:
        page = Sheet(conn, Ahead(backend))
        yield page
        page.flush()


def guest(url: str, *, write: bool = False) -> AbstractContextManager[Connection]:
    """One short unit of work of another process. Raises GatewayError where the database does."""
    return backend_for(url).guest(url, write=write)
