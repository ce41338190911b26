"""The sweeper wakes payments when they are due; what is due is asked of the disk alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.errors import GatewayError
from mail_gateway.store import payments
from mail_gateway.waker import Waker

if TYPE_CHECKING:
    from collections.abc import Callable

    from mail_gateway.ports import Ports
    from mail_gateway.store.engine import Store

BATCH: Final = 256
LOOK_AGAIN_MS: Final = 60_000
"""The longest sleep: what another process or a jumped clock made due is found by then."""

SHARED_LOOK_AGAIN_MS: Final = 5_000
"""The same where other nodes stand on the database too."""

BUSY_MS: Final = 200


class Sweeper:
    """wake: what to call with a payment's number. mine: the node whose payments are looked at; None: all."""

    def __init__(
        self,
        store: Store,
        ports: Ports,
        wake: Callable[[int], None],
        mine: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._store = store
        self._mine = mine
        self._ports = ports
        self._wake = wake
        self._next_ms = 0
        self._sooner = Waker()

    def due(self, at_ms: int) -> None:
        """Something is due at that moment, unix ms: do not sleep past it."""
        if at_ms < self._next_ms:
            self._next_ms = at_ms
            self._sooner.wake()

    async def run(self) -> None:
        """Wake what is due, sleep until the next is; until cancelled."""
        while True:
            self._sooner.clear()
            self._next_ms = sys.maxsize
            self._next_ms = min(await self._sweep(), self._next_ms)
            await self._sooner.sleep(max(self._next_ms - self._ports.now_ms(), 1) / 1000)

    async def _sweep(self) -> int:
        """-> when to look again, unix ms."""
        now_ms = self._ports.now_ms()
        node = self._mine()
        at_latest_ms = now_ms + (LOOK_AGAIN_MS if node is None else SHARED_LOOK_AGAIN_MS)
        try:
            found = await self._store.read(payments.due, now_ms, BATCH, node)
        except GatewayError as error:
            self._ports.tell("sweeper.failed", slug=error.slug)
            return at_latest_ms
        for payment_id in found.ids:
            self._wake(payment_id)
        if len(found.ids) == BATCH:
            return now_ms + BUSY_MS
        return min(found.next_ms or at_latest_ms, at_latest_ms)
