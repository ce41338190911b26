"""The tenure: this process's life as a node, for as long as its lease runs; then another one.

On a database of its own a gateway holds it alone, for good. On a shared one every node renews its lease; who
finds it run out asks the acquirer nothing more, and goes on as a new node once the database lets it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.errors import GatewayError
from mail_gateway.store import letters, nodes, payments

if TYPE_CHECKING:
    from collections.abc import Callable

    from mail_gateway.ports import Ports
    from mail_gateway.settings import GatewaySettings
    from mail_gateway.store.engine import Store

BEATS: Final = 3
"""Heartbeats in one lease: two may fail."""

STAND_BY_S: Final = 1
"""With one link to the host for all nodes: how soon its owner sees what the others took."""


class Tenure:
    """node: the present life's number."""

    def __init__(self, store: Store, ports: Ports, settings: GatewaySettings) -> None:
        self.node = 0
        self._store = store
        self._ports = ports
        self._link = settings.link
        self._lease_ms = settings.lease_s * 1000
        self._until_s = 0.0
        self._linked = False
        self._failing = False

    def holds(self) -> bool:
        """Whether the acquirer may be asked now, by our own clock: read before the lease was renewed."""
        if not self._store.shared:
            return True
        return self._linked and asyncio.get_running_loop().time() < self._until_s

    def mine(self) -> int | None:
        """Whose payments are ours to work on; None: all there are."""
        return self.node if self._store.shared else None

    async def begin(self) -> None:
        """A new life; its first heartbeat is `run`'s. Raises GatewayError(retry)."""
        now_ms = self._ports.now_ms()
        if not self._store.shared:
            self.node = await self._store.run(nodes.begin_life, now_ms)
            await self._store.run(payments.adopt, self.node, now_ms)
            await self._store.run(letters.adopt, now_ms)
            return
        self.node = await self._store.keep(nodes.begin_lease, now_ms, self._lease_ms)
        self._ports.tell("node.began", node=self.node)

    async def run(self, reborn: Callable[[int], None], wake: Callable[[int], None]) -> None:
        """Stay alive until cancelled. reborn: told a new life's number; wake: told what was taken over."""
        if not self._store.shared:
            await asyncio.Event().wait()
        while True:
            try:
                adopted = await self._beat()
                if adopted is None:
                    await self.begin()
                    reborn(self.node)
                    continue
                for payment_id in adopted:
                    wake(payment_id)
                self._failing = False
            except GatewayError as error:
                self._failed(error)
            pause_s = self._lease_ms / 1000 / BEATS
            await asyncio.sleep(min(pause_s, STAND_BY_S) if self._link else pause_s)

    async def end(self) -> None:
        """In good order: the others take over at once. If the database is gone, they wait for the lease."""
        if not self._store.shared:
            return
        try:
            await self._store.keep(nodes.end_life, self.node)
        except GatewayError as error:
            self._failed(error)

    async def _beat(self) -> tuple[int, ...] | None:
        """-> the payments taken over; None: the lease has run out."""
        before_s = asyncio.get_running_loop().time()
        asked = (self.node, self._lease_ms, self._link, self._ports.now_ms())
        beat = await self._store.keep(nodes.beat, *asked)
        if not beat.alive:
            self._ports.tell("alarm.lease", slug="lease-lost", node=self.node)
            return None
        if beat.linked is not self._linked:
            self._ports.tell("node.link", node=self.node, held=int(beat.linked))
        self._linked = beat.linked
        self._until_s = before_s + self._lease_ms * 9 / 10_000  # clocks may run a tenth apart
        if beat.adopted:
            await self._store.renumber()
            self._ports.tell("node.adopted", node=self.node, count=len(beat.adopted))
        return beat.adopted

    def _failed(self, error: GatewayError) -> None:
        """Said once, when it begins."""
        if not self._failing:
            self._ports.tell("alarm.lease", slug=error.slug, node=self.node)
        self._failing = True
