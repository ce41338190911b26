"""Waiting: for the next try, ever longer; for a bell; for tasks that were told to end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator


def delays_s(first_ms: int, longest_ms: int) -> Iterator[float]:
    """Seconds before the second try, the third, and so on; never ends."""
    wait_ms = min(first_ms, longest_ms)
    while True:
        yield wait_ms / 1000
        wait_ms = min(wait_ms * 2, longest_ms)


async def heard(bell: asyncio.Event, longest_s: float | None) -> bool:
    """Wait until the bell rings, at most so long; None: without end. True when it rang."""
    try:
        async with asyncio.timeout(longest_s):
            return await bell.wait()
    except TimeoutError:
        return False


async def ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel them and wait until they are gone.

    Asked until it is heard: before Python 3.12 `asyncio.wait_for`, which the mail libraries use, loses a
    cancellation that comes together with the end of what it waits for.
    """
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=0.1)
