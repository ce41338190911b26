"""Cancel if not done, at the heart: wherever the sale stands, in the end nobody has paid, or it says so."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from heart_acquirer import Habits
from heart_world import World, answering, kinds, tell_story, told

from acquirer_sdk.values import (
    Approved,
    Ask,
    AuthoriseOutcome,
    AuthoriseRequest,
    Capabilities,
    Declined,
    InDoubt,
    LateAnswer,
    NeedsInput,
    NotSent,
)
from mail_gateway.admin import readers
from mail_gateway.domain.cancel import STEPS
from mail_gateway.domain.outcome import TOLD, TOLD_OF_CANCELS, Letter, Outcome
from mail_gateway.domain.payment import ENDED, State, Trade
from mail_gateway.store import audit
from mail_gateway.store.backend import guest

CANCEL, VOID = 5, 2
SALE_MINOR = 1200
CALLS = int(os.environ.get("HAGAKI_CANCEL_CALLS", "1"))
"""Database calls at which a gateway dies: all of a cancel's have some 40."""
SEEDS = int(os.environ.get("HAGAKI_CANCEL_SEEDS", "1"))
HABITS = ("", "lose_answer", "decline", "not_sent", "delay_request")[: 2 if SEEDS == 1 else None]
DONE, BACK, NOT_DONE = Letter.CANCEL_DONE, Letter.CANCEL_RETURNED, Letter.NOT_CANCELLED


def ksn_of(world: World, counter: int) -> bytes:
    return world.reader.initial_key_id + counter.to_bytes(4, "big")


def cancel(world: World, of: int, **fields: Any) -> bytes:
    """A cancel of the sale with that counter."""
    own = {"kind": CANCEL, "original_ksn": ksn_of(world, of), "track2": "", "entry_mode": 0, "slip": of}
    return world.envelope(**{**own, **fields})


async def post(world: World, envelope: bytes, **more: Any) -> int:
    kept = await world.post(envelope, **more)
    assert kept.payment_id is not None
    return kept.payment_id


async def ended(world: World, number: int) -> State:
    """Looks seldom: a reversal takes two minutes."""
    while (state := (await world.payment(number)).state) not in ENDED:
        await asyncio.sleep(5)
    return state


async def said(world: World, number: int) -> list[tuple[Letter, Outcome | None]]:
    """The letters about a payment; one that was written and not stored has the number of one that was."""
    letters = {one.version: one for one in world.writer.news if one.payment_id == number}
    return [(one.letter, one.outcome) for one in letters.values()]


def net_minor(world: World) -> int:
    """What the customers are left with to pay."""
    return sum(map(world.acquirer.net, world.acquirer.charges))


def faults_of(world: World) -> list[audit.Fault]:
    with guest(world.gateway.database) as conn:
        return audit.verify(conn, (), lambda _: None).faults


def test_the_table_knows_every_state_and_no_end_is_waited_for() -> None:
    assert set(STEPS) == {None, *State}
    assert {STEPS[state].value for state in ENDED - {State.CAPTURED}} == {"done", "give-back"}


def test_a_cancel_is_told_done_only_where_nothing_was_charged() -> None:
    saying = {state for state, (outcome, _) in TOLD_OF_CANCELS.items() if outcome is Outcome.CANCELLED}
    assert saying == {State.CANCELLED}
    assert set(TOLD_OF_CANCELS) == set(TOLD)


def test_an_unseen_sale_is_never_charged_however_often_it_comes(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        sale = world.envelope()
        asked = cancel(world, 1)
        numbers = {await post(world, asked) for _ in range(10)}
        assert len(numbers) == 1
        number = numbers.pop()
        assert await ended(world, number) is State.CANCELLED
        assert await said(world, number) == [(DONE, Outcome.CANCELLED)]
        burned = (await world.payment(number)).original
        assert burned is not None
        assert await said(world, burned) == [(Letter.CANCELLED, Outcome.CANCELLED)], "under the sale's key"
        late = {await post(world, sale) for _ in range(10)}.pop()
        assert await ended(world, late) is State.CANCELLED
        assert await said(world, late) == [(Letter.CANCELLED, None)], "in words: its key has said it before"
        assert world.writer.news[-1].slip == 1
        assert world.verbs("alarm.") == []

    world = tell_story(tmp_path, story)
    assert not world.acquirer.requests
    assert faults_of(world) == []


def test_a_sale_that_waits_for_a_line_is_never_asked(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answering(world, NotSent("refused"))
        await post(world, world.envelope())
        await world.reach(1, State.READY)
        world.acquirer.script = None
        world.acquirer.habits = replace(world.acquirer.habits, not_ready=100)
        number = await post(world, cancel(world, 1))
        assert await ended(world, number) is State.CANCELLED
        assert await told(world) == [Letter.CANCELLED, DONE]
        world.acquirer.habits = replace(world.acquirer.habits, not_ready=0)
        await asyncio.sleep(300)
        assert (await world.payment(1)).state is State.CANCELLED

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert faults_of(world) == []


def test_a_silent_host_is_reversed_and_cancelled_is_said_only_then(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.acquirer.habits = replace(world.acquirer.habits, lose_answer=100)
        await post(world, world.envelope())
        await asyncio.sleep(5)
        number = await post(world, cancel(world, 1))
        await world.reach(1, State.CONFIRMING, within_s=40)
        assert await said(world, 1) == [(Letter.IN_DOUBT, Outcome.IN_DOUBT)]
        assert await said(world, number) == [], "not known yet"
        waiting = await world.payment(number)
        assert (waiting.kind, waiting.original, waiting.counter) == (Trade.CANCEL, 1, 2)
        assert await ended(world, number) is State.CANCELLED
        assert (await world.payment(1)).state is State.REVERSED
        assert await said(world, number) == [(DONE, Outcome.CANCELLED)]

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert faults_of(world) == []


def test_an_approval_that_comes_after_the_cancel_is_reversed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.acquirer.gate = gate = asyncio.Event()

        async def slow(request: AuthoriseRequest) -> AuthoriseOutcome:
            await gate.wait()
            world.acquirer.charge(request.reference, request.amount_minor)
            return Approved("123456", request.amount_minor)

        world.acquirer.script = slow
        await post(world, world.envelope())
        await world.reach(1, State.DISPATCHED)
        number = await post(world, cancel(world, 1))
        await world.reach(1, State.REVERSING, State.CONFIRMING)
        gate.set()
        assert await ended(world, number) is State.CANCELLED
        assert "late-approval" in await kinds(world, 1)
        assert Letter.APPROVED not in await told(world), "nobody was told to hand over"

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert faults_of(world) == []


def test_what_was_approved_before_is_given_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await post(world, world.envelope())
        sale = await world.reach(1, State.APPROVED)
        number = await post(world, cancel(world, 1))
        assert await ended(world, number) is State.APPROVED
        assert await said(world, number) == [(BACK, Outcome.APPROVED)]
        back, sale = await world.payment(number), await world.payment(1)
        assert (back.kind, back.original, sale.returned_minor) == (Trade.CANCEL, 1, SALE_MINOR)
        assert world.acquirer.returns[back.reference].kind.value == "void"
        again = await post(world, cancel(world, 1))
        assert await ended(world, again) is State.CANCELLED
        assert await said(world, again) == [(DONE, Outcome.CANCELLED)]

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert faults_of(world) == []


@pytest.mark.parametrize("answer", [Declined("51"), NeedsInput(Ask.AGAIN, "55"), NeedsInput(Ask.MORE, "01")])
def test_what_was_not_charged_is_told_so(answer: AuthoriseOutcome, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answering(world, answer)
        await post(world, world.envelope())
        await world.reach(1, State.DECLINED, State.RE_ENTER, State.MORE_WANTED)
        number = await post(world, cancel(world, 1))
        assert await ended(world, number) is State.CANCELLED
        assert (await world.payment(1)).state in ENDED, "nothing is asked for any more"
        sale = await world.payment(1)
        assert world.life is not None
        world.acquirer.charge(sale.reference, SALE_MINOR)
        world.life.runner.late(LateAnswer(sale.reference, sale.stan or 0, Approved("9", SALE_MINOR), "00"))
        await world.reach(1, State.REVERSED)

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert faults_of(world) == []


@pytest.mark.parametrize(
    ("can", "slug"),
    [
        (Capabilities(void=True, refund=True), "card-needed"),
        (Capabilities(return_without_card=True), "refund-unsupported"),
    ],
)
def test_what_cannot_be_given_back_without_the_card_stands_and_is_told(
    can: Capabilities, slug: str, tmp_path: Path
) -> None:
    async def story(world: World) -> None:
        world.acquirer.capabilities = can
        await post(world, world.envelope())
        await world.reach(1, State.APPROVED)
        number = await post(world, cancel(world, 1))
        assert await ended(world, number) is State.REFUSED
        assert ((await world.payment(number)).code, world.writer.news[-1].reason != "") == (slug, True)
        assert await said(world, number) == [(NOT_DONE, Outcome.REFUSED)]

    world = tell_story(tmp_path, story)
    assert net_minor(world) == SALE_MINOR
    assert faults_of(world) == []


def test_an_acquirer_without_voids_refunds_it_all(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.acquirer.capabilities = Capabilities(refund=True, return_without_card=True)
        await post(world, world.envelope())
        await world.reach(1, State.APPROVED)
        assert await ended(world, await post(world, cancel(world, 1))) is State.APPROVED

    assert net_minor(tell_story(tmp_path, story)) == 0


@pytest.mark.parametrize("answer", [InDoubt("no-answer"), Declined("51"), NeedsInput(Ask.AGAIN, "55")])
def test_a_giving_back_that_failed_is_never_told_as_cancelled(
    answer: AuthoriseOutcome, tmp_path: Path
) -> None:
    async def story(world: World) -> None:
        await post(world, world.envelope())
        await world.reach(1, State.APPROVED)
        answering(world, answer)
        number = await post(world, cancel(world, 1))
        await ended(world, number)
        letter, outcome = (await said(world, number))[-1]
        assert (letter, outcome) == (NOT_DONE, Outcome.DECLINED)
        assert (await world.payment(1)).returned_minor == 0
        world.acquirer.script = None
        assert await ended(world, await post(world, cancel(world, 1))) is State.APPROVED, "another may try"

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert faults_of(world) == []


def test_a_return_under_way_is_waited_for(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await post(world, world.envelope())
        await world.reach(1, State.APPROVED)
        world.acquirer.habits = replace(world.acquirer.habits, lose_answer=100)
        void = await post(world, world.envelope(kind=VOID, original_ksn=ksn_of(world, 1)))
        await world.reach(void, State.REVERSING, State.CONFIRMING)
        world.acquirer.habits = replace(world.acquirer.habits, lose_answer=0)
        number = await post(world, cancel(world, 1))
        assert await ended(world, number) is State.APPROVED
        assert (await world.payment(void)).state is State.REVERSED

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert faults_of(world) == []


def test_an_old_cancel_cancels_and_gives_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        old_s = world.now_ms() // 1000 - 100_000
        sale = world.envelope(reader_time_s=world.now_ms() // 1000)
        assert await ended(world, await post(world, cancel(world, 1, reader_time_s=old_s))) is State.CANCELLED
        assert await ended(world, await post(world, sale)) is State.CANCELLED
        paid = await post(world, world.envelope())
        await world.reach(paid, State.APPROVED)
        number = await post(world, cancel(world, 3, reader_time_s=old_s))
        assert await ended(world, number) is State.APPROVED

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert faults_of(world) == []


def test_only_an_earlier_sale_of_the_same_reader_is_cancelled(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await post(world, world.envelope())
        await world.reach(1, State.APPROVED)
        void = await post(world, world.envelope(kind=VOID, original_ksn=b"\0" * 12))
        await ended(world, void)
        other = readers.enrol(world.gateway, world.keys, 2).initial_key_id + bytes([0, 0, 0, 1])
        a_void, own, later = (ksn_of(world, counter) for counter in (2, 4, 99))
        for ksn in (a_void, own, later, other, b""):
            number = await post(world, cancel(world, 1, original_ksn=ksn))
            assert await ended(world, number) is State.REFUSED
            assert (await world.payment(number)).code == "original-unknown"
            assert await said(world, number) == [(NOT_DONE, Outcome.REFUSED)]

    world = tell_story(tmp_path, story)
    assert net_minor(world) == SALE_MINOR
    assert faults_of(world) == []


@pytest.mark.parametrize("habit", HABITS)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_of_a_sale_and_its_cancels_at_once_nobody_pays(habit: str, seed: int, tmp_path: Path) -> None:
    """In any order, each of them twice, whatever the acquirer does: one truth, and no money is left over."""

    async def story(world: World) -> None:
        sale, first, second = world.envelope(), cancel(world, 1), cancel(world, 1)
        mails = [sale, first, second, sale, first, second]
        world.random.shuffle(mails)

        async def late(envelope: bytes) -> int:
            await asyncio.sleep(world.random.choice((0, 0, 0.5, 1, 10)))
            return await post(world, envelope)

        numbers = set(await asyncio.gather(*map(late, mails)))
        assert len(numbers) == 3
        world.acquirer.habits = Habits()
        for number in numbers:
            await ended(world, number)
        outcomes = {letter for number in numbers for letter, _ in (await said(world, number))[-1:]}
        assert NOT_DONE not in outcomes
        assert outcomes & {DONE, BACK}
        assert world.verbs("alarm.stumbled") == []

    habits = Habits(**({habit: 100} if habit else {}))
    world = tell_story(tmp_path, story, seed=seed, habits=habits)
    assert net_minor(world) == 0
    assert faults_of(world) == []


async def taken(world: World, envelope: bytes) -> int:
    """A phone that sends until it is told 250."""
    while True:
        with suppress(TimeoutError):
            if world.life is not None:
                return await asyncio.wait_for(post(world, envelope), 60)
        await asyncio.sleep(1)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", range(CALLS))
@pytest.mark.parametrize("case", ["unseen", "silent", "approved"])
def test_death_at_any_call_of_the_database(case: str, call: int, after: bool, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        sale = world.envelope()
        if case != "unseen":
            await post(world, sale)
            await world.reach(1, State.APPROVED if case == "approved" else State.DISPATCHED)
        world.life.place.left, world.life.place.after = 3 + call * 40 // CALLS, after
        phone = asyncio.create_task(taken(world, cancel(world, 1)))
        world.phones.add(phone)
        await asyncio.sleep(200)
        await world.kill()
        await world.start()
        number = await phone
        state = await ended(world, number)
        assert state in ((State.APPROVED, State.REVERSED) if case == "approved" else (State.CANCELLED,))
        if case == "unseen":
            assert await ended(world, await post(world, sale)) is State.CANCELLED
        assert net_minor(world) == (SALE_MINOR if state is State.REVERSED else 0)
        assert (await said(world, number))[-1][0] is {
            State.CANCELLED: DONE,
            State.APPROVED: BACK,
            State.REVERSED: NOT_DONE,
        }[state]

    world = tell_story(tmp_path, story, habits=Habits(lose_answer=100 if case == "silent" else 0))
    assert max(world.acquirer.requests.values(), default=0) <= 1
    assert faults_of(world) == []
