"""Payments of orders under faults: death at every database call, a restore, late answers, other acquirers."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import pytest
from bought_world import EXPIRY, PAN, Shop
from heart_acquirer import CountingAcquirer, Habits, virtual_loop
from heart_world import World, answering
from test_restore import back, copy, listed

from acquirer_sdk.values import (
    Approved,
    AuthoriseOutcome,
    AuthoriseRequest,
    Capabilities,
    CaptureRequest,
    Declined,
    InDoubt,
    LateAnswer,
)
from mail_gateway.admin import readers, recovering
from mail_gateway.domain.order import OrderState
from mail_gateway.domain.payment import ENDED, State, Trade
from mail_gateway.store import audit, books, inbox
from mail_gateway.store.backend import guest

CALLS = 9
"""Database calls of one hold or capture, and some more."""

EVERY = [
    (death_in, call, after)
    for death_in in ("hold", "capture", "release")
    for call in range(CALLS)
    for after in (False, True)
]
DEATHS = EVERY[:: max(len(EVERY) // int(os.environ.get("HAGAKI_ORDER_DEATHS", "7")), 1)]
SEEDS = int(os.environ.get("HAGAKI_ORDER_SEEDS", "1"))


class Holding(CountingAcquirer):
    """Keeps amounts, and lets each be taken once."""

    def __init__(self, habits: Habits, dice: random.Random) -> None:
        super().__init__(habits, dice)
        self.capabilities = Capabilities(capture=True, void=True, refund=True)
        self.track2 = f"{PAN}={EXPIRY}"
        self.held: dict[str, int] = {}
        self.taken: dict[str, str] = {}

    async def capture(self, request: CaptureRequest) -> AuthoriseOutcome:
        assert request.card.track2 == "", "a capture needs no card"
        return await self._ask(request)

    def _decide(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        if request.hold:
            if request.reference in self.reversed:
                return Declined("94")
            self.held[request.reference] = request.amount_minor
            return Approved("123456", request.amount_minor)
        if isinstance(request, CaptureRequest):
            hold, before = request.original.reference, self.taken.get(request.original.reference)
            stands = hold in self.held and hold not in self.reversed
            if not stands or (before is not None and before not in self.reversed):
                return Declined("97")
            self.taken[hold] = request.reference
        return super()._decide(request)

    def held_minor(self) -> int:
        return sum(minor for reference, minor in self.held.items() if reference not in self.reversed)


class Town(World):
    def __init__(self, folder: Path, **more: Any) -> None:
        super().__init__(folder, host_message_life_s=10, **more)
        habits = more.get("habits") or Habits()
        self.acquirer: Any = Holding(habits, self.random)


def net_minor(world: World) -> int:
    return sum(map(world.acquirer.net, world.acquirer.charges))


def assert_whole(world: World) -> None:
    """The books follow from the events, close, and have of the merchant what the customer paid."""
    with guest(world.gateway.database) as conn:
        assert audit.verify(conn, (), lambda _: None).faults == []
        balances = books.balances(conn)
    assert {minor for key, minor in balances.items() if key[2] == "pending"} <= {0}
    assert -balances.get(("merchant-payable", 392, "posted"), 0) == net_minor(world)
    assert all(count == 1 for count in world.acquirer.requests.values()), "nothing is asked twice"
    assert world.verbs("alarm.stumbled") == []


async def taken_up(world: World, shop: Shop, hold: int) -> None:
    """What the worker of orders does: capture until it is taken, each time a payment of its own."""
    while True:
        bought = await shop.bought()
        captures = [one for one in bought if one.kind is Trade.CAPTURE]
        if not captures or captures[-1].state is State.REVERSED:
            await shop.capture(hold)
        elif captures[-1].state is State.APPROVED:
            return
        await asyncio.sleep(1)


@pytest.mark.parametrize(("death_in", "call", "after"), DEATHS)
def test_death_at_every_call_of_an_orders_payment(
    death_in: str, call: int, after: bool, tmp_path: Path
) -> None:
    """Killed before or just after each database call, and started again: charged once, or held no more."""

    async def story(world: World) -> None:
        await world.start()
        shop = Shop(world)
        await shop.open()
        order = await shop.order()

        async def die() -> None:
            assert world.life is not None
            world.life.place.left, world.life.place.after = call, after
            await asyncio.sleep(40)
            await world.kill()
            await world.start()
            shop.listen()

        hold = await shop.begin(order, hold=True)
        if death_in == "hold":
            await die()
        end = (await shop.reach(hold, State.AUTHORISED, State.REVERSED)).state
        if death_in == "release" and end is State.AUTHORISED:
            await shop.becomes(OrderState.CANCELLED, 1, hold)
            await die()
            await shop.reach(hold, State.REVERSED)
        elif end is State.AUTHORISED:
            await shop.becomes(OrderState.CONFIRMED)
            if death_in == "capture":
                await shop.capture(hold)
                await die()
            await taken_up(world, shop, hold)
            await shop.reach(hold, State.CAPTURED)
        await shop.settle()
        taken = end is State.AUTHORISED and death_in != "release"
        assert net_minor(world) == (1200 if taken else 0)
        assert taken or world.acquirer.held_minor() == 0
        assert await world.letters() == []
        assert_whole(world)

    with virtual_loop() as loop:
        world = Town(tmp_path)
        try:
            loop.run_until_complete(story(world))
        finally:
            loop.run_until_complete(world.kill())


STORM = Habits(
    lose_request=15,
    lose_answer=15,
    late_answer=15,
    lose_reversal=20,
    not_sent=20,
    not_ready=20,
    decline=10,
)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_orders_at_a_bad_acquirer_are_charged_once_or_not_at_all(seed: int, tmp_path: Path) -> None:
    """Holds, captures and releases while everything is lost, late or refused, and the gateway dies."""

    async def one(world: World, shop: Shop, number: int) -> int:
        """-> what its customer is to be charged."""
        hold = await shop.begin(await shop.order(number), hold=True)
        ends = (State.AUTHORISED, State.DECLINED, State.REVERSED, State.EXPIRED)
        if (await shop.reach(hold, *ends)).state is not State.AUTHORISED:
            return 0
        if number % 2:
            await shop.becomes(OrderState.CANCELLED, number, hold)
            await shop.reach(hold, State.REVERSED)
            return 0
        await shop.becomes(OrderState.CONFIRMED, number)
        for _ in range(3):
            capture = await shop.capture(hold)
            ends = (State.APPROVED, State.DECLINED, State.REVERSED)
            end = (await shop.reach(capture, *ends)).state
            if end is State.APPROVED:
                await shop.reach(hold, State.CAPTURED)
                return 1200
            if end is State.DECLINED:
                break
        await shop.becomes(OrderState.FAILED, number, hold)
        await shop.reach(hold, State.REVERSED)
        return 0

    async def story(world: World) -> None:
        await world.start()
        shop = Shop(world)
        await shop.open()
        owed = [await one(world, shop, number) for number in range(1, 5)]
        await asyncio.sleep(200)  # what comes late has come
        for number in range(1, 5):
            for payment in await shop.bought(number):
                await shop.reach(payment.id, *ENDED)
        assert net_minor(world) == sum(owed)
        assert world.acquirer.held_minor() == sum(owed)
        assert_whole(world)

    with virtual_loop(seed) as loop:
        world = Town(tmp_path, seed=seed, habits=STORM)
        try:
            loop.run_until_complete(story(world))
        finally:
            loop.run_until_complete(world.kill())


def test_what_was_captured_after_the_backup_is_not_captured_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shop = Shop(world)
        await shop.open()
        hold = await shop.begin(await shop.order(), hold=True)
        await shop.reach(hold, State.AUTHORISED)
        taken_ms = copy(world)
        lost = await shop.capture(hold)
        await shop.reach(lost, State.APPROVED)
        await back(world, taken_ms)
        capture = await shop.capture(hold)
        await asyncio.sleep(60)
        assert (await world.payment(capture)).state is State.READY, "nothing is asked while recovering"
        assert recovering.reconcile(world.gateway, listed(world))["ghosts"] == 1
        recovering.finish(world.gateway)
        await asyncio.sleep(60)
        assert (await world.payment(capture)).shunted, "the list shows a charge like it"
        recovering.settle(world.gateway, f"{lost:012d}", capture, "it is this one")
        await shop.reach(capture, State.APPROVED)
        await shop.reach(hold, State.CAPTURED)
        assert net_minor(world) == 1200
        assert_whole(world)

    run(tmp_path, story)


def test_who_was_asked_before_the_backup_is_charged_after_the_list_alone(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shop = Shop(world)
        await shop.open()
        sales = [await shop.begin(await shop.order(n, ask_first=True), hold=False) for n in (1, 2)]
        for sale in sales:
            await shop.reach(sale, State.HELD)
        taken_ms = copy(world)
        await shop.becomes(OrderState.CONFIRMED, 1, sales[0])
        await shop.reach(sales[0], State.APPROVED)
        await back(world, taken_ms)
        for number, sale in enumerate(sales, 1):
            await shop.becomes(OrderState.CONFIRMED, number, sale)
        await asyncio.sleep(60)
        assert [(await world.payment(sale)).state for sale in sales] == [State.HELD] * 2
        recovering.reconcile(world.gateway, listed(world))
        recovering.finish(world.gateway)
        for sale in sales:
            await shop.reach(sale, State.APPROVED)
        assert net_minor(world) == 2400
        assert_whole(world)

    run(tmp_path, story)


def test_a_hold_that_may_have_been_captured_is_not_released(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shop = Shop(world)
        await shop.open()
        hold = await shop.begin(await shop.order(), hold=True)
        await shop.reach(hold, State.AUTHORISED)
        taken_ms = copy(world)
        await shop.reach(await shop.capture(hold), State.APPROVED)
        await back(world, taken_ms)
        await shop.becomes(OrderState.CANCELLED, 1, hold)
        await asyncio.sleep(60)
        recovering.reconcile(world.gateway, listed(world))
        recovering.finish(world.gateway)
        await asyncio.sleep(120)
        payment = await world.payment(hold)
        assert (payment.state, payment.shunted) == (State.AUTHORISED, 1)
        assert world.acquirer.reversed == set()

    run(tmp_path, story)


def test_a_yes_to_a_capture_that_was_undone_is_undone_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shop = Shop(world)
        await shop.open()
        hold = await shop.begin(await shop.order(), hold=True)
        await shop.reach(hold, State.AUTHORISED)
        answering(world, InDoubt("no-answer"), Approved("123456", 1200))
        first = await shop.reach(await shop.capture(hold), State.REVERSED)
        second = await shop.capture(hold)
        await shop.reach(second, State.APPROVED)
        await shop.reach(hold, State.CAPTURED)
        assert world.life is not None
        world.life.runner.late(LateAnswer(first.reference, first.stan or 0, Approved("9", 1200), "00"))
        await asyncio.sleep(1)
        await shop.reach(first.id, State.REVERSED)
        assert world.verbs("alarm.") == ["alarm.late-approval"]
        assert_whole(world)

    run(tmp_path, story)


def test_no_mail_comes_in_by_the_reader_of_a_merchants_orders(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shop = Shop(world)
        await shop.open()
        hold = await shop.reach(await shop.begin(await shop.order(), hold=True), State.AUTHORISED)
        kept = await world.post(world.envelope(), ksn=hold.ksn)
        assert (kept.payment_id, kept.verdict) == (None, inbox.Verdict.UNKNOWN_READER)
        assert [row["serial"] for row in readers.listed(world.gateway)] == [1], "it is no reader to be seen"

    run(tmp_path, story)


def run(folder: Path, story: Any) -> None:
    async def whole(world: World) -> None:
        await world.start()
        try:
            await story(world)
        finally:
            await world.stop()

    with virtual_loop() as loop:
        loop.run_until_complete(whole(Town(folder)))
