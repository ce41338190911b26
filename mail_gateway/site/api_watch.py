"""Long polls: all who wait for an order to change ask the disk together."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.errors import GatewayError
from mail_gateway.store import shop_orders

if TYPE_CHECKING:
    from mail_gateway.store.engine import Store

LOOK_S: Final = 0.2
"""How soon a change is seen: whoever made it, on whichever node. However many wait, it is one question."""

WAITING_MAX: Final = 800
"""Below what the site has of connections: others are answered too."""


class Watch:
    """Of one gateway."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[int, dict[asyncio.Future[None], int]] = defaultdict(dict)
        self._count = 0
        self._looking: asyncio.Task[None] | None = None

    @property
    def is_full(self) -> bool:
        """Whether nobody else may wait."""
        return self._count >= WAITING_MAX

    async def change(self, order: int, epoch: int, seconds: float) -> bool:
        """Wait until the order is not at that epoch any more; -> whether it is so, within so many seconds."""
        moved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[order][moved] = epoch
        self._count += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(seconds):
                await moved
        except TimeoutError:
            return False
        finally:
            self._count -= 1
            del self._waiting[order][moved]
            if not self._waiting[order]:
                del self._waiting[order]
        return True

    async def close(self) -> None:
        """Whoever waits is answered now."""
        if self._looking is not None:
            self._looking.cancel()
        for waiters in self._waiting.values():
            for one in waiters:
                _wake(one)

    async def _look(self) -> None:
        while self._waiting:
            try:
                epochs = await self._store.read(shop_orders.epochs, list(self._waiting))
            except GatewayError:
                epochs = {}  # the next look may have more luck; who waits has a time of their own
            for order, epoch in epochs.items():
                self._compare(order, epoch)
            await asyncio.sleep(LOOK_S)

    def _compare(self, order: int, epoch: int) -> None:
        for one, known in self._waiting.get(order, {}).items():
            if known != epoch:
                _wake(one)


def _wake(one: asyncio.Future[None]) -> None:
    if not one.done():
        one.set_result(None)
