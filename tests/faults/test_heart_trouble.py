"""When things go wrong: silence, late and double answers, broken adapters, full disks, bursts, stops."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from heart_world import World, answering, tell_story, told
from sqlalchemy import select, update

from acquirer_sdk.values import (
    Approved,
    Ask,
    AuthoriseOutcome,
    AuthoriseRequest,
    Declined,
    InDoubt,
    LateAnswer,
    NeedsInput,
)
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import State
from mail_gateway.store.record import BLOCKS, dispatch
from mail_gateway.store.tables import answers
from mail_gateway.store.tables import payments as payments_table
from mail_gateway.work import reversal, runner


def test_reversals_repeat_with_the_flag_and_a_person_is_told_three_times(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answering(world, InDoubt("no-answer"))
        world.acquirer.habits.lose_reversal = 100
        await world.post(world.envelope())
        await asyncio.sleep(25 * 3600)
        assert world.verbs("alarm.reversal-open") == ["alarm.reversal-open"] * 3
        sent = world.acquirer.transmissions["000000000001"]
        assert sent == list(range(1, len(sent) + 1)), "each transmission has its own count, from 1"
        assert len(sent) < 320, "no storm"
        world.acquirer.habits.lose_reversal = 0
        await world.reach(1, State.REVERSED)
        assert await told(world) == [Letter.IN_DOUBT, Letter.CANCELLED]

    tell_story(tmp_path, story)


def test_a_reversal_that_cannot_leave_goes_first_and_is_counted_from_one(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        def lost(_: AuthoriseRequest) -> AuthoriseOutcome:
            world.acquirer.habits.not_ready = 100
            return InDoubt("connection-lost")

        def second(request: AuthoriseRequest) -> AuthoriseOutcome:
            assert world.acquirer.transmissions["000000000001"][0] == 1
            return Approved("123456", request.amount_minor)

        answering(world, lost, second)
        await world.post(world.envelope())
        await world.reach(1, State.REVERSING)
        await world.post(world.envelope())
        await asyncio.sleep(60)
        assert world.acquirer.transmissions == {}
        assert (await world.payment(2)).state is State.READY
        world.acquirer.habits.not_ready = 0
        await world.reach(2, State.APPROVED)
        await world.reach(1, State.REVERSED)
        assert world.acquirer.transmissions["000000000001"] == [1, 2]

    tell_story(tmp_path, story)


def test_a_reversal_waits_for_its_line_and_a_person_is_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reversal, "LINE_RETRY_MS", 120_000)  # a day of looks every 5 s says nothing more

    async def story(world: World) -> None:
        def line_goes_down(_: AuthoriseRequest) -> AuthoriseOutcome:
            world.acquirer.habits.not_ready = 100
            return InDoubt("no-answer")

        answering(world, line_goes_down)
        await world.post(world.envelope())
        await asyncio.sleep(25 * 3600)
        assert world.verbs("alarm.reversal-open") == ["alarm.reversal-open"] * 3

    tell_story(tmp_path, story)


def test_no_version_is_ever_sealed_twice_even_after_the_last(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        answering(world, InDoubt("no-answer"))
        world.acquirer.habits.lose_reversal = 100
        await world.post(world.envelope())
        await world.reach(1, State.REVERSING)
        table = payments_table.c
        many = update(payments_table).where(table.id == 1).values(version=255, epoch=table.epoch + 1)
        await world.life.store.run(lambda conn: conn.execute(many).rowcount)
        world.acquirer.habits.lose_reversal = 0
        await world.reach(1, State.REVERSED)
        last = world.writer.news[-1]
        assert (last.letter, last.version) == (Letter.CANCELLED, 256)
        assert (last.sealed_result, last.check_code) == (None, "")

    tell_story(tmp_path, story)


def test_cancelled_is_said_only_after_the_confirming_reversal(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answering(world, InDoubt("no-answer"))
        await world.post(world.envelope())
        await world.reach(1, State.CONFIRMING)
        acked_ms = world.now_ms()
        assert await told(world) == [Letter.IN_DOUBT]
        await world.reach(1, State.REVERSED)
        assert world.now_ms() - acked_ms >= 119_000
        assert world.acquirer.transmissions["000000000001"] == [1, 2]

    tell_story(tmp_path, story)


@pytest.mark.parametrize("state", [State.REVERSING, State.CONFIRMING, State.REVERSED])
def test_a_late_approval_is_reversed_again_and_alarms(state: State, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        answering(world, InDoubt("no-answer"))
        world.acquirer.habits.lose_reversal = 100 if state is State.REVERSING else 0
        await world.post(world.envelope())
        payment = await world.reach(1, state)
        before = len(world.acquirer.transmissions.get(payment.reference, []))
        world.acquirer.charge(payment.reference, 1200)
        world.life.runner.late(LateAnswer(payment.reference, payment.stan or 0, Approved("1", 1200), "00"))
        await asyncio.sleep(1)
        world.acquirer.habits.lose_reversal = 0
        await asyncio.sleep(600)
        await world.reach(1, State.REVERSED)
        assert world.acquirer.net(payment.reference) == 0
        assert len(world.acquirer.transmissions[payment.reference]) >= before + 2
        assert "alarm.late-approval" in world.verbs("alarm")
        assert (await told(world))[-1] is Letter.CANCELLED

    tell_story(tmp_path, story)


def test_two_answers_the_first_stands_and_a_person_is_told(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        answering(world, Approved("123456", 1200))
        await world.post(world.envelope())
        payment = await world.reach(1, State.APPROVED)
        world.life.runner.late(LateAnswer(payment.reference, 1, Approved("123456", 1200), "00"))
        await asyncio.sleep(1)
        assert world.verbs("alarm") == [], "the same answer again is nothing new"
        world.life.runner.late(LateAnswer(payment.reference, 1, Declined("05"), "05"))
        await asyncio.sleep(1)
        assert world.verbs("alarm") == ["alarm.two-answers"]
        assert (await world.payment(1)).state is State.APPROVED

    tell_story(tmp_path, story)


@pytest.mark.parametrize(
    ("first", "state"),
    [
        (Declined("05"), State.DECLINED),
        (NeedsInput(Ask.AGAIN, "55"), State.RE_ENTER),
        (NeedsInput(Ask.MORE, "01"), State.MORE_WANTED),
    ],
)
def test_an_approval_after_a_no_is_reversed_so_that_the_no_stays_true(
    first: AuthoriseOutcome, state: State, tmp_path: Path
) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        answering(world, first)
        await world.post(world.envelope())
        payment = await world.reach(1, state)
        world.acquirer.charge(payment.reference, 1200)
        world.life.runner.late(LateAnswer(payment.reference, 1, Approved("123456", 1200), "00"))
        await world.reach(1, State.REVERSED)
        assert world.acquirer.net(payment.reference) == 0
        assert world.verbs("alarm") == ["alarm.late-approval"]
        assert Letter.APPROVED not in await told(world)

    tell_story(tmp_path, story)


def test_a_host_that_approves_after_every_reversal_is_answered_at_the_usual_pace(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        answering(world, InDoubt("no-answer"))
        await world.post(world.envelope())
        payment = await world.reach(1, State.CONFIRMING)
        for _ in range(3600):
            world.life.runner.late(LateAnswer(payment.reference, 1, Approved("123456", 1200), "00"))
            await asyncio.sleep(1)
        assert len(world.acquirer.transmissions[payment.reference]) < 30, "no storm"
        await world.reach(1, State.REVERSED)

    tell_story(tmp_path, story)


def test_a_yes_that_was_kept_but_not_judged_is_judged_by_the_next_life(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        gate = asyncio.Event()

        async def script(_: AuthoriseRequest) -> AuthoriseOutcome:
            await gate.wait()
            return Declined("05")

        world.acquirer.script = script
        await world.post(world.envelope())
        payment = await world.reach(1, State.DISPATCHED)
        world.acquirer.charge(payment.reference, 1200)
        world.life.runner.late(LateAnswer(payment.reference, 1, Approved("123456", 1200), "00"))
        await asyncio.sleep(0.1)
        gate.set()
        await asyncio.sleep(0.01)
        assert (await world.payment(1)).state is State.DECLINED
        await world.kill()
        await world.start()
        await world.reach(1, State.REVERSED)
        assert world.acquirer.net(payment.reference) == 0

    tell_story(tmp_path, story)


def test_every_answer_is_kept_also_what_fits_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        await world.post(world.envelope())
        await world.reach(1, State.APPROVED)
        for reference in ("000000000001", "000000000099", "not a number"):
            world.life.runner.late(LateAnswer(reference, 7, None, "99"))
            await asyncio.sleep(1)
        asked = select(answers.c.reference, answers.c.payment).order_by(answers.c.id)
        rows = await world.life.store.read(lambda conn: [tuple(row) for row in conn.execute(asked)])
        assert rows == [
            ("000000000001", 1),
            ("000000000001", 1),
            ("000000000099", None),
            ("not a number", None),
        ]

    tell_story(tmp_path, story)


def test_what_stumbles_three_times_before_dispatch_goes_to_a_person(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        def ready() -> Any:
            raise ZeroDivisionError

        world.acquirer.ready = ready  # type: ignore[method-assign]
        await world.post(world.envelope())
        await asyncio.sleep(600)
        payment = await world.payment(1)
        assert payment.shunted
        assert payment.failures == runner.STUMBLES_MAX
        assert world.verbs("alarm.shunted") == ["alarm.shunted"]
        assert payment.envelope is not None, "it is kept, not thrown away"
        assert await told(world) == [Letter.SHUNTED]

    tell_story(tmp_path, story)


def test_an_adapter_that_breaks_after_dispatch_leaves_a_doubt_never_a_repeat(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        def broken(request: AuthoriseRequest) -> AuthoriseOutcome:
            raise ZeroDivisionError

        answering(world, broken)
        await world.post(world.envelope())
        await world.reach(1, State.REVERSED)
        assert world.acquirer.requests == {"000000000001": 1}
        assert await told(world) == [Letter.IN_DOUBT, Letter.CANCELLED]

    tell_story(tmp_path, story)


def test_a_broken_template_never_stands_between_money_and_its_reversal(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.writer.broken = 2  # the approval's letter, and the doubt's
        await world.post(world.envelope())
        payment = await world.reach(1, State.REVERSED)
        assert world.acquirer.net(payment.reference) == 0
        assert (await told(world))[-1] is Letter.CANCELLED

    tell_story(tmp_path, story)


def test_a_stan_comes_round_again_but_never_while_it_is_held(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        answering(world, InDoubt("no-answer"), Declined("51"))
        await world.post(world.envelope())
        await world.reach(1, State.CONFIRMING)
        await world.life.store.run(
            lambda conn: conn.exec_driver_sql(f"UPDATE counters SET value = {BLOCKS} WHERE name = 'stans'")
        )
        await world.post(world.envelope())
        await world.reach(2, State.DECLINED)
        assert world.acquirer.stans == [1, 2], "1 is held by the open reversal"
        asked = select(payments_table.c.stan).where(payments_table.c.id == 2)
        assert await world.life.store.read(lambda conn: conn.scalar(asked)) == 2

    tell_story(tmp_path, story)


def test_a_burst_waits_sealed_and_the_acquirer_is_never_flooded(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        at_once = most = 0

        async def script(request: AuthoriseRequest) -> AuthoriseOutcome:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.2)
            at_once -= 1
            return Approved("1", request.amount_minor)

        world.acquirer.script = script
        await asyncio.gather(*(world.post(world.envelope()) for _ in range(200)))
        await asyncio.sleep(5)
        states = {(await world.payment(number)).state for number in range(1, 201)}
        assert states == {State.APPROVED}
        assert most == 64

    tell_story(tmp_path, story, requests_max=64)


def test_an_answer_is_held_until_the_disk_takes_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        store = world.life.store
        real, left = store.run, 5

        async def run(unit: Any, *args: Any, **more: Any) -> Any:
            nonlocal left
            if left and world.acquirer.requests:
                left -= 1
                raise GatewayError("The disk is full.", "store-full", Disposition.RETRY)
            return await real(unit, *args, **more)

        store.run = run  # type: ignore[method-assign]
        await world.post(world.envelope())
        payment = await world.reach(1, State.APPROVED)
        assert world.acquirer.net(payment.reference) == 1200
        assert world.verbs("alarm") == ["alarm.answer-not-stored"] * 5
        assert world.acquirer.requests == {payment.reference: 1}

    tell_story(tmp_path, story)


def test_a_disk_that_is_full_before_dispatch_charges_nobody(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        real, full = world.life.store.run, True

        async def run(unit: Any, *args: Any, **more: Any) -> Any:
            if full and unit is dispatch:
                raise GatewayError("The disk is full.", "store-full", Disposition.RETRY)
            return await real(unit, *args, **more)

        world.life.store.run = run  # type: ignore[method-assign]
        await world.post(world.envelope())
        await asyncio.sleep(30)
        assert world.acquirer.requests == {}
        full = False
        await world.reach(1, State.APPROVED)

    tell_story(tmp_path, story)


def test_stopping_in_mid_request_waits_for_the_answer(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        await world.post(world.envelope())
        while not world.acquirer.requests:
            await asyncio.sleep(0)
        await world.life.runner.drain()
        assert (await world.payment(1)).state is State.APPROVED
        await world.post(world.envelope())
        await asyncio.sleep(60)
        assert (await world.payment(2)).state is State.RECEIVED, "kept for the next life, not begun"

    tell_story(tmp_path, story)
