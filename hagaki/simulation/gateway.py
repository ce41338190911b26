"""The gateway as a program that dies and is started again, on what its disk held at that moment."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from acquirer_sdk.keyport import KeyPort
from acquirer_sdk.port import Acquirer
from acquirer_sdk.port import Ports as AcquirerPorts
from bank_debit.adapter import BankDebit
from bank_debit.settings import contract_of
from cafis_adapter import adapter
from hagaki.simulation.bank import BOOK, TABLE, Desk, kept
from hagaki.simulation.disk import Disk
from hagaki.simulation.history import History
from hagaki.simulation.loop import START_MS, Process, VirtualLoop
from hagaki.simulation.mailbox_line import MailboxLine
from hagaki.simulation.market import BANK, NO_HOLDS
from hagaki.simulation.provider import SETTINGS, Provider
from hagaki.simulation.shop_server import ServerCaller, ShopServers
from hagaki.simulation.town import DATABASE, DOMAIN, Town
from mail_gateway import app
from mail_gateway.ports import Ports
from mail_gateway.settings import (
    GatewaySettings,
    ImapSettings,
    KeySettings,
    Settings,
    SiteSettings,
    SmarthostSettings,
    SmtpSettings,
)

GATEWAY_PORT: Final = 2525
SMARTHOST_PORT: Final = 2526
HOST_PORT: Final = 8583
SITE_PORT: Final = 8443
STOP_MAX_S: Final = 90
"""A gateway that does not end when asked is killed after so long."""
RESTART_S: Final = 5
"""A gateway that ended by itself is started again after so long, as a service manager does."""


@dataclass
class Clock:
    """The gateway's wall clock: the world's time and, when it jumped, how far."""

    loop: VirtualLoop
    jumped_ms: int = 0

    def now_ms(self) -> int:
        """Unix milliseconds."""
        return START_MS + int(self.loop.time() * 1000) + self.jumped_ms


class Mortal:
    """Does the database's work inline, and dies at the commit it was told to: before it, or just after."""

    def __init__(self, die: Callable[[], None], process: Process, disk: Disk) -> None:
        self._die = die
        self._disk = disk
        self._process = process
        self.left: int | None = None
        self.after = False

    async def __call__(self, work: Callable[[], Any]) -> Any:
        if not self._process.alive:
            return work()
        if self.left is None:
            return self._disk.do(work)
        self.left -= 1
        if self.left >= 0:
            return self._disk.do(work)
        if self.after:
            kept(lambda: self._disk.do(work))
        self._die()
        return await asyncio.Event().wait()

    def close(self) -> None:
        """Nothing to close: there is no thread."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What the gateway lives in. sells: it takes orders, so that it has a site and an acquirer that keeps
    nothing, and a bank. listens: mail comes by SMTP. provider: where it has a mailbox, None: nowhere.
    servers: of the shops that it tells."""

    loop: VirtualLoop
    town: Town
    folder: Path
    history: History
    disk: Disk
    seed: str
    sells: bool = False
    listens: bool = True
    provider: Provider | None = None
    servers: ShopServers | None = None


class Gateway:
    """At most one life at a time. folder: of the newest database. ended: lives that failed. died: called
    when one is over."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self.clock = Clock(outside.loop)
        self.folder = outside.town.folder
        self.process: Process | None = None
        self.place: Mortal | None = None
        self.lives = 0
        self.ended: list[BaseException] = []
        self.died: Callable[[], None] = lambda: None
        self._disks = 0
        self._stop = asyncio.Event()
        self._take_disk()

    @property
    def database(self) -> Path:
        """The newest life's file."""
        return self.folder / DATABASE

    @property
    def url(self) -> str:
        """The same for the store."""
        return f"sqlite:///{self.database}"

    def start(self) -> None:
        """A new life, unless one lives. It takes a moment until it listens."""
        if self.process is not None:
            return
        self.lives += 1
        self._stop = asyncio.Event()
        process = self.process = Process(f"gateway{self.lives}")
        place = self.place = Mortal(self.kill, process, self._outside.disk)
        dice, provider, servers = self._dice("life"), self._outside.provider, self._outside.servers
        ports = Ports(
            self.clock.now_ms,
            dice.randbytes,
            self._teller(process),
            lambda: (place, place),
            mailbox=None if provider is None else lambda: MailboxLine(provider, self._dice("line")),
            hooks=None if servers is None else lambda: ServerCaller(servers, self._dice("hooks")),
        )
        self._outside.history.note("world", "gateway.start", life=self.lives)
        life = self._outside.loop.spawn(process, self._live(ports, place))
        self._watching = asyncio.get_running_loop().create_task(self._watch(life, process))

    def kill(self) -> None:
        """The life is over, wherever it was: nothing more is committed, nobody hears of it any more."""
        process, self.process = self.process, None
        self.place = None
        if process is not None:
            self._take_disk()
            self._outside.history.note("world", "gateway.killed", life=self.lives)
            self._outside.loop.kill(process)
            self._outside.disk.forget(process)
            self.died()

    def is_stopping(self) -> bool:
        """It was asked to end, and has not yet."""
        return self._stop.is_set()

    async def stop(self) -> None:
        """Ask the life to end in good order, and wait until it has; not for ever."""
        if self.process is not None:
            life = self.process
            self._stop.set()
            await asyncio.wait([self._watching], timeout=STOP_MAX_S)
            if self.process is life:
                self.kill()

    def _take_disk(self) -> None:
        """What stands on the disk now is what the next life begins with; the dead one keeps the old files."""
        old, self.folder = self.folder, self._outside.folder / f"disk{self._disks}"
        self._disks += 1
        shutil.copytree(old, self.folder, ignore=shutil.ignore_patterns("*-shm", "*.lock"))

    async def _live(self, ports: Ports, place: Mortal) -> None:
        own = AcquirerPorts(ports.now_ms, ports.random_bytes, ports.tell)
        line = {"host": "127.0.0.1", "port": HOST_PORT, "echo_interval_s": 300, "reconnect_max_ms": 20_000}

        book = self.folder / BOOK

        def build(_: KeyPort) -> dict[str, Acquirer]:
            names = ("cafis", NO_HOLDS) if self._outside.sells else ("cafis",)
            built = {name: adapter.create(line, own) for name in names}
            if NO_HOLDS in built:
                built[NO_HOLDS].capabilities = replace(built[NO_HOLDS].capabilities, capture=False)
            bank = {BANK: BankDebit(contract_of(TABLE), Desk(book, place), own)} if NO_HOLDS in built else {}
            return {**built, **bank}

        await app.run(self.settings(), ports, build, self._stop)

    async def _watch(self, life: asyncio.Task[Any], process: Process) -> None:
        await asyncio.wait([life])
        if not process.alive:
            return
        error = None if life.cancelled() else life.exception()
        self._outside.history.note(process.name, "gateway.ended", error=type(error).__name__)
        self.kill()
        if error is not None:
            self.ended.append(error)
            await asyncio.sleep(RESTART_S)
            self.start()

    def settings(self) -> Settings:
        """Of the newest life."""
        return Settings(
            GatewaySettings(DOMAIN, database=self.url),
            KeySettings(f"file:{self._outside.town.root}"),
            SmtpSettings(f"mx.{DOMAIN}", listen=self._outside.listens, port=GATEWAY_PORT),
            SmarthostSettings(port=SMARTHOST_PORT),
            site=SiteSettings(port=SITE_PORT if self._outside.sells else 0),
            imap=SETTINGS if self._outside.provider else ImapSettings(),
        )

    def _dice(self, of: str) -> random.Random:
        return random.Random(f"{self._outside.seed}/{of}/{self.lives}")

    def _teller(self, process: Process) -> Callable[..., None]:
        note = self._outside.history.note

        def tell(verb: str, /, **facts: Any) -> None:
            if process.alive:
                note(process.name, verb, **facts)

        return tell
