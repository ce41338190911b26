"""Sleep that can be cut short: how every worker rests between two looks at what is due."""

from __future__ import annotations

import asyncio


class Waker:
    """Clear it, look, then sleep: whoever wakes it meanwhile is not missed."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something to look at now."""
        self._woken.set()

    def clear(self) -> None:
        """What woke it until now is looked at next."""
        self._woken.clear()

    async def sleep(self, seconds: float) -> None:
        """Until it is woken, for so long at most."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
