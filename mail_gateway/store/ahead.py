"""What a writer knows ahead of the disk: its next numbers, the ends of the ledger, its statements as text."""

from __future__ import annotations

from collections import deque
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy import Connection, Executable

    from mail_gateway.store.backend import Backend

    Row = Mapping[str, Any]


class Ahead:
    """Of one writer. ends: lane -> last place and link of the ledger. stans: trace numbers to give out."""

    def __init__(self, backend: Backend) -> None:
        self.ends: dict[int, tuple[int, bytes]] = {}
        self.stans: deque[int] = deque()
        self._numbers = backend.numbers
        self._ids: dict[str, Iterator[int]] = {}
        self._said: dict[Executable, Said] = {}

    def forget(self) -> None:
        """A transaction failed, or somebody wrote beside us: ask the disk again."""
        self.ends.clear()
        self.stans.clear()
        self._ids.clear()

    def next_id(self, conn: Connection, table: str) -> int:
        """A number for a new row of that table."""
        numbers = self._ids.get(table)
        if numbers is None:
            numbers = self._ids[table] = self._numbers(conn, table)
        return next(numbers)

    def said(self, conn: Connection, statement: Executable, row: Row) -> Said:
        """A statement of the program's own in the words of this database; row: one of those it will get."""
        known = self._said.get(statement)
        if known is None:
            known = self._said[statement] = Said(conn, statement, list(row))
        return known


class Said:
    """words: the SQL. given: a row as the driver takes it; numbers, text and bytes go as they are."""

    def __init__(self, conn: Connection, statement: Executable, names: list[str]) -> None:
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
