"""Real gateway processes on one PostgreSQL, under load, killed and stopped: nothing lost, nothing twice."""

from __future__ import annotations

from pathlib import Path

from nodes_world import Town
from postgres_world import fresh_url

AMOUNTS = (1200, 1200, 1200, 1051, 1200, 1904)


async def test_two_nodes_share_the_work(tmp_path: Path) -> None:
    async with Town(tmp_path, fresh_url(), 2) as town:
        await town.load([AMOUNTS[n % 6] for n in range(60)])
        await town.all_ended(60)
    town.assert_true()
