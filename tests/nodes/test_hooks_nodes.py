"""Two nodes on one PostgreSQL tell shops' servers: each hook by one of them, and in its order."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from typing import Any

from postgres_world import fresh_url
from sqlalchemy import insert

from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.hook import HookEvent, Whose, hook
from mail_gateway.domain.order import OrderState, Settle
from mail_gateway.outbox.hooking import Post, Teller, Told, Tools
from mail_gateway.ports import Ports
from mail_gateway.settings import OrderSettings
from mail_gateway.store import api_keys, hooks, nodes
from mail_gateway.store import order_tables as t
from mail_gateway.store.engine import Store, open_store
from mail_gateway.store.tables import merchants

ORDERS, NOW_MS = 24, 1_790_000_000_000
EVENTS = (HookEvent.ASKED, HookEvent.MADE, HookEvent.HANDED_OVER)


class Server:
    """What the shop's server heard, of both nodes."""

    def __init__(self) -> None:
        self.heard: dict[int, list[str]] = defaultdict(list)

    async def post(self, post: Post) -> Told:
        members = json.loads(post.body)
        await asyncio.sleep(0.001)
        self.heard[members["order"]].append(members["event"])
        return Told(taken=True, remark="HTTP 200")

    async def close(self) -> None:
        """Nothing is open."""


def furnished(conn: Any) -> None:
    row = dict.fromkeys(("mail", "terminal_id", "merchant_id", "second_mail"), "")
    conn.execute(insert(merchants), {**row, "id": 1, "name": "Shop", "language": "en", "created_ms": 1})
    own = {"merchant": 1, "webhook": "https://shop.example", "hook_secret": b"s"}
    conn.execute(insert(t.selling), own)
    person = {"id": 1, "customer_id": "C-1", "name": "Hana", "mail": "h@x.example", "language": "en"}
    conn.execute(insert(t.customers), {**person, "created_ms": 1})
    card = {"id": 1, "customer": 1, "kind": "card", "shown": "x", "created_ms": 1, "wrapped": b"w"}
    conn.execute(insert(t.means), card)
    one: dict[str, Any] = {"merchant": 1, "customer": 1, "means": 1, "code": "BCDFH", "deal": b"d"}
    one |= {"request_hash": b"h", "placed_ms": 1, "currency": 392, "total_minor": 1, "tax_minor": 0}
    one |= {"settle": Settle.CONFIRMED.value, "until_ms": 2}
    rows = [{**one, "id": number, "deal_id": f"D-{number}"} for number in range(1, ORDERS + 1)]
    conn.execute(insert(t.orders), rows)


def told(sheet: Any) -> None:
    for event in EVENTS:
        for number in range(1, ORDERS + 1):
            whose = Whose(number, 1, f"D-{number}")
            hooks.put(sheet, hook(whose, event, OrderState.ASKED, NOW_MS), NOW_MS)


def teller(store: Store, node: int, server: Server) -> Teller:
    ports = Ports(lambda: NOW_MS, bytes, lambda *_, **__: None)
    tools = Tools(store, lambda: server, lambda merchant, wrapped: wrapped, ports, lambda: node)
    return Teller(OrderSettings(), tools)


async def test_each_hook_is_told_by_one_node_and_in_its_order() -> None:
    url, server = fresh_url(), Server()
    stores = open_store(url), open_store(url)
    await stores[0].run(furnished)
    await stores[0].run(told)
    lives = [await store.run(nodes.begin_life, NOW_MS) for store in stores]
    tellers = [teller(store, node, server) for store, node in zip(stores, lives, strict=True)]
    async with asyncio.timeout(30):
        while sum(map(len, server.heard.values())) < ORDERS * len(EVENTS):
            await asyncio.gather(*(one.look() for one in tellers))
            await asyncio.gather(*(one.drain() for one in tellers))
    assert dict(server.heard) == {n: [event.value for event in EVENTS] for n in range(1, ORDERS + 1)}
    for store in stores:
        await store.close()


async def test_one_idempotency_key_on_two_nodes_at_once_is_kept_once() -> None:
    url = fresh_url()
    stores = open_store(url), open_store(url)
    await stores[0].run(furnished)
    asked = [
        stores[number % 2].run(api_keys.asked_before, 1, f"key-{number // 4}", bytes([number % 4]), NOW_MS)
        for number in range(40)
    ]
    found = await asyncio.gather(*asked, return_exceptions=True)
    for key in range(10):
        answers = [one for one in found[key * 4 : key * 4 + 4] if not isinstance(one, GatewayError)]
        assert answers and len(set(answers)) == 1, found
    for store in stores:
        await store.close()
