"""One statement for many rows, in SQLite's words: the rows stand in it as a list of values."""

from __future__ import annotations

import re
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BindParameter, Insert, Select, column, table
from sqlalchemy.sql import visitors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Executable

    Row = Mapping[str, Any]

MOST: Final = 64
"""Rows in one statement. SQLite takes 32,766 values."""

_ROWS: Final = "its_rows"
_PLACE: Final = "its_place"
_THEIR_PLACE: Final = re.compile(rf"\b{_ROWS}\b(?!\.)")


class Stacked:
    """Rows are stacked in powers of two, so that the driver knows each statement it gets by its text.

    A question has no order, limit or sum; it answers with the place of the row that asked, then its columns.
    """

    def __init__(self, conn: Connection, statement: Executable, names: Sequence[str]) -> None:
        of_rows = insert_of if isinstance(statement, Insert) else join_of
        self._asks = isinstance(statement, Select)
        self._head, self._tail, order = of_rows(conn, statement, names)
        self._values = itemgetter(*order)
        self._one = f"({', '.join('?' * (len(order) + self._asks))})"
        self._words: dict[int, str] = {}

    def parts(self, rows: Sequence[Row]) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """The statements that say it of all rows, each with its values."""
        values = list(map(self._values, rows))
        if self._asks:
            values = [(place, *row) for place, row in enumerate(values, 1)]
        while values:
            count = min(1 << (len(values).bit_length() - 1), MOST)
            yield self._for(count), tuple(chain.from_iterable(values[:count]))
            del values[:count]

    def _for(self, count: int) -> str:
        words = self._words.get(count)
        if words is None:
            words = self._words[count] = self._head + ", ".join([self._one] * count) + self._tail
        return words


def insert_of(conn: Connection, statement: Any, names: Sequence[str]) -> tuple[str, str, Sequence[str]]:
    """What stands before and after the values, and their order."""
    compiled = statement.compile(dialect=conn.dialect, column_keys=names)
    head, values, _ = str(compiled).partition(" VALUES ")
    return head + values, "", compiled.positiontup


def join_of(conn: Connection, statement: Any, names: Sequence[str]) -> tuple[str, str, Sequence[str]]:
    """The same for a statement that finds its rows of the table by the values."""
    asks = isinstance(statement, Select)
    order = (_PLACE, *names) if asks else names
    rows = table(_ROWS, *(column(f"column{place}") for place in range(1, len(order) + 1)))
    found = dict(zip(order, rows.c, strict=True))

    def of_rows(element: Any, **_: Any) -> Any:
        return found.get(element.key) if isinstance(element, BindParameter) else None

    of_each: Any = visitors.replacement_traverse(statement, {}, of_rows)
    if asks:
        of_each = of_each.with_only_columns(found[_PLACE], *of_each.selected_columns)
    compiled = of_each.compile(dialect=conn.dialect, compile_kwargs={"literal_binds": True})
    head, tail = _THEIR_PLACE.split(str(compiled))
    return f"{head}(VALUES ", f") AS {_ROWS}{tail}", names
