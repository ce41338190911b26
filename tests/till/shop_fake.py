"""A small and strict shop API on loopback, whose customers say what a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

LIMIT_S = 20
KEY = "test-key-of-a-shop"
DEAD = ("refused", "lapsed", "cancelled", "failed", "returned")
MADE = ("captured", "handed-over")
MEMBERS = {"deal_id", "customer", "lines", "currency", "foreign", "delivery", "ask_minutes"}
LINE = {"product", "name", "model", "unit_minor", "quantity", "tax_rate"}
PRODUCTS = [
    {"code": "4901", "name": "りんご", "model": "ふじ", "unit_minor": 150, "currency": 392, "tax_rate": 8},
    {"code": "4902", "name": "お茶", "model": "500ml", "unit_minor": 160, "currency": 392, "tax_rate": 8},
    {"code": "4903", "name": "電池", "model": "単3", "unit_minor": 330, "currency": 392, "tax_rate": 10},
]


class ShopFake:
    """orders: deal ID -> what a GET says. asked: every request. swallow: so many answers are lost."""

    def __init__(self) -> None:
        self.origin = ""
        self.orders: dict[str, dict[str, Any]] = {}
        self.bodies: dict[str, Any] = {}
        self.asked: list[tuple[str, str]] = []
        self.swallow = 0
        self.refuse: tuple[int, str] | None = None
        self.at_once: dict[str, str] = {}
        self.gives = "done"
        self._moved = asyncio.Event()

    def says(self, deal_id: str, state: str) -> None:
        """The order moves."""
        order = self.orders[deal_id]
        order |= {"state": state, "made": state in MADE, "dead": state in DEAD}
        self._tell()

    def _tell(self) -> None:
        """Whoever waits looks again."""
        self._moved.set()
        self._moved = asyncio.Event()

    async def wait_for(self, what: Any) -> Any:
        """Until it is true of this shop."""
        async with asyncio.timeout(LIMIT_S):
            while not (found := what(self)):
                await self._moved.wait()
        return found

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path))
        self._tell()
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return problem(401, "shop-key-unknown")
        answer = await self._answer(request)
        self._tell()
        if self.swallow:
            self.swallow -= 1
            assert request.transport is not None
            request.transport.close()
        return answer

    async def _answer(self, request: web.Request) -> web.Response:
        deal_id = request.match_info.get("deal", "")
        if request.path == "/v1/products":
            return web.json_response({"products": PRODUCTS})
        if request.path == "/v1/orders":
            return await self._place(request)
        if deal_id not in self.orders:
            return problem(404, "deal-unknown")
        verb = request.match_info.get("verb", "")
        if request.method == "GET":
            await self._wait(deal_id, int(request.query.get("wait", "0")))
        elif verb == "cancel":
            if self.orders[deal_id]["made"]:
                return problem(409, "order-made")
            self.says(deal_id, "cancelled")
        elif verb == "returns":
            return await self._give_back(self.orders[deal_id], json.loads(await request.read()))
        elif verb == "handed-over":
            if not self.orders[deal_id]["made"]:
                return problem(409, "order-not-made")
            self.says(deal_id, "handed-over")
        return web.json_response(self.orders[deal_id])

    async def _give_back(self, order: dict[str, Any], body: dict[str, Any]) -> web.Response:
        assert set(body) <= {"return_id", "amount_minor", "reason"}
        if not order["made"]:
            return problem(409, "order-dead" if order["dead"] else "order-not-made")
        amount = body.get("amount_minor", order["total_minor"])
        row = {"return_id": body["return_id"], "amount_minor": amount, "state": self.gives}
        order["returns"] = [row]
        if self.gives == "done" and amount == order["total_minor"]:
            self.says(order["deal_id"], "returned")
        return web.json_response(order)

    async def _wait(self, deal_id: str, wait_s: int) -> None:
        before = dict(self.orders[deal_id])
        try:
            async with asyncio.timeout(wait_s):
                while wait_s and self.orders[deal_id] == before and not (before["made"] or before["dead"]):
                    await self._moved.wait()
        except TimeoutError:
            pass

    async def _place(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["Idempotency-Key"] == body["deal_id"]
        assert set(body) <= MEMBERS
        for line in body["lines"]:
            assert set(line) <= LINE
            assert ("product" in line) != ("name" in line)
        known = self.bodies.get(body["deal_id"])
        if known is not None and known != body:
            return problem(409, "deal-id-used")
        if known is None:
            if self.refuse:
                return problem(*self.refuse)
            self._put(body)
        return web.json_response(self.orders[body["deal_id"]], status=200 if known else 201)

    def _put(self, body: dict[str, Any]) -> None:
        deal_id = body["deal_id"]
        total = sum(self._unit(line) * line["quantity"] for line in body["lines"])
        self.bodies[deal_id] = body
        self.orders[deal_id] = {
            "order": len(self.orders) + 1,
            "deal_id": deal_id,
            "customer": body["customer"],
            "state": "asked",
            "made": False,
            "dead": False,
            "code": "KXPWT",
            "currency": 392,
            "total_minor": total,
            "tax_minor": total * 8 // 108,
            "until_s": 1_800_000_900,
        }
        if self.at_once:
            self.says(deal_id, self.at_once["state"])

    def _unit(self, line: dict[str, Any]) -> int:
        return int(line["unit_minor"])


def problem(status: int, slug: str) -> web.Response:
    members = {"type": f"urn:hagaki:problem:{slug}", "title": slug.replace("-", " "), "status": status}
    return web.json_response(members, status=status, content_type="application/problem+json")


@asynccontextmanager
async def shop_fake(port: int = 0) -> AsyncIterator[ShopFake]:
    """On loopback, over plain HTTP, which a till takes there only."""
    fake = ShopFake()
    app = web.Application()
    app.router.add_post("/v1/orders", fake.handle)
    app.router.add_get("/v1/products", fake.handle)
    app.router.add_get("/v1/orders/{deal}", fake.handle)
    app.router.add_post("/v1/orders/{deal}/{verb}", fake.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    fake.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()
