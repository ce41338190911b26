"""Killed before or just after each commit of an order's life: in each way to settle, to end, to give back."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from heart_acquirer import virtual_loop
from heart_world import Mortal
from orders_world import CHARGES, KEEPS, OrderWorld, Shop

from mail_gateway.admin import payments
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.order import DEAD, OrderKind, OrderState, Settle
from mail_gateway.domain.order_return import WantReturn
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import State, Trade
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
BACK = {"returned": None, "part": 500, "by-hand": 500}
"""How much is given back, by the shop or by the operator; None: all of it."""

RETURNS = [
    (way, end, commit, after)
    for way in WAYS
    for end in BACK
    for commit in range(4, COMMITS + 12)
    for after in (False, True)
]
COUNT = int(os.environ.get("HAGAKI_SHOP_DEATHS", "6"))
"""How many of them; all: 720. Of returns a third as many; all: 672."""

DEATHS = [
    *random.Random(7).sample(EVERY, min(COUNT, len(EVERY))),
    *random.Random(8).sample(RETURNS, min(COUNT // 3, len(RETURNS))),
]


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
        if state is OrderState.ASKED and end in ("yes", "no", "failed", *BACK):
            await world.say(OrderKind.NO if end == "no" else OrderKind.YES)
        return True

    await insist(place)
    await insist(decide)
    if end in BACK:
        await insist(lambda: is_given_back(world, end))


async def is_given_back(world: OrderWorld, end: str) -> bool:
    """Shop or operator give back what is made; what is dead needs nothing."""
    case = await world.order()
    if case.order.made_ms is None or case.order.returned_minor:
        return case.order.state in DEAD or bool(case.order.returned_minor)
    if end != "by-hand":
        done = await placing.give_back(world.kit, 1, "D-1", WantReturn("R-1", BACK[end]))
        return not isinstance(done, Refused)
    charged = [one for one in case.payments if one.state is State.APPROVED and not one.kind.is_return]
    if charged and not case.returns:
        with suppress(GatewayError):
            payments.give_back(world.gateway, charged[0].id, Trade.REFUND, BACK[end], "a call")
    return False


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
    if end in BACK and case.order.made_ms is not None:
        given = 1200 if end == "returned" else 500
        assert state is (OrderState.RETURNED if end == "returned" else OrderState.CAPTURED)
        assert (case.order.returned_minor, [one.amount_minor for one in case.returns]) == (given, [given])
        assert (world.charged, await world.stock()) == (1200 - given, (100 if given == 1200 else 97, 0))
        assert hooks == ["order.asked", "order.made", "order.returned"]
        assert told[-2:] == [Letter.ORDER_RETURNED, Letter.SHOP_RETURNED]
        return
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
