"""A shop that sells by mail, its customers, and a gateway that can be killed and started again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from heart_acquirer import CountingAcquirer, Habits, virtual_loop
from heart_world import Life, World
from sqlalchemy import insert, select, update

from acquirer_sdk.values import (
    Approved,
    AuthoriseOutcome,
    AuthoriseRequest,
    Capabilities,
    CaptureRequest,
    Declined,
    Reversal,
    ReversalOutcome,
)
from mail_gateway.domain.news import Composed
from mail_gateway.domain.order import DEAD, OrderKind, OrderState, Settle
from mail_gateway.domain.order_news import OrderNews
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import ENDED
from mail_gateway.domain.placing import Placed, PlaceOrder, Refused, Wish
from mail_gateway.envelope.means import wrap_card
from mail_gateway.settings import OrderSettings
from mail_gateway.store import order_tables as t
from mail_gateway.store import orders
from mail_gateway.store.orders import Case
from mail_gateway.store.tables import letters
from mail_gateway.work import order_clerk, placing
from mail_gateway.work.kit import Kit
from mail_gateway.work.orders import Bell, Orders

PAN = "4111111111111111"
KEEPS = Capabilities(void=True, refund=True, return_without_card=True, capture=True)
CHARGES = Capabilities(void=True, refund=True, return_without_card=True)
UNTIL_THE_END = 3600 * 24 * 5


class KeepingAcquirer(CountingAcquirer):
    """Keeps amounts too. held: reference -> minor units that are kept; taken: of a capture, what it took of
    which hold."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.held: dict[str, int] = {}
        self.taken: dict[str, tuple[str, int]] = {}
        self.takes_nothing = False
        self.captured_ms: list[int] = []

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        assert request.card.pan == PAN
        return await self._ask(request)

    async def capture(self, request: CaptureRequest) -> AuthoriseOutcome:
        self.captured_ms.append(request.time_s * 1000)
        return await self._ask(request)

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        outcome = await super().reverse(reversal, transmission=transmission)
        if reversal.reference in self.reversed:
            self.held.pop(reversal.reference, None)
            self.held.update([self.taken.pop(reversal.reference)] if reversal.reference in self.taken else [])
        return outcome

    def _decide(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        if isinstance(request, CaptureRequest) and (
            self.takes_nothing or request.original.reference not in self.held
        ):
            return Declined("05")
        outcome = super()._decide(request)
        if not isinstance(outcome, Approved):
            return outcome
        if request.hold:
            self.held[request.reference] = self.charges.pop(request.reference)[0]
        elif isinstance(request, CaptureRequest):
            hold = request.original.reference
            self.taken[request.reference] = (hold, self.held.pop(hold))
        return outcome


class PlainLetters:
    """A letter as one line of facts."""

    def compose(self, news: OrderNews) -> Composed:
        message_id = f"<{news.kind}.{news.number}.{news.order.id}@pay.example>"
        text = f"{news.kind} {news.order.state} {news.order.code} {news.order.until_ms}"
        return Composed(message_id, "gateway@pay.example", news.recipient, text.encode())


@dataclass
class Shop:
    """What the shop has on file. products: code -> stock, None: not counted."""

    settle: Settle = Settle.CONFIRMED
    stock: int | None = 100
    webhook: str = "https://shop.example/hook"
    orders: OrderSettings = field(default_factory=lambda: OrderSettings(answer_h=3, remind_h=1))


class OrderWorld(World):
    """The heart's world, with a shop, one customer with a card, and one product (tea, 400 yen)."""

    def __init__(
        self,
        folder: Path,
        shop: Shop | None = None,
        *,
        can: Capabilities = KEEPS,
        habits: Habits | None = None,
        seed: int = 0,
        **more: Any,
    ) -> None:
        super().__init__(folder, habits=habits, seed=seed, **more)
        self.shop = shop or Shop()
        old = self.acquirer
        self.acquirer = KeepingAcquirer(old.habits, old.random, capabilities=can)
        self.bell = Bell()
        self.is_stocked = False

    async def start(self) -> Life:
        self.bell = Bell()
        life = await super().start()
        extra = {"order_moved": self.bell.ring, "orders": self.shop.orders, "order_letters": PlainLetters()}
        kit = replace(life.kit, **extra)
        life.kit = life.runner._kit = kit
        if not self.is_stocked:
            await life.store.run(self._stock, kit)
            self.is_stocked = True
        worker = Orders(kit, self.bell, lambda: kit.node, lambda: None, life.runner.wake)
        life.tasks.append(asyncio.create_task(worker.run()))
        return life

    def _stock(self, conn: Any, kit: Kit) -> None:
        secret = b"s" if self.shop.webhook else None
        own = {"merchant": 1, "settle": self.shop.settle.value, "webhook": self.shop.webhook}
        conn.execute(insert(t.selling), {**own, "hook_secret": secret})
        person = {"customer_id": "C-7Q4KDM", "name": "Hana", "mail": "hana@carrier.example", "language": "en"}
        conn.execute(insert(t.customers), {**person, "created_ms": 1})
        card = {"customer": 1, "kind": "card", "shown": "411111******1111", "created_ms": 1}
        conn.execute(insert(t.means), {**card, "wrapped": wrap_card(kit.keys, 1, PAN, "2912")})
        tea = {"merchant": 1, "code": "TEA", "name": "Tea", "unit_minor": 400, "currency": 392}
        conn.execute(insert(t.products), {**tea, "stock": self.shop.stock})

    @property
    def kit(self) -> Kit:
        assert self.life is not None
        return self.life.kit

    async def place(self, deal_id: str = "D-1", **more: Any) -> Placed | Refused:
        """3 packets of tea, unless told otherwise."""
        wanted = PlaceOrder(deal_id, "C-7Q4KDM", (Wish(product="TEA", quantity=3),))
        return await placing.place(self.kit, 1, replace(wanted, **more))

    async def order(self, number: int = 1) -> Case:
        found = await self.kit.store.read(orders.case, number)
        assert found is not None
        return found

    async def until(self, *states: OrderState, number: int = 1, within_s: int = UNTIL_THE_END) -> Case:
        """Wait, in virtual time, until the order is in one of the states."""
        pause_s = 0.25
        end_s = asyncio.get_running_loop().time() + within_s
        while (found := await self.order(number)).order.state not in states:
            assert asyncio.get_running_loop().time() < end_s, f"{found.order}, {found.payments}"
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 600)
        return found

    async def at_rest(self, number: int = 1, within_s: int = UNTIL_THE_END) -> Case:
        """Wait until the order and its payments have nothing left to do."""
        end_s, pause_s = asyncio.get_running_loop().time() + within_s, 1
        while not is_at_rest(found := await self.order(number)):
            assert asyncio.get_running_loop().time() < end_s, f"{found.order}, {found.payments}"
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 3600)
        return found

    async def say(self, kind: OrderKind, number: int = 1) -> None:
        """The customer answers, as whoever reads the mail does it."""
        await order_clerk.enter(self.kit, order_clerk.moving(self.kit, await self.order(number), kind))

    async def stock(self) -> tuple[int | None, int]:
        """-> in stock, reserved."""
        asked = select(t.products.c.stock, t.products.c.reserved).where(t.products.c.code == "TEA")
        row = await self.kit.store.read(lambda conn: conn.execute(asked).one())
        return row.stock, row.reserved

    async def told_of(self, number: int = 1) -> list[Letter]:
        """The kinds of the order's letters, in their order."""
        asked = select(letters.c.kind).where(letters.c.order_id == number).order_by(letters.c.version)
        return [Letter(kind) for kind in await self.kit.store.read(lambda conn: conn.scalars(asked).all())]

    async def hooks(self, number: int = 1) -> list[str]:
        """What the shop's server hears."""
        asked = select(t.hooks.c.event).where(t.hooks.c.order_id == number).order_by(t.hooks.c.id)
        return list(await self.kit.store.read(lambda conn: conn.scalars(asked).all()))

    async def set(self, table: Any, **values: Any) -> None:
        """The operator changes what is on file."""
        await self.kit.store.run(lambda conn: conn.execute(update(table).values(**values)))

    @property
    def charged(self) -> int:
        """What the customer has paid, all in all, minor units."""
        return sum(map(self.acquirer.net, self.acquirer.charges))


def is_at_rest(case: Case) -> bool:
    state = case.order.state
    over = state in DEAD or state in (OrderState.CAPTURED, OrderState.HANDED_OVER)
    return over and case.order.due_ms is None and all(one.state in ENDED for one in case.payments)


def tell(
    folder: Path, story: Callable[[OrderWorld], Awaitable[None]], shop: Shop | None = None, **more: Any
) -> OrderWorld:
    """Run one story in a world of its own."""
    with virtual_loop() as loop:
        world = OrderWorld(folder, shop, **more)

        async def whole() -> None:
            await world.start()
            try:
                await story(world)
            finally:
                await world.stop()

        loop.run_until_complete(whole())
    return world
