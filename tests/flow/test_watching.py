"""A gateway's own port for those who watch it, over real HTTP, beside a real sale."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from gateway_world import Counter, counter, plain_mail

from hagaki.world import World, free_ports


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[tuple[Counter, str]]:
    port = free_ports(1)[0]

    def furnish(world: World) -> None:
        with world.config.open("a", encoding="utf-8") as config:
            config.write(f"\n[watch]\nport = {port}\n")

    async with counter(tmp_path, furnish) as here:
        yield here, f"http://127.0.0.1:{port}"


async def test_a_sale_is_seen_by_program_balancer_and_person(watched: tuple[Counter, str]) -> None:
    here, address = watched
    await here.post(plain_mail(here.sale(1200)))
    await here.letter()
    await here.world.wait_for("letter.sent")
    async with aiohttp.ClientSession(address) as session:
        metrics = await session.get("/metrics")
        text = await metrics.text()
        assert metrics.headers["Content-Type"].startswith("text/plain")
        assert 'hagaki_events_total{after="approved",slug="",verb="payment.moved",verdict=""} 1.0' in text
        assert "hagaki_may_ask 1.0" in text
        new = await session.get("/metrics", headers={"Accept": "application/openmetrics-text"})
        assert (await new.text()).endswith("# EOF\n")
        health = await session.get("/health")
        assert (health.status, await health.json()) == (200, {"status": "up"})
        page = await session.get("/")
        assert "<td>approved</td><td>1</td>" in await page.text()
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert (await session.get("/v1/orders")).status == 404, "the shops' door is another one"
        assert (await session.post("/")).status == 405, "nothing can be done here"
