"""More wanted, by mail: one answer makes one attempt, whatever happens meanwhile; what was good is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from heart_acquirer import virtual_loop
from heart_world import World, kinds, tell_story, told
from wants_world import ASKS, GOOD, Shop, facts, given, host

from acquirer_sdk.port import BadRequest
from acquirer_sdk.values import (
    Approved,
    Ask,
    AuthoriseRequest,
    Item,
    LateAnswer,
    NeedsInput,
    Reversal,
)
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import Kind, State
from mail_gateway.domain.wants import WantState

YES = Approved("123456", 1200)
CALLS = 14
"""Database calls from an answer's mail to the letter that tells the result, and some more."""


def test_an_answer_makes_one_new_attempt_with_what_it_adds(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made, shop = host(world, ASKS, YES), Shop(world)
        await world.post(world.envelope())
        await world.reach(1, State.MORE_WANTED)
        await shop.post(GOOD)
        payment = await world.reach(1, State.APPROVED)
        first, second = made.asked
        assert (first.product_code, first.condition) == ("", 10)
        assert (second.product_code, second.condition, second.condition_count) == ("4901", 61, 12)
        assert first.stan != second.stan == payment.stan
        assert first.reference == second.reference
        assert await told(world) == [Letter.MORE_WANTED, Letter.APPROVED]
        assert [letter.version for letter in await world.letters()] == [1, 2]
        asked, supplied = Kind.HOST_ASKS_MORE, Kind.SUPPLIED
        assert (await kinds(world, 1))[2:] == [
            *(Kind.DISPATCHED, asked, supplied),
            *(Kind.DISPATCHED, Kind.HOST_APPROVED),
        ]
        assert world.acquirer.net(payment.reference) == 1200

    tell_story(tmp_path, story)


@pytest.mark.parametrize("same", [True, False], ids=["one-mail", "five-mails"])
def test_the_same_answer_five_times_makes_one_attempt(same: bool, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made, shop = host(world, ASKS, YES), Shop(world)
        await world.post(world.envelope())
        await world.reach(1, State.MORE_WANTED)
        for number in range(5):
            await shop.post(GOOD, number=1 if same else number)
        await world.reach(1, State.APPROVED)
        await asyncio.sleep(60)
        assert len(made.asked) == 2
        assert await shop.letters("wanted-closed") == [], "it said nothing else, so nobody is answered"

    tell_story(tmp_path, story)


def test_only_what_is_wrong_is_asked_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made, shop = host(world, ASKS, YES), Shop(world)
        await world.post(world.envelope())
        await world.reach(1, State.MORE_WANTED)
        await shop.post("1 4901\n2 十四くらい\n")
        want = await shop.reach(lambda want: want.letters == 2)
        assert given(want) == {"product-code": "4901"}
        (again,) = await shop.letters("wanted-again")
        assert "2 way of payment (such as" in again
        assert "1 product code" not in again
        await shop.post("2 12 payments\n", number=2)
        await world.reach(1, State.APPROVED)
        assert (made.asked[1].product_code, made.asked[1].condition_count) == ("4901", 12)

    tell_story(tmp_path, story)


def test_too_late_an_answer_changes_nothing_and_is_told_so(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made, shop = host(world, ASKS, YES), Shop(world)
        await world.post(world.envelope())
        await world.reach(1, State.DECLINED)
        assert (await shop.want()).state is WantState.LAPSED
        for number in range(3):
            await shop.post(GOOD, number=number)
        await asyncio.sleep(120)
        assert (await world.payment(1)).state is State.DECLINED
        assert len(made.asked) == 1
        (closed,) = await shop.letters("wanted-closed")
        assert "came too late. This sale was not charged." in closed

    tell_story(tmp_path, story)


@pytest.mark.parametrize("early_ms", [-3, -1, 0, 1, 3])
def test_an_answer_and_the_lapse_race(early_ms: int, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made, shop = host(world, ASKS, YES), Shop(world)
        await world.post(world.envelope())
        due_ms = (await world.reach(1, State.MORE_WANTED)).due_ms or 0
        await asyncio.sleep((due_ms - early_ms - world.now_ms()) / 1000)
        await asyncio.gather(shop.post(GOOD), asyncio.sleep(0))
        payment = await world.reach(1, State.APPROVED, State.DECLINED, State.EXPIRED)
        await asyncio.sleep(120)
        assert (await world.payment(1)).state is payment.state
        charged = payment.state is State.APPROVED
        assert len(made.asked) == (2 if charged else 1)
        assert world.acquirer.net(payment.reference) == (1200 if charged else 0)

    tell_story(tmp_path, story)


def test_an_acquirer_that_asks_a_fourth_time_has_said_no(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made, shop = host(world, ASKS), Shop(world)
        await world.post(world.envelope())
        for number in range(3):
            await shop.reach(lambda want, round=number + 1: want.round == round)
            await shop.post(GOOD, number=number)
        payment = await world.reach(1, State.DECLINED)
        assert (len(made.asked), payment.code) == (4, "G67")
        assert await told(world) == [*[Letter.MORE_WANTED] * 3, Letter.DECLINED]

    tell_story(tmp_path, story)


def test_what_no_mail_can_answer_lapses_as_ever(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made, shop = host(world, NeedsInput(Ask.MORE, "1A")), Shop(world)
        await world.post(world.envelope())
        await world.reach(1, State.MORE_WANTED)
        await shop.post("1 1234\n")
        payment = await world.reach(1, State.DECLINED)
        assert (len(made.asked), payment.code) == (1, "lapsed")

    tell_story(tmp_path, story)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", range(CALLS))
def test_death_at_every_point_of_an_answer(call: int, after: bool, tmp_path: Path) -> None:
    """Killed before or just after each database call; started again; the mail is sent until it is taken."""

    async def is_taken(shop: Shop) -> bool:
        try:
            async with asyncio.timeout(30):
                await shop.post(GOOD)
        except (TimeoutError, GatewayError):
            return False
        return True

    async def post_until_taken(world: World, shops: list[Shop]) -> None:
        while world.life is None or not await is_taken(shops[-1]):
            await asyncio.sleep(1)

    async def story(world: World) -> None:
        life = await world.start()
        made, shops = host(world, ASKS, YES), [Shop(world)]
        await world.post(world.envelope())
        await world.reach(1, State.MORE_WANTED)
        await asyncio.sleep(5)
        life.place.left, life.place.after = call, after
        phone = asyncio.create_task(post_until_taken(world, shops))
        world.phones.add(phone)
        await asyncio.sleep(40)
        await world.kill()
        made.with_it.clear()
        await world.start()
        shops.append(Shop(world))
        await phone
        payment = await world.reach(1, State.APPROVED, State.REVERSED)
        newest = max(await world.letters(), key=lambda one: (one.payment_id is not None, one.version))
        assert len(made.asked) <= 2
        assert world.acquirer.net(payment.reference) == (1200 if newest.kind is Letter.APPROVED else 0)
        assert (newest.kind is Letter.CANCELLED) == (payment.state is State.REVERSED)
        assert world.verbs("alarm.stumbled") == []
        assert world.verbs("alarm.reply") == []

    with virtual_loop() as loop:
        world = World(tmp_path)
        try:
            loop.run_until_complete(story(world))
        finally:
            loop.run_until_complete(world.kill())


@pytest.mark.parametrize("when", ["ready", "dispatched", "approved"])
def test_a_yes_to_the_attempt_that_asked_is_reversed_and_the_new_one_stays(when: str, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made, shop = host(world, ASKS, YES), Shop(world)
        await world.post(world.envelope())
        await world.reach(1, State.MORE_WANTED)
        world.acquirer.habits.not_ready = 100 if when == "ready" else 0
        made.takes_s = 20
        await shop.post(GOOD)
        await world.reach(1, State(when))
        old, life = LateAnswer("000000000001", made.asked[0].stan, YES, "00"), world.life
        assert life is not None
        for _ in range(2):
            life.runner.late(old)
        await asyncio.sleep(1)
        world.acquirer.habits.not_ready = 0
        await world.reach(1, State.APPROVED)
        await shop.reach(lambda want: want.due_ms is None)
        assert world.acquirer.transmissions == {"000000000001": [1]}, "that of the old attempt, once"
        assert (await world.payment(1)).state is State.APPROVED
        assert [one["payment"] for one in facts(world, "alarm.late-approval")] == [1, 1]

    tell_story(tmp_path, story)


def test_what_was_told_before_the_approval_is_not_asked_after_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made = host(world, ASKS, YES, after=(Item.PRODUCT_CODE, Item.NOTE))
        shop = Shop(world)
        await world.post(world.envelope())
        await world.reach(1, State.MORE_WANTED)
        await shop.post(GOOD)
        await world.reach(1, State.APPROVED)
        assert (await shop.want()).items == (Item.NOTE,)
        assert len(made.asked) == 2

    tell_story(tmp_path, story)


def test_what_the_acquirer_has_no_form_for_is_asked_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made, shop = host(world, ASKS, YES), Shop(world)
        plain = world.acquirer.prepare

        def prepare(request: AuthoriseRequest) -> Reversal:
            if request.condition == 31:
                raise BadRequest("condition-unsupported", "condition")
            return plain(request)

        world.acquirer.prepare = prepare  # type: ignore[method-assign]
        await world.post(world.envelope())
        await world.reach(1, State.MORE_WANTED)
        await shop.post("1 4901\n2 併用12回\n")
        await shop.reach(lambda want: want.letters == 2)
        assert (await world.payment(1)).state is State.MORE_WANTED
        await shop.post("1 4901\n2 一括\n", number=2)
        await world.reach(1, State.APPROVED)
        assert len(made.asked) == 2
        assert world.verbs("alarm.") == []

    tell_story(tmp_path, story)
