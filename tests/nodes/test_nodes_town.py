"""Real gateway processes on one PostgreSQL, under load, killed and stopped: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest
from nodes_world import Process, Town
from postgres_world import fresh_url
from sqlalchemy import func, select

from mail_gateway.store.tables import mails, payments

ROUNDS = int(os.environ.get("HAGAKI_TOWN_ROUNDS", "1"))
"""How often each trouble comes; long form: 50."""

AMOUNTS = (1200, 1200, 1904, 1051, 1200, 1901)
"""Approved, approved, approved late, declined, approved, charged and never answered."""

SALES = 36
LEASE_S = 3


def amounts(count: int) -> list[int]:
    return [AMOUNTS[n % len(AMOUNTS)] for n in range(count)]


async def end(town: Town) -> None:
    """All that was acknowledged has its true end."""
    await town.all_ended(len(town.accepted))
    town.assert_true()


async def test_the_same_mail_at_every_node_at_once_is_one_payment(tmp_path: Path) -> None:
    async with Town(tmp_path, fresh_url(), 2) as town:
        sales = [town.mail(1200) for _ in range(12)]
        for mail in sales:
            await asyncio.gather(*(town.post(mail, [port]) for port in town.ports * 2))
        await town.all_ended(12)
        assert town.ask(lambda conn: conn.scalar(select(func.count()).select_from(mails))) == 48
        town.assert_true()


async def test_nodes_are_killed_under_load(tmp_path: Path) -> None:
    """kill -9 of one node after the other; what it had is taken over, its mail goes to the others."""
    luck = random.Random(1)
    async with Town(tmp_path, fresh_url(), 3) as town:
        for _ in range(ROUNDS):
            loading = asyncio.create_task(town.load(amounts(SALES), pause_s=0.1))
            for _ in range(2):
                await asyncio.sleep(luck.uniform(0.2, 1.2))
                victim = luck.choice(town.nodes)
                await victim.kill()
                await town.begin(victim)
            await loading
            await end(town)


async def test_a_node_that_slept_longer_than_its_lease_sends_nothing(tmp_path: Path) -> None:
    """SIGSTOP, until the others have taken over, then SIGCONT: it finds out, and goes on as a new node."""
    async with Town(tmp_path, fresh_url(), 2) as town:
        sleeper, other = town.nodes
        for _ in range(ROUNDS):
            slow = [asyncio.create_task(town.post(town.mail(1904), town.ports[:1])) for _ in range(12)]
            await sleeper.saw("payment.moved", after="dispatched")
            sleeper.signal(signal.SIGSTOP)
            loading = asyncio.create_task(town.load(amounts(12), pause_s=0.1))
            await other.saw("node.adopted")
            sleeper.signal(signal.SIGCONT)
            await sleeper.saw("alarm.lease", slug="lease-lost")
            await asyncio.gather(loading, *slow)
            await end(town)


async def test_all_nodes_are_restarted_one_after_the_other(tmp_path: Path) -> None:
    """A rolling restart: nobody waits for a lease, and every mail finds a node at once."""
    async with Town(tmp_path, fresh_url(), 2) as town:
        for _ in range(ROUNDS):
            loading = asyncio.create_task(town.load(amounts(SALES), pause_s=0.2))
            for node in town.nodes:
                await _restarted(town, node)
            await loading
            await end(town)
        assert town.refusals == [], "no node that was up said no"


async def _restarted(town: Town, node: Process) -> None:
    await node.stop()
    await town.begin(node)
    await node.saw("line.signed-on")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_one_link_for_all_is_taken_over(tmp_path: Path, how: signal.Signals) -> None:
    """Only the link's owner asks the host; the stand-by takes mail, and the link when the owner is gone."""
    async with Town(tmp_path, fresh_url(), 2, link="host") as town:
        owner, stand_by = await _by_link(town)
        await town.load([1200] * 6)
        await town.all_ended(6)
        assert _workers(town) == 1, "the stand-by asked nobody"
        owner.signal(how)
        await owner.ended()
        await town.load(amounts(6))
        await stand_by.saw("node.link", held=1)
        await end(town)


async def _by_link(town: Town) -> tuple[Process, Process]:
    """The owner first."""
    one, two = town.nodes
    waits = [asyncio.create_task(node.saw("node.link", held=1)) for node in (one, two)]
    done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return (one, two) if waits[0] in done else (two, one)


def _workers(town: Town) -> int:
    asked = select(func.count(payments.c.node.distinct()))
    return int(town.ask(lambda conn: conn.scalar(asked)))
