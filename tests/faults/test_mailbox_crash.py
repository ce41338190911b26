"""A mailbox and a gateway that dies: whatever its last step is, each mail counts once and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from heart_world import World, tell_story
from sqlalchemy import update

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.payment import State
from mail_gateway.intake.accept import Intake, Onward
from mail_gateway.intake.gate import Addresses
from mail_gateway.intake.mailbox import Fate, MailboxError, Taken, Trouble
from mail_gateway.intake.mailbox_mail import Slot
from mail_gateway.intake.mailbox_reading import Reading
from mail_gateway.settings import ImapSettings, Settings, SmarthostSettings, SmtpSettings
from mail_gateway.store import mailboxes
from mail_gateway.store.engine import Store
from mail_gateway.store.tables import letters
from schemas.envelope import armour
from schemas.mail.build import build_mail

DONE = "Hagaki-done"
ROUND_S = 40


class Shelf:
    """A folder on a server that outlives every gateway. dies_at: the fetch or move, counted from 0, at which
    whoever asks dies, before or after it has its effect; failing: why nobody can connect; ends: of
    connections."""

    def __init__(self, mails: Iterable[bytes] = ()) -> None:
        self.lying = dict(enumerate(mails, 1))
        self.moved: list[tuple[str, int]] = []
        self.validity = 7
        self.calls = 0
        self.dies_at: int | None = None
        self.dies_after = False
        self.failing: list[MailboxError] = []
        self.ends: list[MailboxError] = []
        self.opened = 0
        self.most_asked = 0
        self.full = False
        self.is_restless = False

    async def _step(self, *, after: bool = False) -> None:
        if self.dies_after is after and self.calls == self.dies_at:
            await asyncio.Event().wait()
        self.calls += after

    async def open(self) -> None:
        self.opened += 1
        if self.failing:
            raise self.failing.pop(0)

    async def look(self) -> list[int]:
        if self.ends:
            raise self.ends.pop(0)
        return sorted(self.lying)

    async def weigh(self, uids: Iterable[int]) -> dict[int, int]:
        asked = list(uids)
        self.most_asked = max(self.most_asked, len(asked))
        return {uid: len(self.lying[uid]) for uid in asked if uid in self.lying}

    async def fetch(self, uid: int) -> bytes | None:
        await self._step()
        await self._step(after=True)
        return self.lying.get(uid)

    async def move(self, uids: Iterable[int], folder: str) -> None:
        await self._step()
        if self.full:
            raise MailboxError(Trouble.FOLDER, "over quota")
        for uid in uids:
            self.lying.pop(uid, None)
            self.moved.append((folder, uid))
        await self._step(after=True)

    async def wait(self, wait_ms: int, *, is_watching: bool) -> None:
        if self.is_restless:
            raise MailboxError(Trouble.DOWN, "no IDLE today")
        await asyncio.sleep(wait_ms / 1000)

    def close(self) -> None:
        return None


class BadDisk:
    """A store that can be told to fail."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.is_full = False
        self.failures = 0

    async def run(self, unit: Callable[..., Any], /, *args: Any) -> Any:
        if self.is_full:
            self.failures += 1
            raise GatewayError("The disk is full.", "store-full", Disposition.RETRY)
        return await self._store.run(unit, *args)


def reading(world: World, shelf: Shelf, slot: Slot | None = None, store: BadDisk | None = None) -> Reading:
    life = world.life
    assert life is not None
    own = ImapSettings("imap.example", user="hagaki", password="sesame")
    settings = Settings(world.gateway, world.keys, SmtpSettings("mx"), SmarthostSettings(), imap=own)
    intake = Intake(life.store, Onward(life.runner.wake), world.gateway, life.kit.ports)
    slot = slot or Slot(intake, Addresses(world.gateway))
    return Reading(settings, shelf, slot, store or life.store, life.kit.ports)


def begin(world: World, shelf: Shelf) -> None:
    assert world.life is not None
    world.life.tasks.append(asyncio.create_task(reading(world, shelf).run()))


def sale(world: World) -> bytes:
    block = armour.block(armour.SALE, world.envelope())
    return build_mail({"From": "shop@carrier.example", "To": "sale@pay.example"}, block)


async def all_sent(world: World) -> None:
    """Every letter has left, long enough ago that a repeated sale would pull it again."""
    assert world.life is not None
    gone = {"state": "sent", "due_ms": None, "sent_ms": world.now_ms()}
    await world.life.store.run(lambda sheet: sheet.execute(update(letters).values(**gone)).rowcount)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(4), ids=["fetch", "move", "fetch-2", "move-2"])
def test_whoever_dies_at_any_step_charges_once_and_writes_one_letter(
    step: int, after: bool, tmp_path: Path
) -> None:
    async def story(world: World) -> None:
        shelf = Shelf([sale(world)])
        shelf.dies_at, shelf.dies_after = step, after
        begin(world, shelf)
        await asyncio.sleep(ROUND_S)
        shelf.lying[2] = sale(world)
        await asyncio.sleep(ROUND_S)
        await all_sent(world)
        await asyncio.sleep(2 * world.gateway.resend_after_s)
        await world.kill()
        shelf.dies_at = None
        await world.start()
        begin(world, shelf)
        await asyncio.sleep(ROUND_S)
        for number in (1, 2):
            payment = await world.reach(number, State.APPROVED)
            assert world.acquirer.requests == {payment.reference: 1} | world.acquirer.requests
        assert not shelf.lying
        assert {folder for folder, _ in shelf.moved} == {DONE}
        due = [letter.payment_id for letter in await world.letters()]
        kept = [facts["verdict"] for verb, facts in world.told if verb == "mail.accepted"]
        assert kept.count("new") == 2
        assert kept.count("fetched") == (step in (1, 3) and not after)
        # a letter is due only for a sale that nobody had taken before the death
        assert len(due) == len(set(due))
        assert not (step == 1 and not after and 1 in due)

    tell_story(tmp_path, story)


def test_new_numbers_and_numbers_given_twice_lose_no_mail(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shelf = Shelf([sale(world)])
        begin(world, shelf)
        await asyncio.sleep(ROUND_S)
        await world.reach(1, State.APPROVED)
        shelf.validity, shelf.lying = 8, {1: sale(world)}
        shelf.ends.append(MailboxError(Trouble.DOWN, "restored from a backup"))
        await asyncio.sleep(2 * ROUND_S)
        await world.reach(2, State.APPROVED)
        assert len(await world.letters()) == 2
        shelf.lying = {1: sale(world)}  # the same number under the same validity: a server that is wrong
        await asyncio.sleep(2 * ROUND_S)
        await world.reach(3, State.APPROVED)

    tell_story(tmp_path, story)


class Moody:
    """A slot that takes what it likes, and kills the connection at what it hates."""

    def __init__(self) -> None:
        self.tried: list[tuple[bytes, int]] = []

    async def take(self, raw: bytes, place: str) -> Taken:
        self.tried.append((raw, int(asyncio.get_running_loop().time())))
        if raw == b"hated":
            raise MailboxError(Trouble.DOWN, "connection lost")
        return Taken(Fate.LATER if raw == b"later" else Fate.DONE)


def test_a_mail_that_cannot_be_taken_holds_up_no_other(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shelf, moody = Shelf([b"hated", *[b"later"] * 30, *[b"good"] * 30]), Moody()
        task = asyncio.create_task(reading(world, shelf, moody).run())
        await asyncio.sleep(600)
        assert len(shelf.moved) == 30
        assert set(shelf.lying.values()) == {b"hated", b"later"}
        tries = [at for raw, at in moody.tried if raw == b"hated"]
        pauses = [later - before for before, later in pairwise(tries)]
        assert pauses == sorted(pauses)
        assert 4 <= len(pauses) <= 8
        assert shelf.most_asked <= 20
        await asyncio.sleep(600)
        stuck = [facts["uid"] for verb, facts in world.told if facts.get("slug") == "mailbox-stuck"]
        assert sorted(stuck) == list(range(1, 32))
        task.cancel()

    tell_story(tmp_path, story)


def test_a_wrong_password_is_said_once_and_tried_slowly_until_it_is_right(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shelf = Shelf([sale(world)])
        shelf.failing = [MailboxError(Trouble.LOGIN, "no")] * 6
        begin(world, shelf)
        await asyncio.sleep(3 * 60)
        assert shelf.opened <= 3
        await asyncio.sleep(2 * 3600)
        alarms = [facts["slug"] for verb, facts in world.told if verb == "alarm.mailbox"]
        assert alarms == ["mailbox-login"]
        assert world.verbs("mailbox.connected") == ["mailbox.connected"]
        assert not shelf.lying

    tell_story(tmp_path, story)


def test_a_folder_that_takes_nothing_is_one_alarm_and_no_second_sale(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shelf = Shelf([sale(world)])
        shelf.full = True
        begin(world, shelf)
        await asyncio.sleep(20)
        assert [facts["slug"] for verb, facts in world.told if verb == "alarm.mailbox"] == ["mailbox-folder"]
        assert shelf.lying
        shelf.full = False
        await asyncio.sleep(120)
        assert not shelf.lying
        assert world.verbs("mailbox") == ["mailbox.connected"]
        kept = [facts["verdict"] for verb, facts in world.told if verb == "mail.accepted"]
        assert kept.count("new") == 1
        assert set(kept[1:]) == {"fetched"}

    tell_story(tmp_path, story)


def test_a_server_that_ends_every_wait_is_told_and_asked_ever_more_seldom(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shelf = Shelf()
        shelf.is_restless = True
        begin(world, shelf)
        await asyncio.sleep(3600)
        assert shelf.opened <= 30
        assert "alarm.mailbox" in world.verbs("alarm")

    tell_story(tmp_path, story)


def test_a_server_that_hangs_up_now_and_then_is_no_alarm(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shelf = Shelf()
        begin(world, shelf)
        await asyncio.sleep(1)
        shelf.ends = [MailboxError(Trouble.DOWN, "closed")]
        await asyncio.sleep(120)
        assert shelf.opened == 2
        assert world.verbs("alarm") == []
        assert world.verbs("mailbox") == ["mailbox.connected"]

    tell_story(tmp_path, story)


@pytest.mark.parametrize("slug", ["", "mailbox-login"], ids=["can be read", "cannot be read"])
def test_what_a_full_disk_did_not_take_down_the_doctor_hears_later(slug: str, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        shelf, disk = Shelf(), BadDisk(world.life.store)
        one = reading(world, shelf, store=disk)
        turned_away = [MailboxError(Trouble.LOGIN, "no")]
        shelf.failing = [] if slug else turned_away
        task = asyncio.create_task(one.run())
        await asyncio.sleep(30)
        disk.is_full = True
        if slug:
            shelf.ends, shelf.failing = [MailboxError(Trouble.DOWN, "closed")], turned_away * 12
        await asyncio.sleep(600)
        assert disk.failures
        alarms = [facts["slug"] for verb, facts in world.told if verb == "alarm.mailbox"]
        assert alarms.count("store-full") == 1
        disk.is_full = False
        await asyncio.sleep(3600)
        away = await world.life.store.read(mailboxes.away, one.name)
        assert (away["slug"] if away else "") == slug
        task.cancel()

    tell_story(tmp_path, story)
