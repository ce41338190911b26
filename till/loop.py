"""Keeps a device going: what people type, and the deal that walks on meanwhile, in one loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from till.machine import State
from till.walk import Walk

T = TypeVar("T")


class End(Enum):
    """Behind the last line: somebody said so, or the input is over."""

    QUIT = "quit"
    INPUT = "input"


@dataclass(frozen=True, slots=True)
class Pace:
    """Pauses before the gateway is asked again, ms: the first, which doubles, and the longest."""

    first_ms: int
    longest_ms: int


class Loop:
    """One device. hear: what to do with a typed or scanned line. changed: the screen may be drawn again."""

    def __init__(
        self, walk: Walk, hear: Callable[[str], None], changed: Callable[[], None], pace: Pace
    ) -> None:
        self._walk = walk
        self._hear = hear
        self._changed = changed
        self._pace = pace
        self._task: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()

    async def run(self, lines: asyncio.Queue[str | End], *, to_the_end: bool) -> None:
        """Until an end comes in lines. to_the_end: behind the input wait until the open deal is made or dead.

        Raises OSError: the journal cannot be written; then the device must stop.
        """
        self._restart()
        try:
            while not isinstance(line := await self._unless_broken(lines.get()), End):
                before = self._walk.state
                self._hear(line)
                if self._walk.state is not before:
                    self._restart()  # whatever it was waiting for does not count any more
                self._changed()
            while to_the_end and line is End.INPUT and self._is_under_way():
                self._moved.clear()
                await self._unless_broken(self._moved.wait())
        finally:
            await self._stop()

    async def _unless_broken(self, work: Coroutine[Any, Any, T]) -> T:
        """What the work gives. The walk, which never ends by itself, may fail meanwhile: then so do we."""
        assert self._task is not None
        waiting = asyncio.create_task(work)
        try:
            await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
            if self._task.done():
                self._task.result()
            return await waiting
        finally:
            waiting.cancel()

    def _is_under_way(self) -> bool:
        deal = self._walk.deal
        return deal is not None and deal.is_open and self._walk.state is not State.MADE

    def _restart(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._walk_on())

    async def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _walk_on(self) -> None:
        """Step by step, for ever; where nothing is left to do, until somebody types."""
        pauses = _pauses_s(self._pace)
        while True:
            trouble = self._walk.trouble
            moved = await self._walk.step()
            if moved or self._walk.trouble != trouble:
                self._changed()
                self._moved.set()
            if moved or (self._walk.state is State.WAITING and not self._walk.trouble):
                pauses = _pauses_s(self._pace)  # a long poll that came back is asked again at once
            if not moved:
                await self._pause(next(pauses))

    async def _pause(self, pause_s: float) -> None:
        if self._walk.state in self._walk.acts:
            await asyncio.sleep(pause_s)
        else:
            await asyncio.get_running_loop().create_future()  # for ever: typing begins a new walk


def _pauses_s(pace: Pace) -> Iterator[float]:
    pause_ms = pace.first_ms
    while True:
        yield pause_ms / 1000
        pause_ms = min(pause_ms * 2, pace.longest_ms)
