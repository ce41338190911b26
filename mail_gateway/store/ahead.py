"""What a writer knows ahead of the disk: its next numbers, the ends of the ledger, its statements as text."""

from __future__ import annotations

from collections import deque
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Executable

    from mail_gateway.store.backend import Backend

    Row = Mapping[str, Any]


class Form(Protocol):
    """A statement in the words of one database. names: what its rows have."""

    def __init__(self, conn: Connection, statement: Executable, names: Sequence[str]) -> None: ...


F = TypeVar("F", bound=Form)


class Told(NamedTuple):
    """What came of one statement for many rows. changed: how many rows, or how many were found.

    rows: of a question; the first of each is the place of the row that asked, from 1.
    """

    changed: int
    rows: Sequence[Any]


class Ahead:
    """Of one writer. ends: lane -> last place and link of the ledger. stans: trace numbers to give out."""

    def __init__(self, backend: Backend) -> None:
        self.ends: dict[int, tuple[int, bytes]] = {}
        self.stans: deque[int] = deque()
        self._backend = backend
        self._ids: dict[str, Iterator[int]] = {}
        self._forms: dict[tuple[Executable, type], Any] = {}

    def forget(self) -> None:
        """A transaction failed, or somebody wrote beside us: ask the disk again."""
        self.ends.clear()
        self.stans.clear()
        self._ids.clear()

    def look_again(self) -> None:
        """Rows were written directly, and are on disk: trace numbers taken before are ours all the same."""
        self.ends.clear()
        self._ids.clear()

    def next_id(self, conn: Connection, table: str) -> int:
        """A number for a new row of that table."""
        numbers = self._ids.get(table)
        if numbers is None:
            numbers = self._ids[table] = self._backend.numbers(conn, table)
        return next(numbers)

    def tell(self, conn: Connection, lines: Iterable[tuple[Executable, Sequence[Row]]]) -> Iterator[Told]:
        """What comes of statements for many rows, in their order. Who stops listening must undo them all."""
        return self._backend.tell(conn, self, lines)

    def in_form(self, form: type[F], conn: Connection, statement: Executable, row: Row) -> F:
        """A statement of the program's own in that form; row: one of those it will get."""
        known: F | None = self._forms.get((statement, form))
        if known is None:
            known = self._forms[statement, form] = form(conn, statement, list(row))
        return known


class Said:
    """For one row. words: the SQL. given: a row as the driver takes it; all values go as they are."""

    def __init__(self, conn: Connection, statement: Executable, names: Sequence[str]) -> None:
        compiled: Any = statement.compile(dialect=conn.dialect, column_keys=names)  # type: ignore[attr-defined]
        self.words = str(compiled)
        self.given: Callable[[Row], Any] = dict
        fixed = {name: value for name, value in compiled.params.items() if name not in names}
        order = compiled.positiontup
        if order is not None:
            self.given = itemgetter(*order) if len(order) > 1 else lambda row: (row[order[0]],)
        if fixed:
            place = self.given
            self.given = lambda row: place({**fixed, **row})
