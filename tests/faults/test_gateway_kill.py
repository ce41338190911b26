"""SIGKILL of the gateway at any moment of the demo: one charge or none, and the merchant is told which."""

from __future__ import annotations

from pathlib import Path

import pytest
from kill_day import day

from hagaki.world import World

AMOUNT = 1200
SLOW_HOST = 1904  # charged at once, answered two seconds later


@pytest.mark.parametrize("happenings", [0, 3, 5, 6, 9, 13])
async def test_killed_at_any_moment(tmp_path: Path, happenings: int) -> None:
    """The mail has left the phone; the gateway dies after so many more things were told by anybody."""

    async def killed(world: World) -> None:
        await world.wait_for("handset.posted")
        for _ in range(happenings):
            await world.events.get()
        await world.kill("gateway")

    what = await day(tmp_path, AMOUNT, killed)
    assert what.asked <= 1
    assert what.paid_minor == (AMOUNT if what.outcome == "approved" else 0)


async def test_killed_while_the_host_thinks_is_reversed_and_told(tmp_path: Path) -> None:
    async def killed(world: World) -> None:
        await world.wait_for("host.request", mti="0100")
        await world.kill("gateway")

    what = await day(tmp_path, SLOW_HOST, killed)
    assert (what.asked, what.outcome, what.paid_minor) == (1, "cancelled", 0)


async def test_killed_again_while_it_recovers(tmp_path: Path) -> None:
    async def killed(world: World) -> None:
        await world.wait_for("host.request", mti="0100")
        await world.kill("gateway")
        await world.start("gateway")
        await world.wait_for("host.request", mti="0420")
        await world.kill("gateway")

    what = await day(tmp_path, SLOW_HOST, killed)
    assert (what.asked, what.outcome, what.paid_minor) == (1, "cancelled", 0)
