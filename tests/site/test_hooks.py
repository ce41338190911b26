"""Shops' servers are told over real HTTP: signed, in order, until they take it, in weeks of made-up time."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from shop_world import SHOP, ShopWorld, shop_world

from mail_gateway.admin import api_keys, doctor
from mail_gateway.domain.hook import HookEvent, Whose, hook, hook_ident, is_webhook
from mail_gateway.domain.order import OrderState
from mail_gateway.envelope.keys import KeyRing, Purpose
from mail_gateway.envelope.root import fetch_root
from mail_gateway.outbox import hooking
from mail_gateway.outbox import hooks as calls
from mail_gateway.outbox.hooking import Teller, Tools
from mail_gateway.ports import Ports
from mail_gateway.settings import OrderSettings
from mail_gateway.store import hooks
from mail_gateway.store.engine import Store, open_store

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
START_MS = 1_790_000_000_000
LIMIT_S = 20


class Server:
    """A shop's server. say: the statuses it answers, the last one for ever; heard: all that came."""

    def __init__(self, *say: int) -> None:
        self.say = list(say)
        self.heard: list[tuple[dict[str, Any], str, bytes]] = []
        self.hangs = False

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.heard.append((json.loads(body), request.headers["Hagaki-Signature"], body))
        if self.hangs:
            await asyncio.Event().wait()
        status = self.say.pop(0) if len(self.say) > 1 else self.say[0]
        return web.Response(status=status, text="nobody reads this", headers={"Location": "/elsewhere"})

    def events(self) -> list[str]:
        return [members["event"] for members, _, _ in self.heard]

    def orders(self) -> list[int]:
        return [members["order"] for members, _, _ in self.heard]


@asynccontextmanager
async def listening(server: Server) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/hooks", server.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
    finally:
        await runner.cleanup()


def is_signed(secret: str, header: str, body: bytes) -> bool:
    """As docs/shop-api.md tells shops to do it."""
    facts = dict(part.split("=", 1) for part in header.split(","))
    told = hmac.new(bytes.fromhex(secret), f"{facts['t']}.".encode() + body, hashlib.sha256)
    return hmac.compare_digest(told.hexdigest(), facts["v1"])


class Telling:
    """A teller of its own on the world's database, on a clock that the test moves."""

    def __init__(self, world: ShopWorld, store: Store) -> None:
        self.world, self.store, self.now_ms = world, store, START_MS
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.ring = KeyRing(fetch_root(world.settings.keys.root), bytes)
        self.teller = self.new_life()

    def new_life(self) -> Teller:
        ports = Ports(lambda: self.now_ms, bytes, lambda verb, **facts: self.told.append((verb, facts)))
        tools = Tools(self.store, calls.HookCaller, self.open_secret, ports)
        return Teller(OrderSettings(), tools)

    def open_secret(self, merchant: int, wrapped: bytes) -> bytes:
        return self.ring.unwrap(Purpose.HOOK, hook_ident(merchant), wrapped)

    async def put(self, order: int, *events: HookEvent) -> None:
        for event in events:
            told = hook(Whose(order, 1, f"d-{order}"), event, OrderState.ASKED, self.now_ms)
            await self.store.run(hooks.put, told, self.now_ms)

    async def round(self) -> float:
        """Tell what is due now; -> seconds until there is reason to look again."""
        async with asyncio.timeout(LIMIT_S):
            pause_s = await self.teller.look()
            await self.teller.drain()
        return pause_s

    async def until(self, end_ms: int, step_s: int = 1) -> None:
        """Let time go from look to look, or in steps of so many seconds."""
        while self.now_ms < end_ms:
            await self.round()
            self.now_ms += max(int(await self.teller.look() * 1000), step_s * 1000)
            await self.teller.drain()


@asynccontextmanager
async def telling(folder: Path, server: Server, orders: int = 1) -> AsyncIterator[tuple[Telling, str]]:
    """-> the teller, and the secret that the shop was shown."""
    async with shop_world(folder) as (world, _), listening(server) as url:
        async with world.gateway(), world.session() as shop:
            for number in range(1, orders + 1):
                lines = [{"product": "TEA-1", "quantity": 1}]
                body = {"deal_id": f"d-{number}", "customer": world.customer, "lines": lines}
                await shop.post("/v1/orders", json=body, headers={"Idempotency-Key": str(number)})
        chosen = world.settings.gateway, world.settings.keys
        shown = api_keys.set_webhook(*chosen, SHOP, url, lambda count: bytes(range(count)))
        store = open_store(world.settings.gateway.database)
        here = Telling(world, store)
        try:
            yield here, shown["secret"]
        finally:
            await here.teller.close()
            await store.close()


async def test_a_shop_is_told_of_its_order_in_order_and_signed(tmp_path: Path) -> None:
    server = Server(200)
    async with shop_world(tmp_path) as (world, _), listening(server) as url:
        chosen = world.settings.gateway, world.settings.keys
        secret = api_keys.set_webhook(*chosen, SHOP, url, bytes)["secret"]
        async with world.gateway(), world.session() as shop:
            body = {
                "deal_id": "d-1",
                "customer": world.customer,
                "lines": [{"product": "TEA-1", "quantity": 1}],
            }
            await shop.post("/v1/orders", json=body, headers={"Idempotency-Key": "1"})
            await world.first("hook.sent", event="order.asked")
            await shop.post("/v1/orders/d-1/cancel")
            await world.first("hook.sent", event="order.dead")
        assert server.events() == ["order.asked", "order.dead"]
        for members, header, raw in server.heard:
            assert is_signed(secret, header, raw) and not is_signed("00" * 31 + "01", header, raw)
            assert members["id"] == f"1.{members['event']}" and members["deal_id"] == "d-1"
        assert server.heard[1][0]["state"] == "cancelled"
        assert not api_keys.list_hooks(world.settings.gateway, SHOP, 9, everything=False)


async def test_it_is_tried_for_thirty_days_and_then_a_person_hears_of_it(tmp_path: Path) -> None:
    server = Server(500)
    async with telling(tmp_path, server) as (here, secret):
        await here.put(1, HookEvent.ASKED, HookEvent.DEAD)
        server.say = [302, 404, 500]
        await here.until(START_MS + HOUR_MS, 5)
        assert set(server.events()) == {"order.asked"}, "what comes after it waits for it"
        assert 8 <= len(server.heard) <= 12, "backing off"
        here.now_ms = START_MS + 30 * DAY_MS - 2 * HOUR_MS
        await here.until(START_MS + 30 * DAY_MS + HOUR_MS, 600)
        asked = [facts for verb, facts in here.told if verb == "alarm.hook"]
        assert [facts["slug"] for facts in asked] == ["hook-given-up"] * 2
        last = len(server.heard)
        await here.until(here.now_ms + DAY_MS, 7200)
        assert len(server.heard) == last, "nobody is bothered for ever"
        found = doctor.examine(here.world.settings.gateway, here.world.settings.keys, here.now_ms)
        assert next(one for one in found if one.slug == "hook-given-up").count == 2
        server.say = [204]
        gateway = here.world.settings.gateway
        assert api_keys.retry_hooks(gateway, SHOP, here.now_ms)["hooks"] == 2
        await here.until(here.now_ms + 60_000)
        assert server.events()[last:] == ["order.asked", "order.dead"]
        assert all(is_signed(secret, header, raw) for _, header, raw in server.heard)
        assert len({header for _, header, _ in server.heard}) > 5, "signed anew at every try"


async def test_who_dies_between_the_answer_and_the_mark_tells_again_the_same_bytes(tmp_path: Path) -> None:
    server = Server(200)
    async with telling(tmp_path, server) as (here, _):
        await here.put(1, HookEvent.ASKED)
        run = here.store.run

        async def dying(unit: Any, *args: Any, **more: Any) -> Any:
            if unit is hooks.settle:
                await asyncio.Event().wait()
            return await run(unit, *args, **more)

        here.store.run = dying  # type: ignore[method-assign]
        living = asyncio.create_task(here.teller.run())
        async with asyncio.timeout(LIMIT_S):
            while not server.heard:
                await asyncio.sleep(0.01)
        living.cancel()
        await asyncio.wait([living])
        here.store.run = run  # type: ignore[method-assign]
        here.teller = here.new_life()
        await here.round()
        assert len(server.heard) == 1, "it may still be on its way"
        here.now_ms += hooks.SENDING_GUARD_MS
        await here.round()
        first, second = server.heard
        assert (first[0], first[2]) == (second[0], second[2])
        await here.until(here.now_ms + HOUR_MS, 600)
        assert len(server.heard) == 2


async def test_a_server_that_hangs_holds_up_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "TIMEOUT_S", 0.2)
    monkeypatch.setattr(hooking, "OF_ONE_MERCHANT_MAX", 4)
    server = Server(200)
    server.hangs = True
    async with telling(tmp_path, server, orders=6) as (here, _):
        for order in range(1, 7):
            await here.put(order, HookEvent.ASKED)
        await here.teller.look()
        assert here.teller._in_hand[1] == 4, "so many of one shop at once, and no more"
        await here.teller.drain()
        server.hangs = False
        await here.until(here.now_ms + 60_000)
        rows = api_keys.list_hooks(here.world.settings.gateway, SHOP, 99, everything=True)
        assert all(row["done_ms"] for row in rows) and {row["attempts"] for row in rows} == {1, 2}
        assert [facts["said"] for verb, facts in here.told if verb == "hook.failed"] == ["timeout"] * 4


def test_only_https_and_this_machine_are_told() -> None:
    good = [
        "https://shop.example",
        "https://shop.example:8443/hooks?a=b",
        "http://localhost:1/x",
        "http://127.0.0.1",
    ]
    bad = [
        *(
            "http://shop.example",
            "https://user@shop.example",
            "https://shop.example/#x",
            "ftp://shop.example",
        ),
        *("https://shop.example/a b", "https://", "https://x" + "x" * 600, "http://127.0.0.1.evil.example"),
        *("https://shop.example\n", "//shop.example"),
    ]
    assert [url for url in good if not is_webhook(url)] == []
    assert [url for url in bad if is_webhook(url)] == []
