"""A world for the heart: one merchant, one reader, and a gateway that can be killed and started again."""

from __future__ import annotations

import asyncio
import atexit
import random
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from Crypto.Cipher import AES
from heart_acquirer import CARD, CountingAcquirer, Habits, virtual_loop
from sqlalchemy import select

from acquirer_sdk.values import (
    Approved,
    AuthoriseOutcome,
    AuthoriseRequest,
)
from mail_gateway.admin import keys, merchants, readers
from mail_gateway.domain.news import Composed, News
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.route import Table
from mail_gateway.envelope import dukpt
from mail_gateway.envelope.keys import KeyRing
from mail_gateway.envelope.root import fetch_root
from mail_gateway.outbox.compose import Compose, TokenKeys
from mail_gateway.outbox.notices import Notices
from mail_gateway.ports import Ports
from mail_gateway.settings import GatewaySettings, KeySettings, Settings, SmarthostSettings, SmtpSettings
from mail_gateway.store import inbox, letters, nodes, payments
from mail_gateway.store.engine import Store, open_store
from mail_gateway.store.place import Inline
from mail_gateway.store.tables import events
from mail_gateway.work.kit import Kit
from mail_gateway.work.runner import Runner
from mail_gateway.work.sweeper import Sweeper
from mail_gateway.work.switch import Switch
from schemas.envelope import cose, payload

START_MS = 1_790_000_000_000


class Mortal(Inline):
    """Does the database's work inline, and dies at the commit it is told to: before it, or just after."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.after = False
        self.dead = asyncio.Event()

    async def __call__(self, work: Callable[[], Any]) -> Any:
        if self.dead.is_set():
            await asyncio.Event().wait()
        dying = self.left == 0
        if self.left is not None:
            self.left -= 1
        value = None if dying and not self.after else work()
        if dying:
            self.dead.set()
            await asyncio.Event().wait()
        return value


class PlainWriter:
    """A letter as one line of facts; broken: how many times composing fails before it works."""

    def __init__(self) -> None:
        self.news: list[News] = []
        self.broken = 0

    def compose(self, news: News) -> Composed:
        if self.broken > 0:
            self.broken -= 1
            raise KeyError("template")
        self.news.append(news)
        message_id = f"<{news.payment_id}.{news.version}@pay.example>"
        text = f"{news.letter} {news.amount_minor} {news.reason}"
        return Composed(message_id, "gateway@pay.example", news.recipient, text.encode())


@dataclass
class Life:
    """One process of the gateway."""

    store: Store
    place: Mortal
    runner: Runner
    sweeper: Sweeper
    kit: Kit
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


@cache
def _town() -> tuple[Path, readers.Enrolled]:
    """A database with a key, a merchant and a reader, made once and copied into every world."""
    folder = Path(tempfile.mkdtemp(prefix="hagaki-town-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    gateway = GatewaySettings("pay.example", database=f"sqlite:///{folder}/hagaki.db")
    root = KeySettings(f"file:{folder}/root.key")
    keys.new_bdk(gateway, root)
    merchants.add(gateway, merchants.NewMerchant("Hagaki Store", "shop@carrier.example", "en"))
    return folder, readers.enrol(gateway, root, 1)


class World:
    """One merchant, one reader, one acquirer; any number of lives of the gateway after one another."""

    def __init__(self, folder: Path, *, seed: int = 0, habits: Habits | None = None, **settings: Any) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.gateway = GatewaySettings("pay.example", database=f"sqlite:///{folder}/hagaki.db", **settings)
        self.keys = KeySettings(f"file:{folder}/root.key")
        self.acquirer = CountingAcquirer(habits or Habits(), random.Random(seed + 1))
        self.writer = PlainWriter()
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.counter = 0
        self.life: Life | None = None
        self.phones: set[asyncio.Task[Any]] = set()
        town, self.reader = _town()
        for file in town.iterdir():
            shutil.copyfile(file, folder / file.name)

    def now_ms(self) -> int:
        return START_MS + int(asyncio.get_running_loop().time() * 1000)

    def tell(self, verb: str, /, **facts: Any) -> None:
        self.told.append((verb, facts))

    def verbs(self, prefix: str) -> list[str]:
        return [verb for verb, _ in self.told if verb.startswith(prefix)]

    def random_bytes(self, count: int) -> bytes:
        return self.random.randbytes(count)

    def notices(self) -> Notices:
        settings = Settings(self.gateway, self.keys, SmtpSettings("mx.pay.example"), SmarthostSettings())
        tokens = TokenKeys(b"r" * 32, b"b" * 32)
        return Notices(tokens, Compose(settings, tokens))

    def switch(self) -> Switch:
        return Switch({self.acquirer.name: self.acquirer}, Table(self.acquirer.name))

    async def start(self) -> Life:
        place = Mortal()
        store = open_store(self.gateway.database, (place, place))
        ports = Ports(self.now_ms, self.random_bytes, self.tell)
        node = await store.run(nodes.begin_life, self.now_ms())
        await store.run(payments.adopt, node, self.now_ms())
        ring = KeyRing(fetch_root(self.keys.root), self.random_bytes)
        line = asyncio.Semaphore(self.gateway.requests_max)
        writers = (self.writer, self.notices())
        switch = self.switch()
        kit = Kit(store, ring, switch, *writers, self.gateway, ports, node, lambda: None, line)
        sweeper = Sweeper(store, ports, lambda number: runner.wake(number))
        runner = Runner(kit, sweeper.due)
        await switch.start(runner.late)
        await runner.begin()
        self.life = Life(store, place, runner, sweeper, kit)
        self.life.tasks.append(asyncio.create_task(sweeper.run()))
        return self.life

    async def kill(self) -> None:
        """The process is gone: nothing more is committed, nobody is told anything."""
        if self.life is None:
            return
        life, self.life = self.life, None
        life.place.dead.set()
        await self.acquirer.close()
        keep = asyncio.current_task()
        for task in asyncio.all_tasks() - {keep, *self.phones}:
            task.cancel()
        await asyncio.sleep(0)
        life.store._writer.close()
        life.store._reader.close()
        life.store._held.close()

    async def stop(self) -> None:
        """The process ends in good order."""
        assert self.life is not None
        life, self.life = self.life, None
        await life.runner.drain()
        for task in life.tasks:
            task.cancel()
        await life.store.close()
        for phone in self.phones:  # one that a death cut off: nobody waits for it any more
            if phone.done() and not phone.cancelled():
                phone.exception()

    def envelope(self, *, counter: int | None = None, seal: bool = True, **fields: Any) -> bytes:
        """A sealed sale, as the reader would make it; counter: else the next one."""
        if counter is None:
            self.counter = counter = self.counter + 1
        ksn = self.reader.initial_key_id + counter.to_bytes(4, "big")
        given = {
            "kind": 1,
            "amount_minor": 1200,
            "currency": 392,
            "entry_mode": 1,
            "condition": 10,
        }
        sale = payload.Sale(**{**given, "track2": CARD, "slip": counter % 100000, **fields})
        cipher = AES.new(self.sale_key(ksn), AES.MODE_CCM, nonce=cose.nonce(ksn, 0), mac_len=16)
        cipher.update(cose.enc_structure(cose.AAD_SALE if seal else b"other"))
        sealed, tag = cipher.encrypt_and_digest(payload.encode_sale(sale))
        return cose.pack(ksn, 0, sealed + tag)

    def sale_key(self, ksn: bytes, usage: dukpt.Usage = dukpt.Usage.DATA_ENCRYPTION) -> bytes:
        """From the reader's initial key, not from the gateway's ring."""
        key, so_far = self.reader.initial_key, 0
        for bit in reversed(range(32)):
            if int.from_bytes(ksn[8:], "big") >> bit & 1:
                so_far |= 1 << bit
                ident = ksn[4:8] + so_far.to_bytes(4, "big")
                key = dukpt._derive(key, dukpt.Usage.KEY_DERIVATION, ident, 16)
        return dukpt._derive(key, usage, ksn[4:], 16)

    def arrival(self, envelope: bytes | None, **fields: Any) -> inbox.Arrival:
        given = {
            "received_ms": self.now_ms(),
            "sender": "shop@carrier.example",
            "recipients": ("sale@pay.example",),
            "message_id": "<sale@carrier.example>",
            "peer": "192.0.2.1",
            "envelope": envelope,
            "pad": None if envelope is None else self.random_bytes(len(envelope)),
            "ksn": None if envelope is None else cose.unpack(envelope)[0],
            "slug": "",
            "raw": b"mail",
        }
        return inbox.Arrival(**{**given, **fields})

    async def post(self, envelope: bytes | None, **fields: Any) -> inbox.Kept:
        """A mail comes in, as intake does it."""
        life = self.life
        assert life is not None
        kept = await life.store.run(inbox.keep, self.arrival(envelope, **fields))
        if kept.payment_id is not None:
            life.runner.wake(kept.payment_id, kept.payment)
        return kept

    async def payment(self, number: int) -> payments.Payment:
        assert self.life is not None
        found = await self.life.store.read(payments.load, number)
        assert found is not None
        return found

    async def reach(self, number: int, *states: Any, within_s: int = 3600) -> payments.Payment:
        """Wait, in virtual time, until the payment is in one of the states."""
        for _ in range(within_s * 4):
            found = await self.payment(number)
            if found.state in states:
                return found
            await asyncio.sleep(0.25)
        raise AssertionError(f"payment {number} is {found.state}, wanted {states}")

    async def letters(self) -> list[letters.LetterRow]:
        assert self.life is not None
        return await self.life.store.read(letters.due, self.now_ms() + 10**12, 10_000)


Answer = Callable[[AuthoriseRequest], AuthoriseOutcome]


def tell_story(folder: Path, story: Callable[[World], Awaitable[None]], **settings: Any) -> World:
    """Run one story in a world of its own."""
    with virtual_loop() as loop:
        world = World(folder, **settings)

        async def whole() -> None:
            await world.start()
            try:
                await story(world)
            finally:
                await world.stop()

        loop.run_until_complete(whole())
    return world


def answering(world: World, *outcomes: AuthoriseOutcome | Answer) -> None:
    """The acquirer gives these answers, one a request; the last one for ever."""
    left = list(outcomes)

    async def script(request: AuthoriseRequest) -> AuthoriseOutcome:
        outcome = left.pop(0) if len(left) > 1 else left[0]
        answer = outcome(request) if callable(outcome) else outcome
        if isinstance(answer, Approved):
            world.acquirer.charge(request.reference, answer.amount_minor)
        return answer

    world.acquirer.script = script


async def kinds(world: World, number: int) -> list[str]:
    assert world.life is not None
    asked = select(events.c.kind).where(events.c.payment == number).order_by(events.c.id)
    return list(await world.life.store.read(lambda conn: conn.scalars(asked).all()))


async def told(world: World) -> list[Letter]:
    return [
        letter.kind for letter in sorted(await world.letters(), key=lambda one: (one.payment_id, one.version))
    ]
