"""Waiting for the next try: doubling up to a limit, or until somebody rings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator


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
