"""A loop on which time is virtual, order is seeded, the network is in memory and nothing has a thread."""

from __future__ import annotations

import asyncio
import random
from asyncio import base_events
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any, Final

START_MS: Final = 1_790_000_000_000
"""Unix milliseconds at the world's beginning, in 2026."""

TASKS_KEPT: Final = 500
ROUNDS_TO_END: Final = 50
TURNS_MAX: Final = 100_000
"""Of the loop without a moment passing: more is a program that goes round in circles."""


@dataclass(eq=False)
class Process:
    """One program of the world: its tasks die together, and what is dead has no effect any more."""

    name: str
    alive: bool = True
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)

    def own(self, task: asyncio.Task[Any]) -> None:
        """One more task of this process."""
        if len(self.tasks) > TASKS_KEPT:
            self.tasks = [one for one in self.tasks if not one.done() or _is_unseen(one)]
        self.tasks.append(task)

    def unseen(self) -> list[asyncio.Task[Any]]:
        """Tasks that ended with an exception which nobody has taken."""
        return [task for task in self.tasks if task.done() and _is_unseen(task)]


def _is_unseen(task: asyncio.Task[Any]) -> bool:
    return bool(getattr(task, "_log_traceback", False))


NOBODY: Final = Process("nobody")
PROCESS: Final[ContextVar[Process]] = ContextVar("process", default=NOBODY)
"""Inherited by everything that a program starts."""


class _Task(asyncio.Task[Any]):
    """Hashed by its number: sets of tasks have the same order in every run."""

    def __init__(self, work: Coroutine[Any, Any, Any], process: Process, number: int, **more: Any) -> None:
        self.process = process
        self.number = number
        super().__init__(work, **more)

    def __hash__(self) -> int:
        return self.number


@dataclass(frozen=True, slots=True)
class Mishap:
    """An exception that nobody took: who had it, and what it was."""

    process: str
    error: str


class TimeStandsStill(Exception):
    """Some program goes round in circles and no time passes."""


_Loop: Any = base_events.BaseEventLoop


class VirtualLoop(_Loop):  # type: ignore[misc]  # typeshed does not know its inside
    """Waiting costs nothing: time jumps to the next timer. The seed shuffles what is ready at once.

    network: where create_server and create_connection go. mishaps: exceptions that reached the loop itself.
    """

    def __init__(self, seed: str, network: Any) -> None:
        super().__init__()
        self._now_s = 0.0
        self._random = random.Random(f"{seed}/order")
        self._selector = self
        self._network = network
        self._clock_resolution = 1e-9
        self._turns = 0
        self._tasks_made = 0
        self.mishaps: list[Mishap] = []
        self.processes = [Process("world")]
        self.set_task_factory(self._make_task)
        self.set_exception_handler(self._note_mishap)

    def time(self) -> float:
        return self._now_s

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("nothing left to wait for")
        self._turns = 0 if timeout > 0 else self._turns + 1
        if self._turns > TURNS_MAX:
            raise TimeStandsStill
        self._now_s += max(timeout, 0)
        return []

    def spawn(self, process: Process, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a task of that process."""
        if process not in self.processes:
            self.processes.append(process)
        context = copy_context()
        context.run(PROCESS.set, process)
        task: asyncio.Task[Any] = self.create_task(work, context=context)
        return task

    def kill(self, process: Process) -> None:
        """The process is gone: its tasks end, its connections are the network's to end."""
        process.alive = False
        self._network.forget(process)
        for task in process.tasks:
            if not task.done():
                task.cancel()

    def all_mishaps(self) -> list[Mishap]:
        """With those of tasks that ended in an exception which nobody has taken."""
        for process in self.processes:
            for task in process.unseen() if process.alive else ():
                error = task.exception()
                self.mishaps.append(Mishap(process.name, f"{type(error).__name__}: {error}"))
        return self.mishaps

    def end(self) -> None:
        """Cancel what is left and close; nothing of it is a mishap."""
        self.set_exception_handler(lambda *_: None)
        for _ in range(ROUNDS_TO_END):
            left = [task for task in asyncio.all_tasks(self) if not task.done()]
            if not left:
                break
            for task in left:
                task.cancel()
            self.run_until_complete(asyncio.sleep(1))
        self.close()

    async def create_server(
        self,
        factory: Callable[[], Any],
        host: Any = None,  # noqa: ARG002
        port: Any = None,
        **_: Any,
    ) -> Any:
        return self._network.listen(factory, port)

    async def create_connection(
        self,
        factory: Callable[[], Any],
        host: Any = None,  # noqa: ARG002
        port: Any = None,
        **_: Any,
    ) -> Any:
        return await self._network.connect(factory, port)

    def run_in_executor(self, *_: Any) -> Any:
        raise RuntimeError("the simulated world has no threads")

    def _process_events(self, _: Any) -> None:
        if len(self._ready) > 1:
            ready = list(self._ready)
            self._random.shuffle(ready)
            self._ready.clear()
            self._ready.extend(ready)

    def _write_to_self(self) -> None:
        return None

    def _make_task(
        self, loop: Any, work: Coroutine[Any, Any, Any], context: Context | None = None
    ) -> asyncio.Task[Any]:
        process = PROCESS.get() if context is None else context.get(PROCESS, NOBODY)
        process = self.processes[0] if process is NOBODY else process
        self._tasks_made += 1
        task = _Task(work, process, self._tasks_made, loop=loop, context=context)
        process.own(task)
        return task

    def _note_mishap(self, _: Any, context: dict[str, Any]) -> None:
        task = context.get("task") or context.get("future")
        process = getattr(task, "process", None) or PROCESS.get()
        error = context.get("exception")
        if process.alive and error is not None:
            self.mishaps.append(Mishap(process.name, f"{type(error).__name__}: {error}"))
