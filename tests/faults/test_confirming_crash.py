"""The gateway dies at every piece of database work of an answer: it is applied once, or comes again.

HAGAKI_ANSWER_DEATHS = 1 lets it die at every one in every story; without, each story has its share of them.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from answer_world import CODE, AnswerWorld
from heart_world import Mortal

from mail_gateway.domain.order import OrderState

STEP = 1 if os.environ.get("HAGAKI_ANSWER_DEATHS") else 3
CALLS = 12
"""More than an answer takes; the last ones die nowhere, and have to end well all the same."""


async def _lived(world: AnswerWorld, place: Mortal, raw: bytes) -> int | None:
    """What the door answered, if it lived to say so."""
    answer = asyncio.create_task(world.drop(raw))
    dead = asyncio.create_task(place.dead.wait())
    await asyncio.wait([answer, dead], return_when=asyncio.FIRST_COMPLETED)
    dead.cancel()
    if answer.done():
        return answer.result()
    answer.cancel()
    with suppress(asyncio.CancelledError):
        await answer
    return None


async def _killed(world: AnswerWorld) -> None:
    store = world.store
    if store._drain is not None:
        store._drain.cancel()
    store._writer.close()
    store._reader.close()
    store._held.close()
    await asyncio.sleep(0)


@dataclass(frozen=True)
class Story:
    """One answer, how its order ends, and all letters that there are then. first: its share of the deaths."""

    text: str
    end: OrderState
    letters: tuple[str, ...]
    first: int
    after: bool


YES = f"yes\n{CODE}", OrderState.CONFIRMED, ("question", "order-confirmed")
NO = "no", OrderState.REFUSED, ("question", "order-refused", "shop-dead")
WHAT = "What?", OrderState.ASKED, ("question", "question-again")
STORIES = [
    *(Story(*YES, first % STEP, bool(first % 2)) for first in range(4)),
    Story(*NO, 1 % STEP, after=True),
    Story(*WHAT, 2 % STEP, after=False),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
async def test_a_death_at_any_moment_of_an_answer_neither_loses_nor_doubles_it(
    tmp_path: Path, story: Story
) -> None:
    deaths, asked = 0, tmp_path / "asked"
    asked.mkdir()
    before = AnswerWorld(asked)
    await before.begin()
    await before.furnish()
    await before.ask()
    await before.store.close()
    for call in range(story.first, CALLS, STEP):
        folder = tmp_path / str(call)
        folder.mkdir()
        deaths += await _told(folder, asked, story, call)
    assert deaths > 0


async def _told(folder: Path, asked: Path, story: Story, call: int) -> bool:
    """The story with a death at that call; -> whether it came to it."""
    place = Mortal()
    world = AnswerWorld(folder, places=(place, place), like=asked)
    await world.begin()
    raw = world.mail(story.text)
    place.left, place.after = call, story.after
    code = await _lived(world, place, raw)
    died = place.dead.is_set()
    if died:
        await _killed(world)
        again = Mortal()
        world.open((again, again))
        await world.begin()
    place.left = None
    await world.replies.look()
    if code is None:
        assert await world.drop(raw) == 250, "who got no answer comes again"
    order, asking = await world.order(), await world.asking()
    assert (order.state, tuple(kind for kind, _ in await world.letters())) == (story.end, story.letters), call
    assert asking.unclear == (1 if story.end is OrderState.ASKED else 0)
    await world.store.close()
    return died
