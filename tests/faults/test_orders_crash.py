"""Killed before or just after each commit of an order's life, in each way to settle and to end."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from heart_acquirer import virtual_loop
from heart_world import Mortal
from orders_world import CHARGES, KEEPS, OrderWorld, Shop

from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.order import DEAD, OrderKind, OrderState, Settle
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.placing import Placed, Refused
from mail_gateway.store.place import Inline
from mail_gateway.store.sheet import Stale
from mail_gateway.work import placing

COMMITS = 20
"""Of a whole life and some more; a life that is over before has none to die at."""

WAYS = {
    "confirmed": (Settle.CONFIRMED, KEEPS),
    "daily": (Settle.DAILY, KEEPS),
    "at-once": (Settle.AT_ONCE, KEEPS),
    "ask-first": (Settle.CONFIRMED, CHARGES),
}
ENDS = ("yes", "no", "cancelled", "lapsed")
EVERY = [
    (way, end, commit, after)
    for way in WAYS
    for end in ENDS
    for commit in range(COMMITS)
    for after in (False, True)
]
EVERY += [
    (way, "failed", commit, after)
    for way in ("confirmed", "daily")
    for commit in range(COMMITS)
    for after in (False, True)
]
COUNT = int(os.environ.get("HAGAKI_SHOP_DEATHS", "6"))
"""How many of them; all: 720."""

DEATHS = random.Random(7).sample(EVERY, min(COUNT, len(EVERY)))


async def insist(step: Callable[[], Awaitable[bool]]) -> None:
    """As people do: once more, until it is done."""
    while not await is_done(step):
        await asyncio.sleep(2)


async def is_done(step: Callable[[], Awaitable[bool]]) -> bool:
    try:
        async with asyncio.timeout(30):
            return await step()
    except (TimeoutError, GatewayError, Stale, AssertionError):
        return False  # nobody is there, or nobody answers any more


async def buy(world: OrderWorld, end: str) -> None:
    """Shop and customer: the shop places it, and the customer answers, or the shop cancels."""

    async def place() -> bool:
        return isinstance(await world.place(), Placed)

    async def decide() -> bool:
        state = (await world.order()).order.state
        if state in (OrderState.PLACED, OrderState.AUTHORISED):
            return False
        if state is OrderState.ASKED and end == "cancelled":
            return not isinstance(await placing.cancel(world.kit, 1, "D-1"), Refused)
        if state is OrderState.ASKED and end in ("yes", "no", "failed"):
            await world.say(OrderKind.NO if end == "no" else OrderKind.YES)
        return True

    await insist(place)
    await insist(decide)


async def live(world: OrderWorld, end: str, commit: int, *, after: bool) -> None:
    life = await world.start()
    life.place.left, life.place.after = commit, after
    world.acquirer.takes_nothing = end == "failed"
    life.store._read_place = Reading(life.place)
    people = asyncio.create_task(buy(world, end))
    world.phones.add(people)

    async def rest() -> None:
        await asyncio.wait([people])
        await world.at_rest()

    ways = [asyncio.create_task(rest()), asyncio.create_task(life.place.dead.wait())]
    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for task in ways:
        task.cancel()
    if life.place.dead.is_set():
        await asyncio.sleep(50)
        await world.kill()
        await world.start()
    await people
    await judge(world, end)


class Reading(Inline):
    """Questions beside the commits: they die with the process, and count for nothing."""

    def __init__(self, place: Mortal) -> None:
        self.place = place

    async def __call__(self, work: Callable[[], Any]) -> Any:
        return await asyncio.Event().wait() if self.place.dead.is_set() else work()


async def judge(world: OrderWorld, end: str) -> None:
    """One truth for the customer, the shop, the stock and the acquirer."""
    case = await world.at_rest()
    state, told, hooks = case.order.state, await world.told_of(), await world.hooks()
    assert len(set(told)) == len(told), "nobody is told twice"
    assert world.acquirer.held == {}
    if state is OrderState.CAPTURED:
        assert end == "yes"
        assert (world.charged, await world.stock(), hooks) == (1200, (97, 0), ["order.asked", "order.made"])
        assert told == [Letter.QUESTION, Letter.ORDER_CONFIRMED, Letter.SHOP_MADE]
        return
    assert state in DEAD
    loudly = case.order.made_ms is not None
    assert hooks[-1] == ("order.failed" if loudly else "order.dead")
    assert (world.charged, await world.stock()) == (0, (100, 0))
    assert loudly == ("order.made" in hooks) == (Letter.SHOP_MADE in told)
    assert state is OrderState.FAILED or state.value == {"no": "refused"}.get(end, end)
    assert world.verbs("alarm.order-stumbled") == []


@pytest.mark.parametrize(("way", "end", "commit", "after"), DEATHS)
def test_death_at_every_commit(way: str, end: str, commit: int, after: bool, tmp_path: Path) -> None:
    settle, can = WAYS[way]
    with virtual_loop(commit) as loop:
        world = OrderWorld(tmp_path, Shop(settle), can=can, seed=commit)
        try:
            loop.run_until_complete(live(world, end, commit, after=after))
        finally:
            loop.run_until_complete(world.kill())
