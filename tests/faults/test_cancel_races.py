"""Cancels beside what happens at the same moment: other returns, a restore, a line that is slow or gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from heart_world import World, tell_story
from test_apart import breaks, repaired, shunted
from test_cancel_heart import BACK, DONE, cancel, ended, faults_of, ksn_of, net_minor, post, said
from test_restore import back, copy, listed, sale

from mail_gateway.admin import recovering, shunts
from mail_gateway.admin.doctor import examine
from mail_gateway.domain.outcome import Letter, Outcome
from mail_gateway.domain.payment import State
from mail_gateway.store import cancels, gaps
from mail_gateway.store.backend import guest

VOID = 2
SLOW_S = 200
AN_OLD_CLOCK = {"reader_time_s": 1_750_000_000}
"""Of a reader that seems to have sealed before the time that a restore has lost."""


def slow_to_judge(world: World) -> None:
    """Between any two questions that a cancel asks of the disk, others get on."""
    assert world.life is not None
    read = world.life.store.read

    async def slowly(unit: Callable[..., Any], *args: Any) -> Any:
        found = await read(unit, *args)
        if unit.__module__ == cancels.__name__:
            await asyncio.sleep(SLOW_S)
        return found

    world.life.store.read = slowly  # type: ignore[method-assign]


def test_a_void_that_fails_while_a_cancel_looks_is_no_money_given_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await post(world, world.envelope())
        await world.reach(1, State.APPROVED)
        world.acquirer.habits = replace(world.acquirer.habits, lose_answer=100)
        void = await post(world, world.envelope(kind=VOID, original_ksn=ksn_of(world, 1)))
        await world.reach(void, State.REVERSING, State.CONFIRMING)
        world.acquirer.habits = replace(world.acquirer.habits, lose_answer=0)
        slow_to_judge(world)
        number = await post(world, cancel(world, 1))
        assert await ended(world, number) is State.APPROVED
        assert await said(world, number) == [(BACK, Outcome.APPROVED)]
        assert (await world.payment(void)).state is State.REVERSED

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert faults_of(world) == []


def test_a_void_that_is_done_while_a_cancel_looks_makes_it_true(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await post(world, world.envelope())
        await world.reach(1, State.APPROVED)
        slow_to_judge(world)
        number = await post(world, cancel(world, 1))
        await asyncio.sleep(SLOW_S / 2)
        void = await post(world, world.envelope(kind=VOID, original_ksn=ksn_of(world, 1)))
        assert await ended(world, void) is State.APPROVED
        assert await ended(world, number) is State.CANCELLED
        assert await said(world, number) == [(DONE, Outcome.CANCELLED)]

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert faults_of(world) == []


def test_a_cancel_that_waits_is_no_hole_in_its_readers_counters(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.acquirer.habits = replace(world.acquirer.habits, lose_answer=100, lose_reversal=100)
        await post(world, world.envelope())
        number = await post(world, cancel(world, 1))
        world.acquirer.habits = replace(world.acquirer.habits, lose_answer=0)
        await post(world, world.envelope())
        await asyncio.sleep(1000)
        assert (await world.payment(number)).state is State.RECEIVED
        with guest(world.gateway.database) as conn:
            assert gaps.listed(conn, world.now_ms()) == []
        found = {trouble.slug for trouble in examine(world.gateway, world.keys, world.now_ms())}
        assert "reversal-open" in found and not {"counter-gap", "sale-waiting"} & found
        world.acquirer.habits = replace(world.acquirer.habits, lose_reversal=0)
        assert await ended(world, number) is State.CANCELLED

    world = tell_story(tmp_path, story)
    assert faults_of(world) == []


def test_after_a_restore_a_burned_key_seals_nothing_for_it_may_have_sealed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        taken_ms = copy(world)
        unseen = sale(world, 1200)  # declined after the backup, say: its key has sealed that
        await back(world, taken_ms)
        recovering.reconcile(world.gateway, listed(world))
        recovering.finish(world.gateway)
        number = await post(world, sale(world, 1200, **asking(world), **AN_OLD_CLOCK))
        assert await ended(world, number) is State.CANCELLED
        assert await said(world, number) == [(DONE, Outcome.CANCELLED)]
        burned = (await world.payment(number)).original
        assert burned is not None
        assert await said(world, burned) == [(Letter.CANCELLED, None)], "no key seals twice under one nonce"
        assert await ended(world, await post(world, unseen)) is State.CANCELLED

    world = tell_story(tmp_path, story)
    assert faults_of(world) == []


def test_a_key_that_has_sealed_that_a_person_looks_seals_no_other_answer(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        sold = await shunted(world)
        assert await said(world, sold) == [(Letter.SHUNTED, Outcome.IN_DOUBT)]
        number = await post(world, cancel(world, 1))
        assert await ended(world, number) is State.CANCELLED
        assert await said(world, number) == [(DONE, Outcome.CANCELLED)]
        burned = (await world.payment(number)).original
        assert burned is not None and burned != sold
        assert await said(world, burned) == [(Letter.CANCELLED, None)]
        shunts.retry(world.gateway, sold, "the adapter was repaired")
        assert await ended(world, sold) is State.CANCELLED

    world = tell_story(tmp_path, story)
    assert not world.acquirer.requests
    assert faults_of(world) == []


def test_a_key_that_has_sealed_that_its_sale_is_cancelled_does_not_seal_that_a_person_looks(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        assert await ended(world, await post(world, cancel(world, 1, counter=2))) is State.CANCELLED
        world.counter = 0
        sold = await shunted(world)
        assert await said(world, sold) == [(Letter.SHUNTED, None)]
        shunts.retry(world.gateway, sold, "the adapter was repaired")
        assert await ended(world, sold) is State.CANCELLED

    world = tell_story(tmp_path, story)
    assert not world.acquirer.requests
    assert faults_of(world) == []


def test_a_cancel_that_a_person_looks_at_is_not_told_as_a_sale_that_is_not_charged(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await post(world, world.envelope())
        await world.reach(1, State.APPROVED)
        breaks(world)
        number = await post(world, cancel(world, 1))
        await asyncio.sleep(60)
        assert await said(world, number) == [(Letter.CANCEL_IN_DOUBT, Outcome.IN_DOUBT)]
        assert world.writer.news[-1].amount_minor == 1200, "its reader takes no other amount"
        repaired(world)
        shunts.retry(world.gateway, number, "the adapter was repaired")
        assert await ended(world, number) is State.APPROVED

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert faults_of(world) == []


def asking(world: World) -> dict[str, Any]:
    return {"kind": 5, "original_ksn": ksn_of(world, 1), "track2": "", "entry_mode": 0, "slip": 1}


def test_a_giving_back_that_a_restore_forgot_is_not_done_again_by_another_cancel(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await post(world, sale(world, 1200))
        await world.reach(1, State.APPROVED)
        taken_ms = copy(world)
        asked = sale(world, 1200, **asking(world))
        assert await ended(world, await post(world, asked)) is State.APPROVED
        await back(world, taken_ms)
        first = await post(world, asked)
        await asyncio.sleep(60)
        recovering.reconcile(world.gateway, listed(world))
        recovering.finish(world.gateway)
        await asyncio.sleep(60)
        assert (await world.payment(first)).shunted, "a return like it is in the list"
        assert await said(world, first) == [(Letter.CANCEL_IN_DOUBT, Outcome.IN_DOUBT)]
        second = await post(world, sale(world, 1200, **asking(world), **AN_OLD_CLOCK))
        await asyncio.sleep(60)
        assert (await world.payment(second)).state is State.RECEIVED, "it waits for the first"
        recovering.settle(world.gateway, "000000000002", first, "the list shows it")
        assert await ended(world, first) is State.APPROVED
        assert await ended(world, second) is State.CANCELLED

    world = tell_story(tmp_path, story)
    assert net_minor(world) == 0
    assert faults_of(world) == []
