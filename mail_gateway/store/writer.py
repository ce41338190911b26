"""Group commit: many units of work, one transaction, and nobody is told before it is on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import DBAPIError

from mail_gateway.domain.errors import GatewayError
from mail_gateway.store.ahead import Ahead
from mail_gateway.store.failures import Caught, failed, is_conflict, typed
from mail_gateway.store.sheet import Line, Sheet, Step
from mail_gateway.store.tables import counters

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Connection, Engine

    from mail_gateway.store.backend import Backend
    from mail_gateway.store.sheet import Question

    Unit = Callable[[Sheet], Any]

TRIES: Final = 20
"""A group that another node's got in the way of is done again so often."""

_C: Final = counters.c
_MARK: Final = Line(
    Step.LAST,
    update(counters)
    .where(_C.name == bindparam("its_name"))
    .values(value=bindparam("its_value", type_=_C.value.type)),
)
_COUNTED: Final = (
    select(_C.value)
    .where(_C.name == bindparam("its_name"))
    .with_for_update()  # waits for a commit that is still under way elsewhere
)
_UNKNOWN: Final = -1


class Job(Caught):
    """One unit and what came of it. asks: what the unit will ask, as far as it is known beforehand."""

    def __init__(
        self, unit: Unit, future: Future[Any], asks: Callable[[], Iterable[Question]] = tuple
    ) -> None:
        self.unit = unit
        self.future = future
        self.asks = asks
        self.value: Any = None
        self.settled = False

    def run(self, sheet: Sheet) -> None:
        """Raises what spoils the group: the database's error, or any after the unit began to write."""
        before = sheet.written
        with self:
            self.value = self.unit(sheet)
        if isinstance(self.error, DBAPIError):
            raise self.error
        if self.error is not None and sheet.written != before:
            raise Spoiled(self.error)

    def tell(self) -> None:
        """Give the caller what came of it, if the caller is still there."""
        if self.future.done():
            return
        error = self.error if self.settled else failed(RuntimeError())  # never a false yes
        if error is None:
            self.future.set_result(self.value)
            return
        self.future.set_exception(error)
        self.future.exception()  # looked at: a caller that left is no reason for a traceback


class Spoiled(Exception):
    """A unit has spoiled its group: nothing of the group was written. error: what it raised."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


class _Loose(Exception):
    """The group wrote beside its sheet, where no epoch guards it: it is done again as if it were alone."""


class Writer:
    """Owns the one writing connection; one thread at a time."""

    def __init__(self, engine: Engine, backend: Backend) -> None:
        self._engine = engine
        self._backend = backend
        self._conn: Connection | None = None
        self._ahead = Ahead(backend)
        self._name = ""
        self._count = _UNKNOWN
        self._mark: int | None = None

    def commit(self, jobs: Sequence[Job]) -> None:
        """Run the units and commit them together; then every job has its value or its error.

        Where one spoils the group, each half is run again as a group of its own: in the end it is alone.
        """
        try:
            self._together(jobs)
        except Spoiled as spoiled:
            if len(jobs) > 1:
                middle = len(jobs) // 2
                self.commit(jobs[:middle])
                self.commit(jobs[middle:])
                return
            jobs[0].error = spoiled.error
        except GatewayError as error:
            for job in jobs:
                job.error = error
        for job in jobs:
            job.settled = True

    def rest(self) -> bool:
        """Between two groups: whether nothing that was wiped is left in the database's log."""
        done, trouble = False, Caught()
        with trouble:
            done = self._backend.rest(self._connection())
        if trouble.error is not None:
            self._drop()
        return done

    def renumber(self) -> None:
        """Numbers that were taken before are not used any more."""
        self._ahead.forget()

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None
        self._engine.dispose()

    def _together(self, jobs: Sequence[Job]) -> None:
        """Raises Spoiled, or GatewayError(retry): the machine failed, and nothing was written."""
        group, strict, alone = Caught(), False, len(jobs) == 1
        for before in range(TRIES):
            self._mark, stans = None, tuple(self._ahead.stans)
            with group:
                self._attempt(jobs, strict=strict)
            if group.error is None:
                return
            self._ahead.forget()
            if isinstance(group.error, _Loose):  # surely rolled back: what was taken before it is ours
                self._ahead.stans.extend(stans)
                strict = True
                continue
            if not is_conflict(group.error, alone=alone):
                break
            self._wait(before)
        assert group.error is not None
        if self._mark is None or is_conflict(group.error, alone=alone):
            raise self._blamed(group.error)
        self._drop()
        if not self._landed(self._mark):
            raise failed(group.error)

    def _attempt(self, jobs: Sequence[Job], *, strict: bool) -> None:
        conn = self._connection()
        with conn.begin():
            if strict:
                self._backend.be_strict(conn)
            sheet = Sheet(conn, self._ahead)
            if self._backend.FAR:
                sheet.foresee(question for job in jobs for question in job.asks())
            for job in jobs:
                job.run(sheet)
            if not sheet.written:
                self._ahead.forget()
                return
            if sheet.direct and not strict:
                raise _Loose
            mark = self._count + 1
            sheet.add(_MARK, {"its_name": self._name, "its_value": mark})
            sheet.flush()
            self._mark = mark
        self._count = mark
        if sheet.direct:
            self._ahead.look_again()

    def _blamed(self, error: BaseException) -> Exception:
        """Before the commit began: a unit's fault, or the machine's."""
        if isinstance(error, Spoiled):
            return error
        if typed(error) is error and not isinstance(error, GatewayError):
            return Spoiled(error)
        self._drop()
        return failed(error)

    def _landed(self, mark: int) -> bool:
        """A commit that failed may have happened all the same: look, on a connection that knows nothing."""
        self._count, look = _UNKNOWN, Caught()
        for _ in range(TRIES):
            with look:
                self._connection()
            if look.error is None or not is_conflict(look.error):
                break
        return self._count == mark

    def _wait(self, before: int) -> None:
        """Long enough that the other one is through; the database throws the dice. before: tries so far."""
        pause = Caught()
        with pause, self._connection().begin():
            self._connection().exec_driver_sql(f"SELECT pg_sleep(random() * 0.02 * {before + 1})")
        if pause.error is not None:
            self._drop()

    def _connection(self) -> Connection:
        if self._conn is None:
            self._conn = self._engine.connect()
        if not self._name:
            with self._conn.begin():
                name = self._backend.name_group(self._conn)
            self._name = name
        if self._count == _UNKNOWN:
            with self._conn.begin():
                self._count = self._conn.execute(_COUNTED, {"its_name": self._name}).scalar_one()
        return self._conn

    def _drop(self) -> None:
        conn, self._conn = self._conn, None
        self._ahead.forget()
        if conn is not None:
            conn.invalidate()
            conn.close()
