"""The sheet of one transaction: units ask at once, what they write is collected and written at its end."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.exc import DBAPIError

from mail_gateway.store.tables import payments

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, CursorResult, Executable, ScalarResult

    from mail_gateway.store.ahead import Ahead

    Row = dict[str, Any]

_EPOCHS: Final = (
    select(payments.c.id, payments.c.epoch)
    .where(payments.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(payments.c.id)
    .with_for_update()
)


class Stale(Exception):
    """Somebody else has moved the payment since it was read: look again."""


class Step(IntEnum):
    """The order in which a sheet is written: first what others point at, and what the rules ask for."""

    PAYMENT = auto()
    MAIL = auto()
    PAD = auto()
    EVENT = auto()
    MOVE = auto()
    SHRED = auto()
    TRANSFER = auto()
    ANSWER = auto()
    LETTER = auto()
    MARK = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One statement for many rows. each: a row that finds nothing to change makes the whole sheet Stale."""

    step: Step
    statement: Executable
    each: bool = False


class Sheet:
    """What a unit of work is given. It asks and judges first, and then adds its rows.

    A unit may be run again: it is a pure function of what it asks and of its arguments. It does not see what
    other units of the same group have added; where that matters, a rule of the database or an epoch refuses
    the group, which is then run again in halves.
    """

    def __init__(self, conn: Connection, ahead: Ahead) -> None:
        self.ahead = ahead
        self.written = 0
        self.direct = False
        self._conn = conn
        self._rows: dict[Line, list[Row]] = {}
        self._held: dict[int, int] = {}

    def ask(self, question: Executable, row: Row) -> Sequence[Any]:
        """The rows that answer one of the program's own questions."""
        said = self.ahead.said(self._conn, question, row)
        with self._driver() as cursor:
            cursor.execute(said.words, said.given(row))
            found: Sequence[Any] = cursor.fetchall()
        return found

    def next_id(self, table: str) -> int:
        """A number for a new row of that table, never given twice."""
        return self.ahead.next_id(self._conn, table)

    def hold(self, payment_id: int, epoch: int) -> None:
        """What is added holds only if the payment's epoch is this one. Raises Stale, now or at the end."""
        if payment_id in self._held:
            raise Stale
        self._held[payment_id] = epoch

    def add(self, line: Line, row: Row) -> None:
        """Write this row at the end. All rows of a line have the same columns."""
        self.written += 1
        self._rows.setdefault(line, []).append(row)

    def flush(self) -> None:
        """Write what was added. Raises Stale, or the database's error: then nothing of the sheet may stay."""
        if self._held:
            epochs = self._conn.execute(_EPOCHS, {"ids": sorted(self._held)})
            if {row.id: row.epoch for row in epochs} != self._held:
                raise Stale
        for line in sorted(self._rows, key=_step):
            rows = self._rows[line]
            said = self.ahead.said(self._conn, line.statement, rows[0])
            with self._driver() as cursor:
                cursor.executemany(said.words, list(map(said.given, rows)))
                changed: int = cursor.rowcount
            if line.each and changed != len(rows):
                raise Stale

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """As a connection does it, at once: for a statement that is not one of many."""
        if not statement.is_select:
            self._wrote_directly()
        return self._conn.execute(statement, parameters)

    def scalar(self, statement: Executable, parameters: Any = None) -> Any:
        """The first column of the first row, or None."""
        return self.execute(statement, parameters).scalar()

    def scalars(self, statement: Executable, parameters: Any = None) -> ScalarResult[Any]:
        """The first column of every row."""
        return self.execute(statement, parameters).scalars()

    def exec_driver_sql(self, statement: str, parameters: Any = None) -> CursorResult[Any]:
        """As a connection does it, at once."""
        self._wrote_directly()
        return self._conn.exec_driver_sql(statement, parameters)

    @contextmanager
    def _driver(self) -> Iterator[Any]:
        """The driver's own cursor: the library would look at every value again, for as long as the rest."""
        cursor = self._conn.connection.cursor()
        try:
            yield cursor
        except self._conn.dialect.loaded_dbapi.Error as error:
            base = self._conn.dialect.loaded_dbapi.Error
            raise DBAPIError.instance(None, None, error, base, hide_parameters=True) from error
        finally:
            cursor.close()

    def _wrote_directly(self) -> None:
        self.written += 1
        self.direct = True


def _step(line: Line) -> Step:
    return line.step
