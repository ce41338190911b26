"""A debit that was not collected, and a process that dies, a return at once, an acquirer that errs."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import pytest
from heart_acquirer import virtual_loop
from heart_world import World, kinds, tell_story, told
from uncollected_world import NO_FUNDS, DebitShop

from acquirer_sdk.values import Approved, Capabilities, Declined, LateAnswer, NotCollected, ReturnRequest
from mail_gateway.admin import payments as office
from mail_gateway.admin.doctor import examine
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.order import OrderState
from mail_gateway.domain.outcome import Letter, Outcome
from mail_gateway.domain.payment import State, Trade
from mail_gateway.store import audit, books
from mail_gateway.store.backend import guest

CALLS = 30
"""Database calls from the bank's answer until the order is at rest, and some more."""

EVERY = [(call, after) for call in range(CALLS) for after in (False, True)]
COUNT = int(os.environ.get("HAGAKI_UNPAID_DEATHS", "1"))
"""How many of them; all: 60."""

DEATHS = random.Random(11).sample(EVERY, min(COUNT, len(EVERY)))
LATER = Capabilities(void=True, refund=True, return_without_card=True, collects_later=True)
SOLD = 1200


def balances(world: World) -> dict[str, int]:
    """Account -> what is final there, and nothing stays pending."""
    with guest(world.gateway.database) as conn:
        assert audit.verify(conn, (), lambda _: None).faults == []
        found = books.balances(conn)
    assert {minor for key, minor in found.items() if key[2] == "pending"} <= {0}
    return {account: minor for (account, _, phase), minor in found.items() if phase == "posted"}


def troubles(world: World) -> set[str]:
    return {one.slug for one in examine(world.gateway, world.keys, world.now_ms())}


@pytest.mark.parametrize(("call", "after"), DEATHS)
def test_death_at_every_point_between_the_banks_answer_and_the_order(
    call: int, after: bool, tmp_path: Path
) -> None:
    async def story(world: DebitShop) -> None:
        life = await world.start()
        await world.sell(NO_FUNDS)
        await world.at_rest()
        world.bank_says()
        life.place.left, life.place.after = call, after
        dead = asyncio.create_task(life.place.dead.wait())
        await asyncio.wait([dead], timeout=200)
        dead.cancel()
        await world.kill()
        await world.start()
        await world.until(OrderState.UNPAID)
        await asyncio.sleep(200)
        await world.at_rest()
        assert (await kinds(world, 1)).count("not-collected") == 1
        assert (await world.told_of())[-2:] == [Letter.ORDER_UNPAID, Letter.SHOP_UNPAID]
        assert await world.hooks() == ["order.asked", "order.made", "order.unpaid"]
        assert world.untold() == 0
        assert set(balances(world).values()) == {0}
        assert world.verbs("alarm.") == []

    with virtual_loop(call) as loop:
        world = DebitShop(tmp_path, seed=call)
        try:
            loop.run_until_complete(story(world))
        finally:
            loop.run_until_complete(world.kill())


async def sold(world: World) -> LateAnswer:
    """A reader's sale that was approved; -> what comes days later."""
    world.acquirer.capabilities = LATER
    kept = await world.post(world.envelope(amount_minor=SOLD))
    sale = await world.reach(kept.payment_id or 0, State.APPROVED)
    return LateAnswer(sale.reference, sale.stan or 0, NotCollected("Z2"), "Z2")


async def say(world: World, answer: LateAnswer) -> bool:
    assert world.life is not None
    return await world.life.runner.late(answer, world.acquirer.name)


async def give_back(world: World, kind: int = 2) -> int:
    """The reader of the sale gives it back; -> the return's payment."""
    assert world.life is not None
    ksn = (await world.payment(1)).ksn
    kept = await world.post(world.envelope(kind=kind, original_ksn=ksn, amount_minor=SOLD))
    assert kept.payment_id is not None
    return kept.payment_id


def test_a_readers_sale_is_told_in_the_commit_that_undoes_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answer = await sold(world)
        assert await say(world, answer)
        assert await say(world, answer), "told again it is done with"
        assert (await world.payment(1)).state is State.UNPAID
        assert await told(world) == [Letter.APPROVED, Letter.UNPAID]
        news = world.writer.news[-1]
        assert (news.version, news.outcome, news.reason) == (
            2,
            Outcome.CANCELLED,
            "The bank has no such account",
        )
        assert world.verbs("alarm.") == []

    assert set(balances(tell_story(tmp_path, story)).values()) == {0}


def test_while_a_return_is_under_way_the_result_waits_for_its_end(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answer, gate = await sold(world), asyncio.Event()

        async def decline(request: Any) -> Declined:
            assert isinstance(request, ReturnRequest)
            await gate.wait()
            return Declined("G80")

        world.acquirer.script = decline
        back = await give_back(world)
        await world.reach(back, State.DISPATCHED)
        assert not await say(world, answer)
        assert (await world.payment(1)).state is State.APPROVED
        gate.set()
        await world.reach(back, State.DECLINED)
        assert await say(world, answer)
        assert (await world.payment(1)).state is State.UNPAID
        assert world.verbs("alarm.") == []

    assert set(balances(tell_story(tmp_path, story)).values()) == {0}


def test_what_was_given_back_and_not_collected_is_told_to_a_person_and_booked_once(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answer = await sold(world)
        await world.reach(await give_back(world), State.APPROVED)
        assert await say(world, answer), "a person has it: nobody need tell it again"
        assert (await world.payment(1)).state is State.APPROVED
        assert world.verbs("alarm.") == ["alarm.unpaid-differs"]
        assert "unpaid-differs" in troubles(world)

    assert set(balances(tell_story(tmp_path, story)).values()) == {0}


@pytest.mark.parametrize("seed", range(2))
def test_a_return_and_the_result_at_once_undo_the_sale_once(seed: int, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answer = await sold(world)

        async def insist() -> None:
            await asyncio.sleep(world.random.randint(0, 30) / 100)
            while not await say(world, answer):
                await asyncio.sleep(0.05)

        back, _ = await asyncio.gather(give_back(world), insist())
        returned = await world.reach(back, State.APPROVED, State.REFUSED)
        sale = await world.payment(1)
        assert (sale.state is State.UNPAID) == (returned.state is State.REFUSED)
        assert returned.code in ("", "not-collected")
        gone = world.acquirer.net(returned.reference)
        assert gone == (0 if sale.state is State.UNPAID else -SOLD)
        assert world.verbs("alarm.") == ([] if sale.state is State.UNPAID else ["alarm.unpaid-differs"])

    assert set(balances(tell_story(tmp_path, story, seed=seed)).values()) == {0}


def test_a_person_gives_nothing_back_that_never_came(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert await say(world, await sold(world))
        with pytest.raises(GatewayError) as refused:
            office.give_back(world.gateway, 1, Trade.REFUND, 100, "the customer rang")
        assert refused.value.slug == "not-collected"
        assert (await world.reach(await give_back(world), State.REFUSED)).code == "not-collected"

    assert set(balances(tell_story(tmp_path, story)).values()) == {0}


def test_an_acquirer_that_never_promised_is_not_believed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answer = await sold(world)
        world.acquirer.capabilities = Capabilities(void=True)
        assert await say(world, answer)
        assert (await world.payment(1)).state is State.APPROVED
        assert await say(world, LateAnswer("000000000099", 1, NotCollected("Z1"), "Z1"))
        assert world.verbs("alarm.") == ["alarm.unpaid-differs", "alarm.answer-unmatched"]

    tell_story(tmp_path, story)


def test_nothing_can_be_uncollected_of_what_is_given_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await sold(world)
        back = await world.reach(await give_back(world), State.APPROVED)
        assert await say(world, LateAnswer(back.reference, back.stan or 0, NotCollected("Z1"), "Z1"))
        assert (await world.payment(back.id)).state is State.APPROVED
        assert world.verbs("alarm.") == ["alarm.unpaid-differs"]

    assert set(balances(tell_story(tmp_path, story)).values()) == {0}


def test_a_result_that_overtakes_the_answer_waits_for_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.acquirer.capabilities, gate = LATER, asyncio.Event()

        async def approve(request: Any) -> Approved:
            await gate.wait()
            return Approved("123456", request.amount_minor)

        world.acquirer.script = approve
        await world.post(world.envelope(amount_minor=SOLD))
        sale = await world.reach(1, State.DISPATCHED)
        answer = LateAnswer(sale.reference, sale.stan or 0, NotCollected("Z1"), "Z1")
        assert not await say(world, answer)
        gate.set()
        await world.reach(1, State.APPROVED)
        assert await say(world, answer)
        assert (await world.payment(1)).state is State.UNPAID

    assert set(balances(tell_story(tmp_path, story)).values()) == {0}
