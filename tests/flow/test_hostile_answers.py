"""Mails that must confirm nothing: every kind of attack on an order that waits for its customer's yes.

HAGAKI_HOSTILE_MAILS says how many are sent; each kind is sent at least once.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import hostile_bodies  # noqa: F401 - its kinds are among the attacks
import pytest
from answer_world import AWAY, HOME, HOUR_MS, SHOP, AnswerWorld, answer_world, zone
from hostile_answers import ATTACKS, ENDS, Attack
from zone_server import zone_server

from mail_gateway.domain.order import OrderState
from mail_gateway.intake import customers
from mail_gateway.work import confirming

MAILS = int(os.environ.get("HAGAKI_HOSTILE_MAILS", "0"))


@asynccontextmanager
async def proving(folder: Path) -> AsyncIterator[AnswerWorld]:
    async with zone_server(zone()) as (_, port), answer_world(folder, port) as world:
        yield world


async def test_a_thousand_hostile_mails_confirm_nothing(tmp_path: Path) -> None:
    dice = random.Random(MAILS)
    kinds = [*ATTACKS, *dice.choices(list(ATTACKS), k=max(0, MAILS - len(ATTACKS)))]
    dice.shuffle(kinds)
    confirmed: list[str] = []
    done: Counter[str] = Counter()
    async with proving(tmp_path) as world:
        for number, kind in enumerate(kinds, 2):
            await world.ask(1200, number)
            before = len(world.told)
            await ATTACKS[kind](Attack(world, number, dice))
            done[kind] += 1
            state = (await world.order(number)).state
            if state not in (OrderState.ASKED, *ENDS.get(kind, ())):
                confirmed.append(f"{kind}: {state}")
            told = await world.letters(number)
            assert {to for _, to in told} <= {HOME, AWAY, SHOP}, f"{kind}: a letter to a stranger"
            assert len(told) <= 4, f"{kind}: {told}"
            assert "internal" not in {facts.get("slug") for _, facts in world.told[before:]}, kind
    assert not confirmed, Counter(confirmed)
    assert set(done) == set(ATTACKS)
    sys.stdout.write(f"{done.total()} hostile mails of {len(done)} kinds, 0 confirmations\n")


@pytest.mark.parametrize("kind", ["spoofed", "several-tokens"])
async def test_after_an_attack_the_customer_s_own_yes_still_counts(tmp_path: Path, kind: str) -> None:
    async with proving(tmp_path) as world:
        await ATTACKS[kind](Attack(world, 1, random.Random(1)))
        await world.say("yes")
        assert (await world.order()).state is OrderState.CONFIRMED


Write = Callable[[AnswerWorld, int], Awaitable[None]]


async def _as_a_person(world: AnswerWorld, turn: int) -> None:
    await world.say(f"Ticket {turn} was opened")


async def _as_a_robot(world: AnswerWorld, turn: int) -> None:
    await world.say("yes", Auto_Submitted="auto-replied")


async def _ever_wrong(world: AnswerWorld, turn: int) -> None:
    await world.say("yes\nZZZZZ")


@pytest.mark.parametrize(("write", "letters_max"), [(_as_a_person, 2), (_as_a_robot, 1), (_ever_wrong, 5)])
async def test_another_robot_is_soon_alone(tmp_path: Path, write: Write, letters_max: int) -> None:
    """It answers every letter of ours, and would for ever."""
    async with proving(tmp_path) as world:
        answered = 0
        for turn in range(12):
            if len(await world.letters()) <= answered:
                break
            answered = len(await world.letters())
            await write(world, turn)
        assert (turn < 11, len(await world.letters())) == (True, letters_max)
        assert (await world.order()).state is OrderState.ASKED


async def test_two_robots_after_the_end_fall_silent_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirming, "LETTERS_MAX", 10)
    async with answer_world(tmp_path) as world:
        await world.say("no", proven=False)
        told = 0
        for _ in range(12):
            world.now_ms += HOUR_MS + 1
            for _ in range(7):
                await world.drop(world.mail("Thank you, your ticket is closed."))
            if len(await world.letters()) == told:
                break
            told = len(await world.letters())
        else:
            raise AssertionError("they write to each other for ever")
        assert told == confirming.LETTERS_MAX


async def test_a_machine_that_answers_for_ever_fills_no_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customers, "ANSWERS_MAX", 3)
    async with answer_world(tmp_path) as world:
        for _ in range(5):
            await world.drop(world.mail("Ticket opened"))
        assert await world.slugs() == [("answer", "")] * 3 + [("ignored", "answer-many")] * 2
