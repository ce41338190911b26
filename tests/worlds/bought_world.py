"""A customer, a means and orders as rows: for tests of orders' payments, where the orders stand still."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

from heart_world import World
from sqlalchemy import insert, select, update

from mail_gateway.domain.customer import MeansKind
from mail_gateway.domain.order import ORDER_TRANSITIONS, Order, OrderKind, OrderState, Settle
from mail_gateway.domain.payment import State
from mail_gateway.envelope import means as wrapping
from mail_gateway.envelope.keys import KeyRing
from mail_gateway.envelope.root import fetch_root
from mail_gateway.store import order_payments, payments
from mail_gateway.store.order_payments import Bought
from mail_gateway.store.tables import customers, means, order_events, order_lines, orders

PAN, EXPIRY = "4111111111111111", "2712"
CUSTOMER = 1


def way(before: OrderState, after: OrderState) -> tuple[OrderKind, ...]:
    """The shortest way from one state of an order to another."""
    ways: list[tuple[OrderState, tuple[OrderKind, ...]]] = [(before, ())]
    for state, kinds in ways:
        if state is after:
            return kinds
        ways += [(its, (*kinds, kind)) for kind, its in ORDER_TRANSITIONS.get(state, {}).items()]
    raise AssertionError(f"no way from {before} to {after}")


class Shop:
    """One merchant's orders in a world. order.state is set by hand, as a committed move would set it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.moved: list[int] = []

    async def open(self, wrapped: bytes = b"", acquirer: str = "") -> None:
        """A customer with one card, or with what is wrapped."""
        ring = KeyRing(fetch_root(self.world.keys.root), self.world.random_bytes)
        card = wrapped or wrapping.wrap_card(ring, CUSTOMER, PAN, EXPIRY)
        kind = MeansKind.ACCOUNT if wrapped else MeansKind.CARD
        shown = "411111******1111"

        def rows(conn: Any) -> None:
            customer = {"id": CUSTOMER, "customer_id": "C-1", "name": "Hanako", "mail": "hanako@example.jp"}
            conn.execute(insert(customers), {**customer, "language": "ja", "created_ms": 1})
            mean = {"id": 1, "customer": CUSTOMER, "kind": kind.value, "shown": shown, "wrapped": card}
            conn.execute(insert(means), {**mean, "acquirer": acquirer, "created_ms": 1})

        await self._store.run(rows)
        self.listen()

    def listen(self) -> None:
        """From now on this life tells which orders moved."""
        life = self.world.life
        assert life is not None
        life.runner._kit = replace(life.runner._kit, order_moved=self.moved.append)

    @property
    def _store(self) -> Any:
        assert self.world.life is not None
        return self.world.life.store

    async def order(self, number: int = 1, total_minor: int = 1200, *, ask_first: bool = False) -> Order:
        """One order that was placed."""
        now_ms = self.world.now_ms()
        row: dict[str, Any] = {
            **{"id": number, "merchant": 1, "deal_id": f"D-{number}", "customer": CUSTOMER, "means": 1},
            **{"code": "ABCDE", "deal": b"deal", "placed_ms": now_ms, "currency": 392},
            **{"total_minor": total_minor, "tax_minor": 0, "delivery": "", "settle": Settle.CONFIRMED},
            **{"ask_first": ask_first, "until_ms": now_ms + 10**9},
        }
        given = {**row, "request_hash": b"h", "ask_first": int(ask_first), "settle": Settle.CONFIRMED.value}
        await self._store.run(lambda conn: conn.execute(insert(orders), given) and None)
        line = {"order_id": number, "place": 1, "name": "jam", "quantity": 1, "tax_rate": 10}
        line["unit_minor"] = total_minor
        await self._store.run(lambda conn: conn.execute(insert(order_lines), line) and None)
        own: dict[str, Any] = {"epoch": 0, "foreign": None, "due_ms": None, "made_ms": None}
        return Order(**row, **own, state=OrderState.PLACED, tries=0, letters=0, remark="")

    async def becomes(self, state: OrderState, number: int = 1, *wakes: int) -> None:
        """The order moves, and in the same commit its payments are made due."""
        now_ms = self.world.now_ms()

        def unit(sheet: Any) -> None:
            before = OrderState(sheet.scalar(select(orders.c.state).where(orders.c.id == number)))
            for kind in way(before, state):
                event = {"order_id": number, "at_ms": now_ms, "before": before.value, "kind": kind.value}
                before = ORDER_TRANSITIONS[before][kind]
                sheet.execute(insert(order_events), {**event, "after": before.value})
            change = update(orders).where(orders.c.id == number)
            sheet.execute(change.values(state=state.value, epoch=orders.c.epoch + 1))
            for payment in wakes:
                order_payments.wake(sheet, payment, now_ms)

        await self._store.run(unit)
        for payment in wakes:
            self._wake(payment)

    async def begin(self, order: Order, *, hold: bool) -> int:
        return await self._begun(partial(order_payments.begin, order=order, hold=hold))

    async def capture(self, hold: int, amount_minor: int = 1200) -> int:
        return await self._begun(partial(order_payments.capture, hold=hold, amount_minor=amount_minor))

    async def give_back(self, charged: int) -> int:
        return await self._begun(partial(order_payments.give_back, charged=charged))

    async def bought(self, number: int = 1) -> list[Bought]:
        """All of an order."""
        found: list[Bought] = await self._store.read(order_payments.of_order, number)
        return found

    async def reach(self, number: int, *states: State) -> payments.Payment:
        return await self.world.reach(number, *states)

    async def settle(self) -> None:
        """Long enough for what goes on by itself."""
        await asyncio.sleep(60)

    async def _begun(self, unit: Any) -> int:
        assert self.world.life is not None
        node = self.world.life.kit.node
        number: int = await self._store.run(partial(unit, node=node, now_ms=self.world.now_ms()))
        self._wake(number)
        return number

    def _wake(self, number: int) -> None:
        assert self.world.life is not None
        self.world.life.runner.wake(number)
