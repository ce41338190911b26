"""Many orders at once, bad habits of the acquirer, deaths: every yen and every packet is told."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest
from heart_acquirer import Habits, virtual_loop
from orders_world import CHARGES, KEEPS, OrderWorld, Shop

from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.order import DEAD, OrderKind, OrderState, Settle
from mail_gateway.domain.placing import Placed, Refused
from mail_gateway.store.sheet import Stale
from mail_gateway.work import placing

SEEDS = int(os.environ.get("HAGAKI_ORDER_STORMS", "1"))
ORDERS = 8
DEATHS = 3
WAYS = (
    (Settle.CONFIRMED, KEEPS),
    (Settle.DAILY, KEEPS),
    (Settle.AT_ONCE, KEEPS),
    (Settle.CONFIRMED, CHARGES),
)


def habits(dice: random.Random) -> Habits:
    """Some bad ones; what a line loses, and what comes late."""
    chances = {name: dice.choice((0, 0, 15, 30)) for name in Habits.__dataclass_fields__}
    return Habits(
        **{**chances, "forgets_early_reversals": False, "timeout_s": 30, "decline": dice.choice((0, 10))}
    )


async def buy(world: OrderWorld, number: int, dice: random.Random) -> None:
    """One customer and one shop; each tries until it is done, whatever the gateway does meanwhile."""
    deal_id, way = f"D-{number}", dice.choice(("yes", "yes", "no", "cancel", "cancel soon", "nothing"))
    soon_s = dice.randrange(60)
    await asyncio.sleep(soon_s)

    async def step(done: bool) -> bool:
        if not done:
            return isinstance(await world.place(deal_id), Placed)
        found = await placing.state_of(world.kit, 1, deal_id)
        assert not isinstance(found, Refused)
        state = found.order.state
        if way == "cancel soon" or (way == "cancel" and state is OrderState.ASKED):
            await placing.cancel(world.kit, 1, deal_id)
            return True
        if way in ("yes", "no") and state is OrderState.ASKED:
            await world.say(OrderKind(way), found.order.id)
        return state not in (OrderState.PLACED, OrderState.AUTHORISED)

    for done in (False, True):
        while not await is_done(step(done)):
            await asyncio.sleep(7)


async def is_done(step):  # type: ignore[no-untyped-def]
    try:
        async with asyncio.timeout(30):
            return await step
    except (TimeoutError, GatewayError, Stale, AssertionError):
        return False


async def storm(world: OrderWorld, dice: random.Random) -> None:
    await world.start()
    people = [asyncio.create_task(buy(world, number, dice)) for number in range(ORDERS)]
    world.phones.update(people)
    for _ in range(DEATHS):
        await asyncio.sleep(dice.randrange(1, 400))
        await world.kill()
        await asyncio.sleep(dice.randrange(1, 60))
        await world.start()
    world.acquirer.habits.not_ready = world.acquirer.habits.not_sent = 0
    await asyncio.gather(*people)
    cases = [await world.at_rest(number, 3600 * 24 * 30) for number in range(1, ORDERS + 1)]
    sold = [case for case in cases if case.order.state is OrderState.CAPTURED]
    assert all(case.order.state in DEAD for case in cases if case not in sold)
    assert (world.charged, world.acquirer.held) == (1200 * len(sold), {})
    assert await world.stock() == (100 - 3 * len(sold), 0)
    for case in cases:
        told, hooks = await world.told_of(case.order.id), await world.hooks(case.order.id)
        assert len(set(told)) == len(told)
        assert ("order.made" in hooks) == (case.order.made_ms is not None)
        assert (hooks[-1] in ("order.dead", "order.failed")) == (case not in sold)
    assert world.verbs("alarm.order-stumbled") == []
    assert world.verbs("alarm.stumbled") == []


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_yen_and_every_packet_is_told(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    settle, can = WAYS[seed % len(WAYS)]
    with virtual_loop(seed) as loop:
        world = OrderWorld(tmp_path, Shop(settle), can=can, seed=seed, habits=habits(dice))
        try:
            loop.run_until_complete(storm(world, dice))
        finally:
            loop.run_until_complete(world.kill())
