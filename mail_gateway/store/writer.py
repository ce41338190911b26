"""Group commit: many units of work, one transaction, and nobody is told before it is on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError

from mail_gateway.domain.errors import GatewayError
from mail_gateway.store.failures import failed, is_conflict, typed
from mail_gateway.store.tables import GROUPS, counters

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from sqlalchemy import Connection, Engine

    Unit = Callable[[Connection], Any]

TRIES: Final = 20
"""A group that another node's got in the way of is done again so often."""

_NUMBER: Final = select(counters.c.value).where(counters.c.name == bindparam("its_name"))
_LANDED: Final = _NUMBER.with_for_update()  # waits for a commit that is still under way elsewhere
_NEXT: Final = (
    update(counters)
    .where(counters.c.name == bindparam("its_name"))
    .values(value=bindparam("number", type_=counters.c.value.type))
)


class Job:
    """One unit and what came of it. As a context it keeps any exception of its body: a unit fails alone."""

    def __init__(self, unit: Unit, future: Future[Any]) -> None:
        self.unit = unit
        self.future = future
        self.value: Any = None
        self.error: BaseException | None = None
        self.settled = False

    def __enter__(self) -> Job:
        self.error = None
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> bool:
        if error is not None and is_conflict(error):
            return False  # the whole group is done again
        self.error = typed(error) if error is not None else None
        return True

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


class Writer:
    """Owns the one writing connection; one thread at a time."""

    def __init__(self, engine: Engine, name_group: Callable[[Connection], str] = lambda _: GROUPS) -> None:
        self._engine = engine
        self._name_group = name_group
        self._group = ""
        self._conn: Connection | None = None

    def commit(self, jobs: Sequence[Job]) -> None:
        """Run the units, each in a savepoint, commit them together; then every job has its value or error."""
        for tries_left in reversed(range(TRIES)):
            if self._commit(jobs) or not tries_left:
                break
            self._wait()
        for job in jobs:
            job.settled = True

    def _commit(self, jobs: Sequence[Job]) -> bool:
        """-> whether that was the end of it: False after a conflict with another node."""
        number: int | None = None
        try:
            conn = self._connection()
            with conn.begin():
                number = self._begin_group(conn)
                for job in jobs:
                    self._run(conn, job)
        except (SQLAlchemyError, GatewayError, OSError) as error:
            again = is_conflict(error)
            if again or number is None or not self._landed(number):
                self._fail(jobs, failed(error), drop=not again)
                return not again
        return True

    def _wait(self) -> None:
        """Long enough that the other one is through; the database throws the dice."""
        try:
            with self._connection().begin():
                self._connection().exec_driver_sql("SELECT pg_sleep(random() * 0.02)")
        except (SQLAlchemyError, GatewayError, OSError):
            self._drop()

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None
        self._engine.dispose()

    def _connection(self) -> Connection:
        if self._conn is None:
            self._conn = self._engine.connect()
        if not self._group:
            with self._conn.begin():
                name = self._name_group(self._conn)
            self._group = name
        return self._conn

    def _begin_group(self, conn: Connection) -> int:
        number: int = conn.execute(_NUMBER, {"its_name": self._group}).scalar_one() + 1
        conn.execute(_NEXT, {"its_name": self._group, "number": number})
        return number

    def _run(self, conn: Connection, job: Job) -> None:
        conn.exec_driver_sql("SAVEPOINT unit")
        with job:
            job.value = job.unit(conn)
            conn.exec_driver_sql("RELEASE unit")
            return
        if job.error is not None and not _in_transaction(conn):
            raise failed(job.error)  # a full disk has undone the others' work as well
        conn.exec_driver_sql("ROLLBACK TO unit")
        conn.exec_driver_sql("RELEASE unit")

    def _landed(self, number: int) -> bool:
        """A commit that failed may have happened all the same: look, on a connection that knows nothing."""
        self._drop()
        for _ in range(TRIES):
            try:
                with self._connection().begin():
                    found = self._connection().scalar(_LANDED, {"its_name": self._group})
                    return bool(found == number)
            except (SQLAlchemyError, GatewayError, OSError) as error:
                if not is_conflict(error):
                    return False
        return False

    def _drop(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            conn.invalidate()
            conn.close()

    def _fail(self, jobs: Sequence[Job], error: BaseException, *, drop: bool) -> None:
        if drop:
            self._drop()
        for job in jobs:
            job.error = error


def _in_transaction(conn: Connection) -> bool:
    return bool(getattr(conn.connection.driver_connection, "in_transaction", True))
