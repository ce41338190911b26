"""Sales under keys that were revoked or retired: the next mail is refused, what is on its way is not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from heart_acquirer import Habits
from heart_world import START_MS, World, kinds, tell_story

from mail_gateway.admin import keys
from mail_gateway.admin.keys import Desk
from mail_gateway.domain.decide import key_refusal
from mail_gateway.domain.payment import State
from mail_gateway.store import inbox, keybook, sqlite

DAY_MS = 24 * 60 * 60_000


def desk(world: World) -> Desk:
    return Desk(world.gateway, world.keys, "operator")


def bdk_id(world: World) -> str:
    return world.reader.initial_key_id[:4].hex().upper()


def retire(world: World, until_ms: int) -> None:
    """As `hagaki keys rotate` does, but on the world's clock."""
    keys.new_bdk(world.gateway, world.keys)
    with sqlite.guest(world.gateway.database, write=True) as conn:
        keybook.retire_older(conn, until_ms, "operator")


async def refused(world: World, slug: str, **fields: object) -> None:
    kept = await world.post(world.envelope(**fields))
    found = await world.reach(kept.payment_id, State.REFUSED)
    assert found.code == slug
    assert found.envelope is None
    assert await kinds(world, found.id) == ["opened", "bad-request"]
    assert world.writer.news[-1].sealed_result is not None, "the reader shows it"


async def approved(world: World, **fields: object) -> None:
    kept = await world.post(world.envelope(**fields))
    await world.reach(kept.payment_id, State.APPROVED)


@pytest.mark.parametrize("subject", ["reader", "bdk"])
def test_the_next_mail_after_a_revocation_is_refused(tmp_path: Path, subject: str) -> None:
    async def story(world: World) -> None:
        what = 1 if subject == "reader" else bdk_id(world)
        await approved(world)
        keys.revoke(desk(world), what, "stolen")
        await refused(world, "reader-revoked" if subject == "reader" else "key-revoked")
        assert len(world.acquirer.requests) == 1
        keys.revoke(desk(world), what, "found", revoked=False)
        await approved(world)

    tell_story(tmp_path, story)


def test_the_merchant_reads_what_to_do(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        keys.revoke(desk(world), 1, "stolen")
        await refused(world, "reader-revoked")
        assert world.writer.news[-1].reason == "This reader has been stopped: please call the payment centre"
        keys.revoke(desk(world), 1, "found", revoked=False)
        retire(world, START_MS - 1)
        await refused(world, "key-retired", reader_time_s=START_MS // 1000 + 1)
        assert "load new ones" in world.writer.news[-1].reason

    tell_story(tmp_path, story)


def test_another_bdks_readers_are_not_touched(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        keys.revoke(desk(world), keys.new_bdk(world.gateway, world.keys)["bdk_id"], "seen")
        await approved(world)

    tell_story(tmp_path, story)


def test_a_retired_key_opens_until_its_end_and_not_after(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        until_ms = START_MS + 7 * DAY_MS
        retire(world, until_ms)
        await approved(world)
        await asyncio.sleep((until_ms - world.now_ms()) / 1000 - 5)
        await approved(world)
        await asyncio.sleep(60)
        sealed_s = (until_ms - 1000) // 1000
        await approved(world, reader_time_s=sealed_s)  # on its way when the end came
        await refused(world, "key-retired", reader_time_s=sealed_s + 2)
        await refused(world, "key-retired", reader_time_s=0)

    tell_story(tmp_path, story)


def test_what_waits_for_the_line_goes_on_after_a_retirement(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.acquirer.habits = Habits(not_ready=100)
        kept = await world.post(world.envelope())
        await world.reach(kept.payment_id, State.READY)
        retire(world, world.now_ms() - 1)
        world.acquirer.habits = Habits()
        await world.reach(kept.payment_id, State.APPROVED)

    tell_story(tmp_path, story)


def test_a_repeat_of_an_approved_sale_is_not_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        sealed = world.envelope()
        kept = await world.post(sealed)
        await world.reach(kept.payment_id, State.APPROVED)
        keys.revoke(desk(world), 1, "stolen")
        again = await world.post(sealed)
        assert (again.payment_id, again.verdict) == (kept.payment_id, "repeat")
        assert (await world.payment(kept.payment_id)).state == State.APPROVED

    tell_story(tmp_path, story)


def test_taken_before_and_not_yet_looked_at_is_refused_too(tmp_path: Path) -> None:
    """A mail that the gateway took in an earlier life, revoked before this one."""

    async def story(world: World) -> None:
        life = world.life
        assert life is not None
        kept = await life.store.run(inbox.keep, world.arrival(world.envelope()))
        keys.revoke(desk(world), 1, "stolen")
        life.runner.wake(kept.payment_id)
        assert (await world.reach(kept.payment_id, State.REFUSED)).code == "reader-revoked"

    tell_story(tmp_path, story)


@pytest.mark.parametrize(
    ("barred", "until_ms", "sealed_ms", "slug"),
    [
        ("", None, 5, ""),
        ("", 5, 5, ""),
        ("", 5, 6, "key-retired"),
        ("key-revoked", 5, 4, "key-revoked"),
        ("reader-revoked", None, 0, "reader-revoked"),
    ],
)
def test_the_rule(barred: str, until_ms: int | None, sealed_ms: int, slug: str) -> None:
    assert key_refusal(barred, until_ms, sealed_ms) == slug
