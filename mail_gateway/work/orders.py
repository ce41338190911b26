"""The worker of orders: looks at every order that moved or is due, and lets it go as far as it goes now."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.errors import GatewayError
from mail_gateway.store import orders
from mail_gateway.store.sheet import Stale
from mail_gateway.waker import Waker
from mail_gateway.work import order_clerk
from mail_gateway.work.kit import nobody_listens
from mail_gateway.work.order_steps import next_entry
from mail_gateway.work.order_waiting import LOOK_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from mail_gateway.store.orders import Case
    from mail_gateway.work.kit import Kit

BATCH: Final = 64
BUSY_MS: Final = 200
LOOK_AGAIN_MS: Final = 60_000
"""The longest sleep; what is due is asked of the disk."""

SHARED_LOOK_AGAIN_MS: Final = 5_000
"""The same where other nodes stand on the database too."""


class Bell:
    """Rung for an order that has moved, or one of whose payments has."""

    def __init__(self) -> None:
        self._rung: set[int] = set()
        self._sooner = Waker()

    def ring(self, number: int) -> None:
        """Look at that order soon."""
        self._rung.add(number)
        self._sooner.wake()

    def take(self) -> set[int]:
        """The orders it was rung for since it was last asked."""
        rung, self._rung = self._rung, set()
        self._sooner.clear()
        return rung

    async def wait(self, pause_ms: int) -> None:
        """Until it is rung, for so long at most."""
        await self._sooner.sleep(max(pause_ms, 1) / 1000)


class Orders:
    """node: this process's life now. mine: whose orders are looked at, None: all. wake: told a payment that
    may go on."""

    def __init__(
        self,
        kit: Kit,
        bell: Bell,
        node: Callable[[], int],
        mine: Callable[[], int | None],
        wake: Callable[[int], None],
    ) -> None:
        self._kit = kit
        self._bell = bell
        self._node = node
        self._mine = mine
        self._wake = wake

    async def run(self) -> None:
        """Move what moved or is due, sleep until the next is; until cancelled."""
        while True:
            try:
                pause_ms = await self.look()
            except GatewayError as error:
                self._kit.ports.tell("orders.failed", slug=error.slug)
                pause_ms = LOOK_AGAIN_MS
            await self._bell.wait(pause_ms)

    async def look(self) -> int:
        """Do what there is to do now; -> how long nothing is, ms. Raises GatewayError."""
        store, now_ms = self._kit.store, self._kit.ports.now_ms()
        rung = self._bell.take()
        try:
            found = await store.read(orders.due, now_ms, BATCH, self._mine())
        except GatewayError:
            for number in rung:
                self._bell.ring(number)
            raise
        await asyncio.gather(*(self.advance(number) for number in rung.union(found)))
        if len(found) == BATCH:
            return BUSY_MS
        next_ms = await store.read(orders.next_due_ms, self._kit.ports.now_ms())
        at_most_ms = SHARED_LOOK_AGAIN_MS if store.shared else LOOK_AGAIN_MS
        return at_most_ms if next_ms is None else min(next_ms - self._kit.ports.now_ms(), at_most_ms)

    async def advance(self, number: int) -> None:
        """Move one order as far as it goes now. What fails is told, and looked at again."""
        (fault,) = await asyncio.gather(self._walk(number), return_exceptions=True)
        match fault:
            case None:
                return
            case Stale():
                self._bell.ring(number)  # somebody else has moved it
            case GatewayError():
                self._kit.ports.tell("order.retry", order=number, slug=fault.slug)
                asyncio.get_running_loop().call_later(BUSY_MS / 1000, self._bell.ring, number)
            case _:
                self._kit.ports.tell("alarm.order-stumbled", order=number, error=type(fault).__name__)
                await self._put_off(number)

    async def _walk(self, number: int) -> None:
        kit = replace(self._kit, node=self._node(), order_moved=nobody_listens)
        while (case := await kit.store.read(orders.case, number)) is not None:
            entry = next_entry(kit, case)
            if entry is None:
                break
            await order_clerk.enter(kit, entry)
        now_ms = kit.ports.now_ms()
        for payment in await kit.store.read(orders.due_payments, number, now_ms, self._mine()):
            self._wake(payment)

    async def _put_off(self, number: int) -> None:
        kit = replace(self._kit, node=self._node(), order_moved=nobody_listens)
        try:
            case: Case | None = await kit.store.read(orders.case, number)
            if case is not None:
                due_ms = kit.ports.now_ms() + LOOK_MS
                await order_clerk.enter(kit, order_clerk.noting(kit, case, due_ms=due_ms))
        except (GatewayError, Stale):
            return  # it stays due
