"""An event loop whose clock jumps over idle time, so that a time-out of 30 s costs a test two milliseconds.

Real sockets work on it as long as both ends run on this loop: idle means nothing arrived for GRACE_S.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

GRACE_S: Final = 0.002

P = ParamSpec("P")
T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Waits no longer than the grace and remembers how much it skipped."""

    skipped_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        grace = GRACE_S if timeout is None else min(timeout, GRACE_S)
        found = super().select(grace)
        if not found and timeout is not None:
            self.skipped_s += max(0.0, timeout - grace)
        return found


class QuickClockLoop(asyncio.SelectorEventLoop):
    """A selector loop on which time is the real time since it was made plus all that was skipped.

    It begins at zero, however long the machine has run, so that a day told from it is the same everywhere.
    """

    def __init__(self) -> None:
        self._skipping = _Selector()
        self._began_s = super().time()
        super().__init__(self._skipping)

    def time(self) -> float:
        return super().time() - self._began_s + self._skipping.skipped_s


def quickly(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """A coroutine function -> a plain function that runs it on a loop of its own with a quick clock."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with asyncio.Runner(loop_factory=QuickClockLoop) as runner:
            return runner.run(test(*args, **kwargs))

    return run
