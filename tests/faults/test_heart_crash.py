"""Death at every point of one sale. Whole worlds from seeds are in tests/simulation/."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from heart_acquirer import Habits, virtual_loop
from heart_world import World

from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import State

SETTLED = {State.APPROVED, State.DECLINED, State.REVERSED, State.EXPIRED}
CALLS = 16
"""Database calls of one sale from mail to letter, and some more."""


async def mail_until_taken(world: World, dice: random.Random) -> int:
    """A phone that sends one sale until it is told 250; -> the payment's number."""
    envelope = world.envelope()
    while True:
        try:
            async with asyncio.timeout(60):
                return await mail(world, envelope)
        except (TimeoutError, ConnectionError, GatewayError):
            await asyncio.sleep(dice.randint(1, 30))


async def mail(world: World, envelope: bytes) -> int:
    if world.life is None:
        raise ConnectionError
    kept = await world.post(envelope)
    assert kept.payment_id is not None
    return kept.payment_id


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", range(CALLS))
@pytest.mark.parametrize("silent", [False, True], ids=["answered", "silent"])
def test_death_at_every_point_of_one_sale(silent: bool, call: int, after: bool, tmp_path: Path) -> None:
    """Killed before or just after each database call; started again; the phone sends until it hears 250."""

    async def story(world: World) -> None:
        life = await world.start()
        life.place.left, life.place.after = call, after
        phone = asyncio.create_task(mail_until_taken(world, random.Random(call)))
        world.phones.add(phone)
        await asyncio.sleep(40)
        await world.kill()
        await world.start()
        payment = await world.reach(await phone, *SETTLED)
        kinds = [letter.kind for letter in sorted(await world.letters(), key=lambda one: one.version)]
        net = world.acquirer.net(payment.reference)
        assert net == (1200 if kinds[-1] is Letter.APPROVED else 0)
        assert world.acquirer.requests.get(payment.reference, 0) <= 1
        assert (kinds[-1] is Letter.CANCELLED) == (State.REVERSED is payment.state)
        assert world.verbs("alarm.stumbled") == []

    with virtual_loop() as loop:
        world = World(tmp_path, habits=Habits(lose_answer=100 if silent else 0))
        try:
            loop.run_until_complete(story(world))
        finally:
            loop.run_until_complete(world.kill())
