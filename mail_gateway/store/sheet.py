"""The sheet of one transaction: units ask at once, what they write is collected and written at its end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, auto
from typing import TYPE_CHECKING, Any, Concatenate, Final, Generic, ParamSpec, TypeVar

from sqlalchemy import bindparam, select

from mail_gateway.store.ahead import Said
from mail_gateway.store.driver import driver
from mail_gateway.store.tables import payments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Connection, CursorResult, Executable, ScalarResult

    from mail_gateway.store.ahead import Ahead

    Row = dict[str, Any]
    Question = tuple[Executable, Row]
    Asks = Callable[..., Iterable[Question]]

T = TypeVar("T")
P = ParamSpec("P")


class Stale(Exception):
    """Somebody else has moved the payment since it was read: look again."""


class Step(IntEnum):
    """The order in which a sheet is written: first what others point at, and what the rules ask for."""

    HOLD = auto()
    PAYMENT = auto()
    MAIL = auto()
    PAD = auto()
    EVENT = auto()
    COUNT = auto()
    MOVE = auto()
    SHRED = auto()
    TRANSFER = auto()
    ANSWER = auto()
    LETTER = auto()
    MARK = auto()
    LAST = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One statement for many rows. each: a row that finds nothing makes the whole sheet Stale."""

    step: Step
    statement: Executable
    each: bool = False


_P: Final = payments.c
_HOLD: Final = Line(
    Step.HOLD,
    select(_P.id)
    .where(_P.id == bindparam("its_id"), _P.epoch == bindparam("its_epoch", type_=_P.epoch.type))
    .with_for_update(),
    each=True,
)


class Foreseeing(Generic[P, T]):
    """A unit of work that says beforehand what it will ask, so that a group can ask it all at once."""

    def __init__(self, unit: Callable[Concatenate[Sheet, P], T], asks: Asks) -> None:
        self._unit = unit
        self.asks = asks

    def __call__(self, sheet: Sheet, *args: P.args, **more: P.kwargs) -> T:
        return self._unit(sheet, *args, **more)


def foreseeing(asks: Asks) -> Callable[[Callable[Concatenate[Sheet, P], T]], Foreseeing[P, T]]:
    """Makes a unit of work foreseeing. asks: its arguments but the sheet -> what it will ask."""
    return lambda unit: Foreseeing(unit, asks)


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
        self._foreseen: dict[tuple[Any, ...], list[Any]] = {}

    def foresee(self, questions: Iterable[Question]) -> None:
        """Ask what will be asked, the same questions together. Good until something is written directly."""
        asked: dict[Executable, list[Row]] = {}
        for question, row in questions:
            asked.setdefault(question, []).append(row)
        lines = list(asked.items())
        for (question, rows), told in zip(lines, self.ahead.tell(self._conn, lines), strict=True):
            answers: list[list[Any]] = [[] for _ in rows]
            for place, *values in told.rows:
                answers[place - 1].append(values)
            for row, answer in zip(rows, answers, strict=True):
                self._foreseen[question, *row.values()] = answer

    def ask(self, question: Executable, row: Row) -> Sequence[Any]:
        """The rows that answer one of the program's own questions."""
        foreseen = self._foreseen.get((question, *row.values())) if self._foreseen else None
        if foreseen is not None:
            return foreseen
        said = self.ahead.in_form(Said, self._conn, question, row)
        with driver(self._conn) as conn:
            found: Sequence[Any] = conn.execute(said.words, said.given(row)).fetchall()
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
        for payment_id in sorted(self._held):  # in one order: no two wait for each other
            row = {"its_id": payment_id, "its_epoch": self._held[payment_id]}
            self._rows.setdefault(_HOLD, []).append(row)
        lines = sorted(self._rows, key=_step)
        all_told = self.ahead.tell(self._conn, [(line.statement, self._rows[line]) for line in lines])
        for line, told in zip(lines, all_told, strict=True):
            if line.each and told.changed != len(self._rows[line]):
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

    def _wrote_directly(self) -> None:
        self.written += 1
        self.direct = True
        self._foreseen.clear()


def _step(line: Line) -> Step:
    return line.step
