"""After each day's end: each acquirer is asked whether it has what we have, until it has said so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from heart_acquirer import virtual_loop
from sqlalchemy import update
from twin_world import CAN, FIRST, SECOND, TwinWorld

from acquirer_sdk.values import (
    AuthoriseRequest,
    InDoubt,
    NotSent,
    Reconciled,
    Totals,
    Unsupported,
)
from mail_gateway.admin import doctor
from mail_gateway.admin import totals as office
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.payment import State
from mail_gateway.domain.route import Route, Table
from mail_gateway.store.backend import guest
from mail_gateway.store.tables import transfers
from mail_gateway.work.day_totals import DayTotals

TODAY = "2026-09-21"
HOUR_S = 3600


class Books:
    """What an acquirer has of each day, by what it has charged. answers: given first, each once."""

    def __init__(self, world: TwinWorld, name: str, *answers: Any) -> None:
        self.asked: list[Totals] = []
        self._answers = list(answers)
        twin = world.twins[name]
        twin.capabilities = replace(CAN, reconcile=True)
        twin.reconcile = self.reconcile  # type: ignore[attr-defined]
        self._twin = twin

    async def reconcile(self, ours: Totals) -> Any:
        self.asked.append(ours)
        if self._answers:
            return self._answers.pop(0)
        charged = [sum(one) for one in self._twin.charges.values() if one]
        sales, returns = [one for one in charged if one > 0], [-one for one in charged if one < 0]
        theirs = Totals(ours.day, ours.currency, len(sales), sum(sales), len(returns), sum(returns))
        return Reconciled(theirs, theirs == ours)


def tell(folder: Path, story: Callable[[TwinWorld], Awaitable[None]]) -> TwinWorld:
    """The world begins at 23:13 of TODAY."""
    with virtual_loop() as loop:
        world = TwinWorld(folder)
        try:
            loop.run_until_complete(story(world))
        finally:
            loop.run_until_complete(world.kill())
    return world


async def start(world: TwinWorld) -> None:
    life = await world.start()
    life.tasks.append(asyncio.create_task(DayTotals(life.kit, lambda: True).run()))


async def until_compared(world: TwinWorld, books: Books, count: int = 1) -> list[dict[str, Any]]:
    for _ in range(3 * HOUR_S):
        if len(books.asked) >= count:
            await asyncio.sleep(1)
            return office.listed(world.gateway, 10)
        await asyncio.sleep(1)
    raise AssertionError(f"asked {len(books.asked)} times")


async def business(world: TwinWorld) -> None:
    """Two sales, one given back in part, one reversed."""
    await world.post(world.envelope())
    await world.reach(1, State.APPROVED)
    await world.post(world.envelope(amount_minor=800))
    await world.reach(2, State.APPROVED)
    ksn = world.reader.initial_key_id + (2).to_bytes(4, "big")
    await world.post(world.envelope(kind=3, amount_minor=300, original_ksn=ksn))
    await world.reach(3, State.APPROVED)

    async def silence(_: AuthoriseRequest) -> InDoubt:
        return InDoubt("no-answer")

    world.first.script = silence
    await world.post(world.envelope(amount_minor=5000))
    await world.reach(4, State.REVERSED)
    world.first.script = None


def test_what_stands_of_a_day_is_compared_after_its_end(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        books = Books(world, FIRST)
        await start(world)
        await business(world)
        assert books.asked == []
        rows = await until_compared(world, books)
        assert books.asked == [Totals(TODAY, 392, 2, 2000, 1, 300)]
        assert [(row["day"], row["acquirer"], row["state"]) for row in rows] == [(TODAY, FIRST, "agrees")]
        shown = office.shown(world.gateway, [FIRST, SECOND], TODAY)
        assert shown["differences"] == []
        await asyncio.sleep(20 * HOUR_S)
        assert len(books.asked) == 1, "once"
        await asyncio.sleep(5 * HOUR_S)
        assert books.asked[1:] == [Totals("2026-09-22", 392, 0, 0, 0, 0)], "and the next day, empty as it is"

    tell(tmp_path, story)


def test_nobody_answers_and_the_question_comes_again_also_of_the_next_life(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        books = Books(world, FIRST, NotSent("cut"), InDoubt("no-answer"), InDoubt("no-answer"))
        await start(world)
        await business(world)
        rows = await until_compared(world, books)
        assert [row["state"] for row in rows] == ["asking"]
        await world.kill()
        await asyncio.sleep(60)
        await start(world)
        rows = await until_compared(world, books, 4)
        assert [row["state"] for row in rows] == ["agrees"]

    tell(tmp_path, story)


def test_a_difference_is_an_alarm_and_a_finding_until_a_person_explains_it(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        books = Books(world, FIRST)
        await start(world)
        await business(world)
        world.first.charge("000000000099", 700)
        rows = await until_compared(world, books)
        assert [(row["state"], row["their_sales"]) for row in rows] == [("differs", 3)]
        assert world.verbs("alarm.totals") == ["alarm.totals-differ"]
        findings = doctor.examine(world.gateway, world.keys, world.now_ms())
        assert [one.rows for one in findings if one.slug == "totals-differ"] == [
            [{"day": TODAY, "acquirer": FIRST}]
        ]
        shown = office.shown(world.gateway, [FIRST], TODAY)
        assert [row["what"] for row in shown["differences"]] == ["acquirer"]
        office.explain(world.gateway, FIRST, TODAY, "a trial at the counter")
        after = doctor.examine(world.gateway, world.keys, world.now_ms())
        assert "totals-differ" not in [one.slug for one in after]
        with pytest.raises(GatewayError, match="not a day that differs"):
            office.explain(world.gateway, FIRST, TODAY, "again")

    tell(tmp_path, story)


def test_an_acquirer_that_says_the_same_and_has_other_figures_does_not_agree(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        books = Books(world, FIRST, Reconciled(Totals(TODAY, 392, 2, 2000, 1, 301), agrees=True))
        await start(world)
        await business(world)
        assert [row["state"] for row in await until_compared(world, books)] == ["differs"]

    tell(tmp_path, story)


def test_a_day_with_an_open_reversal_waits_for_it(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        books = Books(world, FIRST)
        await start(world)
        await asyncio.sleep(40 * 60)

        async def charged(request: AuthoriseRequest) -> InDoubt:
            world.first.habits.lose_reversal = 100
            world.first.charge(request.reference, request.amount_minor)
            return InDoubt("no-answer")

        world.first.script = charged
        await world.post(world.envelope())
        await world.reach(1, State.REVERSING)
        world.first.script = None
        await world.post(world.envelope(amount_minor=500))
        await world.reach(2, State.APPROVED)
        await asyncio.sleep(HOUR_S)
        assert books.asked == []
        world.first.habits.lose_reversal = 0
        await until_compared(world, books)
        assert books.asked == [Totals(TODAY, 392, 1, 500, 0, 0)]

    tell(tmp_path, story)


def test_each_acquirer_is_asked_about_its_own(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        world.table = Table(FIRST, (Route(SECOND, conditions=frozenset({61})),))
        first, second = Books(world, FIRST), Books(world, SECOND, Unsupported("reconcile"))
        await start(world)
        await world.post(world.envelope())
        await world.post(world.envelope(condition=61, amount_minor=700))
        await until_compared(world, first)
        rows = await until_compared(world, second)
        assert first.asked == [Totals(TODAY, 392, 1, 1200, 0, 0)]
        assert second.asked == [Totals(TODAY, 392, 1, 700, 0, 0)]
        assert [(row["acquirer"], row["state"]) for row in rows] == [
            (FIRST, "agrees"),
            (SECOND, "unsupported"),
        ]

    tell(tmp_path, story)


def test_where_nothing_was_ever_sold_nobody_is_asked(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        books = Books(world, FIRST)
        await start(world)
        await asyncio.sleep(3 * HOUR_S)
        assert books.asked == []

    tell(tmp_path, story)


def test_a_payment_that_the_ledger_does_not_know_is_listed(tmp_path: Path) -> None:
    async def story(world: TwinWorld) -> None:
        await start(world)
        await business(world)
        with guest(world.gateway.database, write=True) as conn:
            conn.exec_driver_sql("DROP TRIGGER transfers_no_update")
            conn.execute(update(transfers).where(transfers.c.payment == 2).values(amount_minor=801))
        shown = office.shown(world.gateway, [FIRST], TODAY)
        assert shown["differences"] == [{"acquirer": FIRST, "what": "payment-and-ledger", "payment": 2}]
        with pytest.raises(GatewayError, match="no day"):
            office.shown(world.gateway, [FIRST], "yesterday")

    tell(tmp_path, story)
