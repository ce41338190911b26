"""Where the database's work is done: on a thread of its own, or inline where time is virtual."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


class Thread:
    """One thread, so that the loop never waits for the disk."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="store")

    async def __call__(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        self._pool.shutdown()


class Inline:
    """No thread: for a loop whose clock is not the wall's."""

    async def __call__(self, work: Callable[[], Any]) -> Any:
        return work()

    def close(self) -> None:
        return None
