"""The machine with the primary dies under load: Patroni makes another one, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from pathlib import Path

from nodes_world import Town
from patroni_world import Patroni

SALES = 80


async def test_the_primary_dies_under_load(tmp_path: Path) -> None:
    async with Patroni() as patroni, Town(tmp_path, patroni.url(), 2) as town:
        await town.load([1200] * 10)
        loading = asyncio.create_task(town.load([1200, 1051, 1200, 1904] * (SALES // 4), pause_s=0.2))
        await asyncio.sleep(1)
        first = await asyncio.to_thread(patroni.primary)
        assert first is not None
        await asyncio.to_thread(first.cut)
        await patroni.whole(2)
        assert await asyncio.to_thread(patroni.primary) is not first
        await loading
        await town.all_ended(10 + SALES)
        town.assert_true()
