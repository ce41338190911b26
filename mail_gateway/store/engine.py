"""The store as the rest of the gateway sees it: run a unit of work, ask a question, close."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar

from mail_gateway.store.backend import backend_for
from mail_gateway.store.failures import closed
from mail_gateway.store.place import Thread
from mail_gateway.store.question import Reader
from mail_gateway.store.sheet import Foreseeing
from mail_gateway.store.writer import Job, Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from mail_gateway.ports import Place
    from mail_gateway.store.backend import Backend, Held

REST_S: Final = 60
"""What was wiped is gone from the database's own log that long after the commit."""

GROUP_MAX: Final = 64
"""Units in one transaction at most."""

T = TypeVar("T")
P = ParamSpec("P")


class Store:
    """One database, one writer. Made by `open_store`."""

    def __init__(self, url: str, backend: Backend, held: Held, places: tuple[Place, Place]) -> None:
        self._held = held
        self._writer = Writer(backend.writer(url), backend)
        self._reader = Reader(backend.reader(url))
        keeper = backend.keeper(url)
        self._keeper = None if keeper is None else Reader(keeper)
        self._keep_place = None if keeper is None else Thread()
        self._write_place, self._read_place = places
        self._waiting: deque[Job] = deque()
        self._drain: asyncio.Task[None] | None = None
        self._rest_timer: asyncio.TimerHandle | None = None
        self._resting: asyncio.Task[None] | None = None
        self._closed = False

    async def run(self, unit: Callable[Concatenate[Any, P], T], *args: P.args, **more: P.kwargs) -> T:
        """Run a writing unit and return its value after the commit.

        Its first argument is a Sheet. It may be run more than once, so it only asks, judges and writes.
        Raises what the unit raises (then nothing of it is written), or GatewayError(retry). A caller that is
        cancelled leaves; its unit does not.
        """
        if self._closed:
            raise closed()
        loop = asyncio.get_running_loop()
        job = Job(partial(_call, unit, args, more), loop.create_future())
        if isinstance(unit, Foreseeing):
            job.asks = partial(unit.asks, *args, **more)
        self._waiting.append(job)
        if self._drain is None or self._drain.done():
            self._drain = loop.create_task(self._commit_all())
        value: T = await job.future  # the unit is no part of the caller: cancelling that cancels no unit
        return value

    async def read(self, unit: Callable[Concatenate[Connection, P], T], *args: P.args, **more: P.kwargs) -> T:
        """Run a unit that only asks, on a snapshot of its own. Raises GatewayError(retry)."""
        if self._closed:
            raise closed()
        value: T = await self._read_place(partial(self._reader.ask, partial(_call, unit, args, more)))
        return value

    @property
    def shared(self) -> bool:
        """Whether other nodes may stand on the same database."""
        return self._keeper is not None

    async def keep(self, unit: Callable[Concatenate[Connection, P], T], *args: P.args, **more: P.kwargs) -> T:
        """Run a unit of the node's own, beside the groups if the database is shared. Raises GatewayError."""
        if self._keeper is None or self._keep_place is None:
            return await self.run(unit, *args, **more)
        value: T = await self._keep_place(partial(self._keeper.ask, partial(_call, unit, args, more)))
        return value

    async def renumber(self) -> None:
        """New rows are numbered over all there are: what another node began goes on behind its last row."""
        await self._write_place(self._writer.renumber)

    async def close(self) -> None:
        """Take nothing more, finish what was taken, close, and let another gateway in."""
        self._closed = True
        if self._rest_timer is not None:
            self._rest_timer.cancel()
        for task in (self._drain, self._resting):
            if task is not None:
                await task
        await self._read_place(self._reader.close)
        await self._write_place(self._writer.rest)
        await self._write_place(self._writer.close)
        self._write_place.close()
        self._read_place.close()
        if self._keeper is not None and self._keep_place is not None:
            await self._keep_place(self._keeper.close)
            self._keep_place.close()
        self._held.close()

    async def _commit_all(self) -> None:
        while self._waiting:
            jobs = [self._waiting.popleft() for _ in range(min(GROUP_MAX, len(self._waiting)))]
            try:
                await self._write_place(partial(self._writer.commit, jobs))
            finally:
                for job in jobs:
                    job.tell()
            self._rest_later()

    def _rest_later(self) -> None:
        if self._rest_timer is None and not self._closed:
            self._rest_timer = asyncio.get_running_loop().call_later(REST_S, self._begin_rest)

    def _begin_rest(self) -> None:
        self._resting = asyncio.get_running_loop().create_task(self._rest())

    async def _rest(self) -> None:
        self._rest_timer = None
        if not await self._write_place(self._writer.rest):
            self._rest_later()  # somebody reads what was there before


def open_store(url: str, places: tuple[Place, Place] | None = None) -> Store:
    """Lock, upgrade and open the database at `url`. places: where it writes and reads; else two threads.

    Raises GatewayError: another gateway runs, a setting cannot be had, the database cannot be opened.
    """
    backend = backend_for(url)
    held = backend.hold(url)
    try:
        backend.prepare(url)
    except BaseException:
        held.close()
        raise
    return Store(url, backend, held, places or (Thread(), Thread()))


def _call(unit: Any, args: Any, more: Any, conn: Connection) -> Any:
    return unit(conn, *args, **more)
