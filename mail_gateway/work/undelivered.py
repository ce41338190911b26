"""Questions, and news of money, that reached nobody: the shop is told, once, and so is the operator."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.hook import HookEvent
from mail_gateway.domain.outcome import Letter
from mail_gateway.store import order_bounces, orders
from mail_gateway.store.sheet import Stale
from mail_gateway.waker import Waker
from mail_gateway.work import order_clerk

if TYPE_CHECKING:
    from collections.abc import Callable

    from mail_gateway.store.orders import Case
    from mail_gateway.work.kit import Kit

BATCH: Final = 64
LOOK_AGAIN_S: Final = 60


class Undelivered:
    """Looks whose letter came back from every address that the customer has. node: this process's life."""

    def __init__(self, kit: Kit, node: Callable[[], int]) -> None:
        self._kit = kit
        self._node = node
        self._sooner = Waker()

    def wake(self) -> None:
        """A letter about an order came back."""
        self._sooner.wake()

    async def run(self) -> None:
        """Tell, now and whenever something comes back; until cancelled."""
        while True:
            self._sooner.clear()
            try:
                await self.look()
            except GatewayError as error:
                self._kit.ports.tell("undelivered.failed", slug=error.slug)
            await self._sooner.sleep(LOOK_AGAIN_S)

    async def look(self) -> None:
        """Tell the shops of all orders that are to be told of. Raises GatewayError where the store fails."""
        for order, asks in await self._kit.store.read(order_bounces.untold, BATCH):
            try:
                await self._write(order, asks=asks)
            except Stale:
                self.wake()  # it has moved meanwhile: looked at again

    async def _write(self, number: int, *, asks: bool) -> None:
        kit = replace(self._kit, node=self._node())
        case: Case | None = await kit.store.read(orders.case, number)
        if case is None or (number, asks) not in await kit.store.read(order_bounces.untold, 1, number):
            return  # it has moved, or another node has told it meanwhile
        why: str = await kit.store.read(order_bounces.why, number)
        entry = order_clerk.telling(kit, order_clerk.noting(kit, case), (Letter.SHOP_UNDELIVERED,), why=why)
        await order_clerk.enter(kit, order_clerk.hooked(entry, HookEvent.UNDELIVERED if asks else None))
        verb = "alarm.question-undelivered" if asks else "alarm.news-undelivered"
        kit.ports.tell(verb, order=number, merchant=case.order.merchant)
