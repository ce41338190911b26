"""Letters leave signed: through a real gateway, again after doubt, in a new life and after a rotation."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiosmtplib
import dkim_world as office
import pytest
from test_heart_app import LIMIT_S, town
from test_outbox_send import World, a_world

from mail_gateway.admin.keys import Desk
from mail_gateway.domain.news import Composed
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.signing_key import Kind, SigningKey
from mail_gateway.envelope.keys import KeyRing, Purpose
from mail_gateway.observe.maillog import MailLog
from mail_gateway.outbox.send import Sender
from mail_gateway.outbox.signing import LOOK_MS, Signing
from mail_gateway.outbox.wire import in_lines
from mail_gateway.settings import SmarthostSettings
from mail_gateway.store import dkim_keys, letters
from schemas.mail.build import build_mail

START_MS = 1_700_000_000_000
RING = KeyRing(bytes(32), bytes)
RSA = office.key(RING, "r1", Kind.RSA, START_MS - 1)
EDWARDS = office.key(RING, "e1", Kind.ED25519, START_MS - 1)
NEXT = office.key(RING, "e2", Kind.ED25519, START_MS + 60_000, 1)
HEAD = {"From": "Hagaki <sale@pay.example>", "To": "a@x.example", "Subject": "承認"}
RAW = build_mail(HEAD, ".\n..dots that are doubled on the wire \n\n.\n  blanks \t\n")


class Signed(World):
    """The sender signs; a new life of it has read its keys anew."""

    ring = RING

    async def keep(self, *keys: SigningKey) -> None:
        for key in keys:
            await self.store.run(dkim_keys.put, key)

    async def write(self, number: int) -> None:
        composed = Composed(f"<{number}@x>", "b1token@r.example", "a@x.example", RAW)
        await self.store.run(letters.put, 1, letters.Queued(Letter.APPROVED, number, composed), self.now_ms)

    def start(self, **more) -> None:
        own = SmarthostSettings("127.0.0.1", self.host.port, sender_domain="pay.example", **more)
        signing = Signing(self.store, self.ring, MailLog(self._tell))
        self.sender = Sender(own, self.store, self.ports, signed=signing)
        self.running = asyncio.create_task(self.sender.run(self.stop))

    async def new_life(self) -> None:
        self.stop.set()
        await self.running
        self.stop.clear()
        self.start()

    async def taken(self) -> bytes:
        async with asyncio.timeout(LIMIT_S):
            return (await self.host.taken.get())[2]


@asynccontextmanager
async def signed_world(folder: Path, *keys: SigningKey):
    async with a_world(folder) as world:
        world.__class__ = Signed
        world.now_ms = START_MS
        await world.keep(*keys)
        yield world


async def test_a_gateways_letter_is_signed_and_another_implementation_takes_it(tmp_path: Path) -> None:
    async with town(tmp_path) as (here, mailbox):
        desk = Desk(here.settings.gateway, here.settings.keys, "")
        keys = [office.key(desk.ring(), "r1", Kind.RSA, 1), office.key(desk.ring(), "e1", Kind.ED25519, 1)]
        office.keep(desk, *keys)
        async with here.gateway() as port:
            to = {"sender": "shop@carrier.example", "recipients": ["sale@pay.example"]}
            await aiosmtplib.send(here.mail(1200), hostname="127.0.0.1", port=port, **to)
            async with asyncio.timeout(LIMIT_S):
                letter = await mailbox.letters.get()
    assert office.holds(letter, *keys) == [True, True]
    assert here.read_result(letter).amount_minor == 1200, "the reader reads it as before"
    assert b"d=pay.example;" in letter
    (signed_s,) = set(re.findall(rb" t=(\d+);", letter))
    assert abs(time.time() - int(signed_s)) < LIMIT_S, "it is the letter's time"


async def test_what_follows_doubt_is_the_same_in_a_new_life_and_after_a_rotation(tmp_path: Path) -> None:
    async with signed_world(tmp_path, RSA, EDWARDS) as world:
        world.host.hang_up = 2
        await world.write(1)
        world.start()
        await world.until_state(1, "uncertain")
        first = await world.taken()
        assert office.holds(first, RSA, EDWARDS) == [True, True]
        await world.keep(NEXT)
        await world.store.run(dkim_keys.retire, "r1", START_MS + 60_000)
        world.later(120)
        assert await world.taken() == first
        await world.until_state(1, "uncertain")
        await world.new_life()
        world.later(600)
        await world.until("letter.sent")
        assert await world.taken() == first
        await world.write(2)
        world.sender.wake()
        later = await world.taken()
        assert office.holds(later, NEXT) == [True], "of the retired kind there is none"
        assert b"s=e2;" in later


async def test_a_key_signs_what_is_written_from_its_start_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lazy = ("mail_gateway.outbox.dkim", "mail_gateway.envelope.signing")
    for name in lazy:
        monkeypatch.delitem(sys.modules, name, raising=False)
    async with signed_world(tmp_path) as world:
        world.start()
        await world.write(1)
        world.sender.wake()
        assert await world.taken() == in_lines(RAW), "without a key nothing changes"
        assert not sys.modules.keys() & set(lazy), "and nobody pays for one"
        await world.keep(NEXT)
        world.later(LOOK_MS // 1000)
        await world.write(2)
        world.later(60)
        assert await world.taken() == in_lines(RAW), "it was written before"
        await world.write(3)
        world.sender.wake()
        assert office.holds(await world.taken(), NEXT) == [True]


async def test_a_key_that_does_not_open_holds_up_nothing_and_is_told_once(tmp_path: Path) -> None:
    async with signed_world(tmp_path, RSA, EDWARDS) as world:
        world.ring = KeyRing(b"\1" * 32, bytes)
        await world.write(1)
        world.start()
        assert await world.taken() == in_lines(RAW)
        await world.write(2)
        world.later(60)
        assert await world.taken() == in_lines(RAW)
        told = [facts for verb, facts in world.told if verb == "alarm.dkim"]
        assert told == [{"slug": "dkim-key-unopened", "selector": one} for one in ("e1", "r1")]


async def test_a_key_that_this_machine_cannot_use_holds_up_nothing(tmp_path: Path) -> None:
    junk = replace(RSA, wrapped=RING.wrap(Purpose.DKIM, RSA.name.encode(), b"of a later time"))
    async with signed_world(tmp_path, junk, EDWARDS) as world:
        await world.write(1)
        world.start()
        assert office.holds(await world.taken(), EDWARDS) == [True]
        assert [facts["selector"] for verb, facts in world.told if verb == "alarm.dkim"] == ["r1"]
