"""Stock is never sold twice: many orders at once for few things, on SQLite and from two nodes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from orders_world import CHARGES, KEEPS, PAN, PlainLetters
from postgres_world import fresh_url
from sqlalchemy import func, insert, select

from acquirer_sdk.values import Capabilities
from mail_gateway.domain.order import IllegalOrderMove, OrderKind, OrderState
from mail_gateway.domain.placing import Placed, PlaceOrder, Refused, Wish
from mail_gateway.domain.route import Table
from mail_gateway.envelope.keys import KeyRing
from mail_gateway.envelope.means import wrap_card
from mail_gateway.ports import Ports
from mail_gateway.settings import GatewaySettings
from mail_gateway.store import nodes, orders
from mail_gateway.store import order_tables as t
from mail_gateway.store.engine import Store, open_store
from mail_gateway.store.sheet import Stale
from mail_gateway.store.tables import merchants, payments
from mail_gateway.work import order_clerk, placing
from mail_gateway.work.kit import Kit
from mail_gateway.work.order_steps import next_entry
from mail_gateway.work.switch import Switch

ON_POSTGRES = int(os.environ.get("HAGAKI_STOCK_ORDERS", "40"))
"""Parallel orders there, of a fifth as many things; on SQLite it is always 500 of 100."""

NOW_MS = 1_790_000_000_000


class Keeps:
    """As much of an acquirer as placing looks at."""

    def __init__(self, can: Capabilities) -> None:
        self.name = "keeps"
        self.capabilities = can


def kit_of(store: Store, node: int, can: Capabilities = KEEPS) -> Kit:
    unused: Any = None
    ports = Ports(lambda: NOW_MS, os.urandom, lambda *_, **__: None)
    ring = KeyRing(b"k" * 32, os.urandom)
    keeps: Any = Keeps(can)
    switch = Switch({"keeps": keeps}, Table("keeps"))
    settings = GatewaySettings("pay.example")
    line = asyncio.Semaphore(1)
    kit = Kit(store, ring, switch, unused, unused, settings, ports, node, lambda: None, line)
    return replace(kit, order_letters=PlainLetters())


def stocked(conn: Any, kit: Kit, stock: int) -> None:
    """One shop with so much tea and one book a piece that nobody counts, one customer."""
    row = dict.fromkeys(("mail", "terminal_id", "merchant_id", "second_mail"), "")
    conn.execute(insert(merchants), {**row, "id": 1, "name": "Shop", "language": "en", "created_ms": 1})
    conn.execute(insert(t.selling), {"merchant": 1, "settle": "confirmed"})
    person = {"id": 1, "customer_id": "C-1", "name": "Hana", "mail": "h@carrier.example", "language": "en"}
    conn.execute(insert(t.customers), {**person, "created_ms": 1})
    card = {"customer": 1, "kind": "card", "shown": "411111******1111", "created_ms": 1}
    conn.execute(insert(t.means), {**card, "wrapped": wrap_card(kit.keys, 1, PAN, "2912")})
    for code, count in (("TEA", stock), ("BOOK", None)):
        thing = {"merchant": 1, "code": code, "name": code, "unit_minor": 400, "currency": 392}
        conn.execute(insert(t.products), {**thing, "stock": count})


async def rush(kits: Sequence[Kit], count: int) -> list[Placed]:
    """So many orders at once, over all nodes; every one of them is placed or refused."""
    lines = (Wish("TEA", quantity=1), Wish("BOOK", quantity=2))

    async def one(number: int) -> Placed | Refused:
        return await placing.place(kits[number % len(kits)], 1, PlaceOrder(f"D-{number}", "C-1", lines))

    found = await asyncio.gather(*map(one, range(count)))
    assert {one.slug for one in found if isinstance(one, Refused)} == {"out-of-stock"}
    return [one for one in found if isinstance(one, Placed)]


async def end(kit: Kit, number: int, kinds: Sequence[OrderKind]) -> None:
    """As several who end the same order at once."""
    for kind in kinds:
        while (case := await kit.store.read(orders.case, number)) is not None:
            try:
                await order_clerk.enter(kit, order_clerk.moving(kit, case, kind))
                break
            except Stale:
                continue
            except IllegalOrderMove:
                return  # somebody else was first


async def stock(store: Store) -> tuple[int | None, int]:
    asked = select(t.products.c.stock, t.products.c.reserved).where(t.products.c.code == "TEA")
    row = (await store.read(lambda conn: conn.execute(asked).all()))[0]
    return row.stock, row.reserved


async def all_told(kits: Sequence[Kit], count: int) -> None:
    store, things = kits[0].store, count // 5
    await store.run(stocked, kits[0], things)
    sold = await rush(kits, count)
    assert len(sold) == things
    assert await stock(store) == (things, things)
    asked = select(func.count()).select_from(payments).where(payments.c.order_id.is_not(None))
    assert await store.read(lambda conn: conn.scalar(asked)) == things, "each has its payment, and only they"
    dead = [one.order.id for one in sold[: things // 2]]
    ends = [end(kit, number, [OrderKind.CANCELLED]) for number in dead for kit in (kits[0], kits[-1])]
    await asyncio.gather(*ends)
    assert await stock(store) == (things, things - len(dead)), "freed once, whoever frees it"


async def test_500_parallel_orders_of_100_things_on_sqlite(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/hagaki.db")
    kit = kit_of(store, await store.run(nodes.begin_life, NOW_MS))
    await all_told([kit], 500)
    await store.close()


async def answered_at_both(kits: Sequence[Kit]) -> None:
    """One order is asked, and answered yes at one node and no at the other: one of them counts."""
    asking = replace(kits[0], acquirers=kit_of(kits[0].store, kits[0].node, CHARGES).acquirers)
    placed = await placing.place(asking, 1, PlaceOrder("A-1", "C-1", (Wish("TEA"),)))
    assert isinstance(placed, Placed)
    case = await kits[0].store.read(orders.case, placed.order.id)
    assert case is not None
    entry = next_entry(asking, case)
    assert entry is not None
    assert (await order_clerk.enter(asking, entry)).state is OrderState.ASKED
    before, held = await stock(kits[0].store)
    ends = zip(kits, (OrderKind.YES, OrderKind.NO), strict=True)
    await asyncio.gather(*(end(kit, placed.order.id, [kind]) for kit, kind in ends))
    after = await kits[1].store.read(orders.case, placed.order.id)
    assert after is not None
    assert after.confirmation is not None
    is_sold = after.order.state is OrderState.CONFIRMED
    assert after.confirmation.state.value == ("yes" if is_sold else "no")
    assert await stock(kits[1].store) == ((before or 0) - is_sold, held - 1)


async def test_two_nodes_sell_one_stock_on_postgresql() -> None:
    url = fresh_url()
    stores = open_store(url), open_store(url)
    kits = [kit_of(store, await store.run(nodes.begin_life, NOW_MS)) for store in stores]
    await all_told(kits, ON_POSTGRES)
    await answered_at_both(kits)
    for number in range(5):
        wanted = PlaceOrder(f"S-{number}", "C-1", (Wish("BOOK"),))
        found = await asyncio.gather(*(placing.place(kit, 1, wanted) for kit in kits))
        same = [one for one in found if isinstance(one, Placed)]
        assert len({one.order.id for one in same}) == 1, "one deal ID at two nodes is one order"
        assert sorted(one.is_new for one in same) == [False, True]
    dead = [await stores[0].read(orders.due, NOW_MS + 1, 1000, kit.node) for kit in kits]
    assert set(dead[0]).isdisjoint(dead[1]), "each node looks at its own first"
    late_ms = NOW_MS + orders.LEFT_MS
    left = await stores[0].read(orders.due, late_ms, 1000, kits[0].node)
    assert sorted(left) == sorted(dead[0] + dead[1]), "and at what the other one let lie"
    due = [await stores[0].read(orders.due_payments, left[0], late_ms, kit.node) for kit in kits]
    assert sorted(map(len, due)) == [0, 1], "and wakes its own payments only"
    for store in stores:
        await store.close()
