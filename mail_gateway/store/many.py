"""One statement for many rows, in PostgreSQL's words: the rows come as arrays, one for each name."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ARRAY, BindParameter, Insert, Select, bindparam, column, func, insert, select, true
from sqlalchemy.sql import visitors

from mail_gateway.store.columns import Binary, Number, Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Executable
    from sqlalchemy.types import TypeEngine

    Row = Mapping[str, Any]

_KINDS: Final[Mapping[type, type[list[Any]]]] = {int: Number, str: Words, bytes: Binary}


class Many:
    """words: the SQL. given: rows as the driver takes them.

    A question answers with the place of the row that asked before its own columns.
    """

    def __init__(self, conn: Connection, statement: Executable, names: Sequence[str]) -> None:
        types = _types(statement, names)
        compiled: Any = _of_many(statement, types).compile(dialect=conn.dialect)
        self.words = str(compiled)
        self._fixed = {name: value for name, value in compiled.params.items() if name not in types}
        self._columns = [(name, itemgetter(name), _KINDS[kind.python_type]) for name, kind in types.items()]

    def given(self, rows: Sequence[Row]) -> dict[str, Any]:
        """The parameters of one execution."""
        return self._fixed | {name: kind(map(value, rows)) for name, value, kind in self._columns}


def _types(statement: Any, names: Sequence[str]) -> dict[str, TypeEngine[Any]]:
    if isinstance(statement, Insert):
        return {name: statement.table.c[name].type for name in names}
    found = {each.key: each.type for each in visitors.iterate(statement) if isinstance(each, BindParameter)}
    return {name: found[name] for name in names}


def _of_many(statement: Any, types: Mapping[str, TypeEngine[Any]]) -> Any:
    asks = isinstance(statement, Select)
    rows = _rows(types, place="place" if asks else None)
    if isinstance(statement, Insert):
        return insert(statement.table).from_select(list(types), select(rows))

    def of_rows(element: Any, **_: Any) -> Any:
        return rows.c[element.key] if isinstance(element, BindParameter) and element.key in types else None

    of_each: Any = visitors.replacement_traverse(statement, {}, of_rows)
    if not asks:
        return of_each  # the library adds the rows to its tables
    one = of_each.lateral("one")
    return select(rows.c.place, one).select_from(rows.join(one, true()))


def _rows(types: Mapping[str, TypeEngine[Any]], place: str | None) -> Any:
    arrays = func.unnest(*(bindparam(name, type_=ARRAY(kind)) for name, kind in types.items()))
    columns = (column(name, kind) for name, kind in types.items())
    return arrays.table_valued(*columns, with_ordinality=place).render_derived(name="rows")
