"""The result of a sale that was given back is not sent a second time: it would say "hand over the goods"."""

from __future__ import annotations

import asyncio
from pathlib import Path

from heart_world import World, tell_story
from test_desk_stories import Counter, refunded


def test_what_was_given_back_is_not_told_as_approved_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        sale = await counter.sold(1200)
        back = await refunded(world, counter, 1200)
        await counter.all_sent()
        await asyncio.sleep(61)
        told = (await counter.ask("again 1")).body
        assert "given back" in told and "Do not hand over" in told and "(returns: JPY 1,200)" in told
        assert await counter.due(sale) == []
        await counter.write(f"again {back:012d}")
        assert len(await counter.due(back)) == 1, "the return's own result is true, and comes again"

    tell_story(tmp_path, story)


def test_what_was_given_back_in_part_comes_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        sale = await counter.sold(1200)
        await refunded(world, counter, 200)
        await counter.all_sent()
        await asyncio.sleep(61)
        await counter.write(f"again {sale:012d}")
        assert len(await counter.due(sale)) == 1

    tell_story(tmp_path, story)
