"""Several acquirers: never two for one sale, whoever is down, whatever dies; and all that follows goes to the
one that was asked."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from heart_acquirer import Habits, virtual_loop
from heart_world import answering, told
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from test_heart_crash import CALLS, SETTLED, mail_until_taken
from test_restore import back, copy, sale
from twin_world import FIRST, SECOND, TwinWorld

from acquirer_sdk.values import Approved, InDoubt, LateAnswer
from mail_gateway.admin import recovering
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import State
from mail_gateway.domain.reconcile import Booked, ChargeList, Line, joined
from mail_gateway.domain.route import Range, Route, Table
from mail_gateway.store.backend import guest
from mail_gateway.store.tables import payments

SEEDS = int(os.environ.get("HAGAKI_ROUTE_SEEDS", str(CALLS)))
WILD = Habits(lose_answer=20, late_answer=20, lose_reversal=20, not_sent=25, not_ready=40, decline=10)


def tell(folder: Path, story: Callable[[TwinWorld], Awaitable[None]], **more: Any) -> TwinWorld:
    with virtual_loop(more.get("seed", 0)) as loop:
        world = TwinWorld(folder, **more)
        try:
            loop.run_until_complete(story(world))
        finally:
            loop.run_until_complete(world.kill())
    return world


async def bad_day(world: TwinWorld, call: int, *, after: bool) -> None:
    """One sale; the gateway dies at that database call, and again at the same one of its next life."""
    for _ in range(2):
        life = await world.start()
        life.place.left, life.place.after = call, after
        if not world.phones:
            world.phones.add(asyncio.create_task(mail_until_taken(world, random.Random(call))))
        await asyncio.sleep(40)
        await world.kill()
    await world.start()
    (phone,) = world.phones
    payment = await world.reach(await phone, *SETTLED)
    kinds = [letter.kind for letter in sorted(await world.letters(), key=lambda one: one.version)]
    assert len(world.asked(payment.reference)) <= 1, "two acquirers for one sale"
    assert world.net(payment.reference) == (1200 if kinds[-1] is Letter.APPROVED else 0)
    assert world.asked(payment.reference) in ([], [payment.acquirer])
    for one in world.twins.values():
        assert one.name == payment.acquirer or not one.transmissions, "a reversal went astray"
    assert world.verbs("alarm.stumbled") == []


@pytest.mark.parametrize("seed", range(SEEDS))
def test_never_two_acquirers_for_one_sale_whatever_dies(seed: int, tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        await bad_day(world, seed % CALLS, after=bool(seed % 2))

    tell(tmp_path, story, seed=seed, habits=WILD)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_who_asks_after_a_crash_what_became_of_it_keeps_every_rule(seed: int, tmp_path: Path) -> None:
    habits = Habits(delay_request=25, lose_answer=25, forgets_early_reversals=True, decline=10, not_ready=30)

    async def story(world: TwinWorld) -> None:
        await bad_day(world, seed % CALLS, after=bool(seed % 2))
        for one in world.twins.values():
            assert len(one.inquiries) <= 1, "asked once"

    tell(tmp_path, story, seed=seed, habits=habits, inquire=True)


def test_the_fallback_is_asked_only_while_the_first_choice_is_not_ready(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        await world.start()
        world.first.up = False
        await world.post(world.envelope())
        assert (await world.reach(1, State.APPROVED)).acquirer == SECOND
        world.first.up = True
        await world.post(world.envelope())
        assert (await world.reach(2, State.APPROVED)).acquirer == FIRST
        assert list(world.second.requests) == ["000000000001"]

    tell(tmp_path, story)


def test_what_the_first_choice_has_no_form_for_goes_to_the_fallback(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        await world.start()
        world.first.has_form = False
        await world.post(world.envelope())
        assert (await world.reach(1, State.APPROVED)).acquirer == SECOND
        world.second.has_form = False
        await world.post(world.envelope())
        assert (await world.reach(2, State.REFUSED)).code == "no-form"
        world.first.has_form = True
        world.first.capabilities = replace(world.first.capabilities, conditions=(61,))
        await world.post(world.envelope())
        assert (await world.reach(3, State.REFUSED)).code == "condition-unsupported"
        assert world.first.requests == {}

    tell(tmp_path, story)


def test_a_payment_that_was_dispatched_once_waits_for_its_own_acquirer(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        await world.start()
        world.first.habits = Habits(not_sent=100)
        await world.post(world.envelope())
        await world.reach(1, State.READY)
        world.first.up = False
        await asyncio.sleep(60)
        assert world.second.requests == {}
        world.first.up, world.first.habits = True, Habits()
        assert (await world.reach(1, State.APPROVED)).acquirer == FIRST

    tell(tmp_path, story)


def test_the_database_refuses_another_acquirer(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        await world.start()
        await world.post(world.envelope())
        await world.reach(1, State.APPROVED)
        change = update(payments).where(payments.c.id == 1)
        refused = pytest.raises(DBAPIError, match="never changes its acquirer")
        with refused, guest(world.gateway.database, write=True) as conn:
            conn.execute(change.values(acquirer=SECOND, epoch=payments.c.epoch + 1))

    tell(tmp_path, story)


def test_one_acquirer_that_is_down_holds_up_nobody_elses_sales(tmp_path: Path) -> None:
    """Its reversals wait for it, and go before its own new sales; the other one's go on."""

    async def story(world: TwinWorld) -> None:
        world.table = Table(FIRST, (Route(SECOND, conditions=frozenset({61})),))
        await world.start()

        async def cut(_: Any) -> InDoubt:
            world.first.up = False
            return InDoubt("cut")

        world.first.script = cut
        await world.post(world.envelope(amount_minor=500))
        await world.reach(1, State.REVERSING)
        await asyncio.sleep(130)
        await world.post(world.envelope(condition=61))
        assert (await world.reach(2, State.APPROVED, within_s=3)).acquirer == SECOND
        assert (await world.payment(1)).state is State.REVERSING
        world.first.up, world.first.script = True, None
        await world.post(world.envelope())
        await world.reach(3, State.APPROVED)
        assert (await world.payment(1)).state is State.CONFIRMING, "the reversal went first"
        await world.reach(1, State.REVERSED)
        assert (world.first.net("000000000001"), world.second.transmissions) == (0, {})

    tell(tmp_path, story)


def test_a_return_goes_to_the_acquirer_of_its_sale(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        await world.start()
        world.first.up = False
        sale = world.envelope(reader_time_s=world.now_ms() // 1000)
        await world.post(sale)
        await world.reach(1, State.APPROVED)
        world.first.up, world.second.up = True, False
        ksn = world.reader.initial_key_id + (1).to_bytes(4, "big")
        await world.post(world.envelope(kind=2, original_ksn=ksn))
        await asyncio.sleep(30)
        assert (await world.payment(2)).state is State.READY, "it waits for the one that was asked"
        world.second.up = True
        assert (await world.reach(2, State.APPROVED)).acquirer == SECOND
        assert world.second.net("000000000001") + world.second.net("000000000002") == 0
        assert world.first.requests == {}

    tell(tmp_path, story)


def test_an_answer_of_an_acquirer_that_was_not_asked_matches_nothing(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        await world.start()
        world.first.habits = Habits(decline=100)
        await world.post(world.envelope())
        await world.reach(1, State.DECLINED)
        assert world.first.late is not None and world.second.late is not None
        answer = LateAnswer("000000000001", world.first.stans[0], Approved("654321", 1200), "00")
        world.second.late(answer)
        await asyncio.sleep(5)
        assert (await world.payment(1)).state is State.DECLINED
        assert world.verbs("alarm.") == ["alarm.answer-unmatched"]
        world.first.late(answer)
        await world.reach(1, State.REVERSED)

    tell(tmp_path, story)


def test_what_a_gone_acquirer_was_asked_waits_until_it_is_back(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        await world.start()
        answering(world, InDoubt("cut"))
        world.first.habits = Habits(lose_reversal=100)
        world.first.charge("000000000001", 1200)
        await world.post(world.envelope())
        await world.reach(1, State.REVERSING)
        await world.kill()
        world.table = Table(SECOND)
        await world.start()
        assert world.verbs("alarm.acquirer-gone") == ["alarm.acquirer-gone"]
        await world.post(world.envelope())
        assert (await world.reach(2, State.APPROVED)).acquirer == SECOND
        assert (await world.payment(1)).state is State.REVERSING
        await world.kill()
        world.first.habits = Habits()
        world.table = Table(SECOND, (Route(FIRST, issuers=(Range("9", "9"),)),))
        await world.start()
        await world.reach(1, State.REVERSED)
        assert (world.net("000000000001"), world.second.transmissions) == (0, {})

    tell(tmp_path, story)


def test_a_charge_of_the_lost_time_is_found_in_the_list_of_its_own_acquirer(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        world.first.up = world.second.up = False
        await world.start()
        await world.post(sale(world, 1200))
        await world.reach(1, State.READY)
        taken_ms = copy(world)
        world.second.up = True
        await world.reach(1, State.APPROVED)
        await back(world, taken_ms)
        line = Line("000000000001", "00000001", 0, 1200, 392, "123456", Booked.CHARGED)
        lists = {FIRST: ChargeList(0, 10**15, ()), SECOND: ChargeList(0, 10**15, (line,))}
        assert recovering.reconcile(world.gateway, joined(lists))["charged"] == 1
        payment = await world.reach(1, State.APPROVED)
        assert (payment.acquirer, world.net(payment.reference)) == (SECOND, 1200)
        with pytest.raises(GatewayError, match="two acquirers' lists"):
            joined({FIRST: lists[SECOND], SECOND: lists[SECOND]})

    tell(tmp_path, story)


def test_an_approval_that_a_crash_has_cut_off_is_asked_for_and_stands(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        world.first.habits = Habits(lose_answer=100)
        await world.start()
        await world.post(world.envelope())
        await asyncio.sleep(10)
        await world.kill()
        world.first.habits = Habits()
        await world.start()
        payment = await world.reach(1, State.APPROVED)
        assert (payment.approval_number, payment.transmissions) == ("123456", 0)
        assert (world.net(payment.reference), world.first.transmissions) == (1200, {})
        assert await told(world) == [Letter.APPROVED]

    tell(tmp_path, story, inquire=True)


def test_not_found_is_no_promise_that_it_never_comes(tmp_path: Path) -> None:
    """The request was still on its way: it is reversed, and what arrives later is too."""

    async def story(world: TwinWorld) -> None:
        world.first.habits = Habits(delay_request=100, forgets_early_reversals=True)
        await world.start()
        await world.post(world.envelope())
        await asyncio.sleep(0.5)
        await world.kill()
        await world.start()
        payment = await world.reach(1, State.REVERSED)
        await asyncio.sleep(600)
        payment = await world.reach(1, State.REVERSED)
        assert world.net(payment.reference) == 0
        assert world.first.inquiries == [payment.reference]

    tell(tmp_path, story, inquire=True)


def test_who_dies_while_asking_does_not_ask_again(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        world.first.habits, world.first.inquiry_s = Habits(lose_answer=100), 20
        await world.start()
        await world.post(world.envelope())
        await asyncio.sleep(10)
        await world.kill()
        await world.start()
        await asyncio.sleep(5)
        assert world.first.inquiries == ["000000000001"]
        await world.kill()
        world.first.habits = Habits()
        await world.start()
        await world.reach(1, State.REVERSED)
        assert (world.first.inquiries, world.net("000000000001")) == (["000000000001"], 0)

    tell(tmp_path, story, inquire=True)


def test_an_old_sale_is_not_asked_about_but_reversed(tmp_path: Path) -> None:
    """The customer has gone: an approval now would be of no use to anybody."""

    async def story(world: TwinWorld) -> None:
        world.first.habits = Habits(lose_answer=100)
        await world.start()
        await world.post(world.envelope())
        await asyncio.sleep(10)
        await world.kill()
        world.first.habits = Habits()
        await asyncio.sleep(3600)
        await world.start()
        await world.reach(1, State.REVERSED)
        assert (world.first.inquiries, world.net("000000000001")) == ([], 0)

    tell(tmp_path, story, inquire=True)


def test_an_acquirer_that_never_comes_back_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        world.first.habits = Habits(lose_answer=100)
        await world.start()
        await world.post(world.envelope())
        await asyncio.sleep(10)
        await world.kill()
        world.first.up = False
        await world.start()
        await world.reach(1, State.REVERSING, within_s=60)
        assert await told(world) == [Letter.IN_DOUBT]

    tell(tmp_path, story, inquire=True)
