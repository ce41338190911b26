"""Another owner moves a payment while its answer is under way: the answer is late then, and never dropped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from heart_world import World, answering, kinds, tell_story, told
from sqlalchemy import select

from acquirer_sdk.values import (
    Approved,
    AuthoriseOutcome,
    AuthoriseRequest,
    Declined,
    InDoubt,
    LateAnswer,
    ReversalAccepted,
)
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import Event, Kind, State
from mail_gateway.store import nodes
from mail_gateway.store.record import Stale
from mail_gateway.store.tables import answers
from mail_gateway.work import clerk, late, reversal, sale


async def take_over(world: World, number: int) -> None:
    """What a node does that finds a dispatched payment of one that seems dead."""
    assert world.life is not None
    kit = replace(world.life.kit, node=await world.life.store.run(nodes.begin_life, world.now_ms()))
    payment = await world.payment(number)
    await clerk.enter(kit, sale.doubt(kit, payment, Event(Kind.SILENCE, {"reason": "restart"})))


async def kept(world: World) -> list[tuple[str, int]]:
    assert world.life is not None
    asked = select(answers.c.outcome, answers.c.late).where(answers.c.outcome != "ReversalAccepted")
    return [tuple(row) for row in await world.life.store.read(lambda conn: conn.execute(asked).all())]


@pytest.mark.parametrize(
    ("outcome", "event"), [(Approved("123456", 1200), True), (Declined("05"), False), (InDoubt("cut"), False)]
)
def test_the_answer_of_a_sale_that_was_taken_over_is_kept_and_judged(
    tmp_path: Path, outcome: AuthoriseOutcome, event: bool
) -> None:
    async def story(world: World) -> None:
        async def script(request: AuthoriseRequest) -> AuthoriseOutcome:
            await take_over(world, 1)
            if isinstance(outcome, Approved):
                world.acquirer.charge(request.reference, outcome.amount_minor)
            return outcome

        world.acquirer.script = script
        await world.post(world.envelope())
        await world.reach(1, State.REVERSED)
        assert await kept(world) == [(type(outcome).__name__, 1)]
        assert (Kind.LATE_APPROVAL.value in await kinds(world, 1)) is event
        assert await told(world) == [Letter.IN_DOUBT, Letter.CANCELLED]
        assert not any(world.acquirer.charges.values())

    tell_story(tmp_path, story)


def test_the_answer_to_a_reversal_that_was_taken_over_is_kept(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answering(world, InDoubt("no-answer"))
        await world.post(world.envelope())
        await world.reach(1, State.REVERSED)
        assert world.life is not None
        payment = replace(await world.payment(1), state=State.REVERSING, epoch=1, due_ms=0)
        accepted = ReversalAccepted("00")
        entry = clerk.draft(world.life.kit, payment, [Event(Kind.REVERSAL_ACKED)])
        with pytest.raises(clerk.Overtaken) as overtaken:
            answer = reversal.answer_of(payment.reference, payment.stan or 0, accepted)
            await clerk.enter_answer(world.life.kit, entry, answer, accepted)
        assert overtaken.value.answer == LateAnswer(payment.reference, payment.stan or 0, accepted, "00")

    tell_story(tmp_path, story)


def test_an_answer_that_met_somebody_else_after_it_was_kept_is_kept_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, troubles = late.enter, iter([Stale(), OSError("disk"), Stale()])

    async def enter(*given: Any) -> Any:
        for trouble in troubles:
            raise trouble
        return await real(*given)

    monkeypatch.setattr(late, "enter", enter)

    async def story(world: World) -> None:
        async def script(request: AuthoriseRequest) -> AuthoriseOutcome:
            assert world.life is not None
            approved = Approved("123456", request.amount_minor)
            world.acquirer.charge(request.reference, request.amount_minor)
            world.life.runner.late(LateAnswer(request.reference, request.stan, approved, "00"))
            return InDoubt("no-answer")

        world.acquirer.script = script
        await world.post(world.envelope())
        await world.reach(1, State.REVERSED)
        assert sorted(await kept(world)) == [("Approved", 1), ("InDoubt", 0)]
        assert (await kinds(world, 1)).count(Kind.LATE_APPROVAL.value) == 1

    tell_story(tmp_path, story)
