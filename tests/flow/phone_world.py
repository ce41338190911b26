"""What stands around a phone in tests: events to wait for, a mail server, a Maildir, a reader on a pty."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from aiosmtpd.smtp import SMTP

from hagaki.secret_commands import asker
from hagaki.world import free_ports
from handset.app import run
from handset.ports import Ports
from handset.settings import HandsetSettings
from schemas.envelope import armour
from schemas.link.session import Session
from schemas.link.table import READER
from schemas.mail.build import build_mail

NOW_MS = 1_770_000_000_000
SALE = armour.to_text(armour.SALE, b"sealed sale " * 9)
RESULT = armour.to_text(armour.RESULT, b"sealed result " * 5)
WAIT_S = 20


class Told:
    """The event stream, and waiting for something in it."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []
        self._changed = asyncio.Event()

    def __call__(self, verb: str, /, **facts: object) -> None:
        self.events.append((verb, facts))
        self._changed.set()

    def all(self, verb: str, **facts: object) -> list[dict[str, object]]:
        return [f for v, f in self.events if v == verb and facts.items() <= f.items()]

    async def wait(self, verb: str, *, times: int = 1, **facts: object) -> dict[str, object]:
        async with asyncio.timeout(WAIT_S):
            while len(found := self.all(verb, **facts)) < times:
                self._changed.clear()
                await self._changed.wait()
        return found[times - 1]


def ports(told: Told, now_ms: Callable[[], int] = lambda: NOW_MS) -> Ports:
    return Ports(now_ms, os.urandom, told, asker(Path.cwd()))


@contextlib.asynccontextmanager
async def running(start: Callable[[asyncio.Event], Awaitable[None]]) -> AsyncIterator[asyncio.Task[None]]:
    """Run a program beside the test; on leaving it is told to stop, and must."""
    stop = asyncio.Event()

    async def whole() -> None:
        await start(stop)

    task = asyncio.create_task(whole())
    try:
        yield task
    finally:
        stop.set()
        async with asyncio.timeout(WAIT_S):
            await task


def phone(
    settings: HandsetSettings, told: Told
) -> contextlib.AbstractAsyncContextManager[asyncio.Task[None]]:
    return running(lambda stop: run(settings, ports(told), stop))


def settings(tmp_path: Path, **changed: object) -> HandsetSettings:
    usual: dict[str, object] = {
        "port": str(tmp_path / "no-reader"),
        "spool": str(tmp_path / "phone"),
        "mail_from": "shop@carrier.example",
        "mail_to": "sale@pay.example",
        "smtp_port": 9,
        "fetch": f"maildir:{tmp_path / 'mailbox'}",
        "poll_ms": 20,
        "timeout_ms": 5_000,
        "retry_first_ms": 20,
        "retry_max_ms": 50,
        "language": "en",
    }
    return HandsetSettings(**{**usual, **changed})


def free_port() -> int:
    return free_ports(1)[0]


class Sink:
    """A real SMTP server that keeps what it takes. replies: what to answer to the next mails, then 250."""

    def __init__(self, *replies: str) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.replies = list(replies)
        self._transports: list[asyncio.BaseTransport] = []

    async def listen(self, port: int = 0) -> int:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._connection, "127.0.0.1", port)
        return int(self._listener.sockets[0].getsockname()[1])

    def close(self) -> None:
        self._listener.close()

    async def handle_DATA(self, server: SMTP, _session: object, envelope: object) -> str:
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        reply = self.replies.pop(0) if self.replies else "250 OK"
        if reply == "hang up":
            server.transport.abort()
        return reply

    def _connection(self) -> SMTP:
        return SMTP(self, hostname="sink.example", loop=asyncio.get_running_loop())


def result_mail(text: str = RESULT, *, words: str = "OK 1,200 yen") -> bytes:
    block = armour.block(*armour.from_text(text)) if text else ""
    headers = {"From": "sale@pay.example", "Subject": "Result", "Message-ID": "<r1@pay.example>"}
    return build_mail(headers, f"{words}\n\n{block}")


def deliver(mailbox: Path, name: str, mail: bytes) -> None:
    """As a carrier does it: written in tmp/, then renamed into new/."""
    for part in ("tmp", "new", "cur"):
        (mailbox / part).mkdir(parents=True, exist_ok=True)
    (mailbox / "tmp" / name).write_bytes(mail)
    (mailbox / "tmp" / name).rename(mailbox / "new" / name)


class Reader:
    """The reader's end of a real pseudo-terminal; the cable can be pulled and put back."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.events: list[object] = []
        self._changed = asyncio.Event()
        self._session = Session(READER)
        self._master = -1

    def plug(self) -> None:
        self._session = Session(READER)
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(slave))
        os.close(slave)
        os.set_blocking(self._master, False)
        self._pump = asyncio.create_task(self._talk())

    async def unplug(self) -> None:
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)
        os.close(self._master)
        self.link.unlink()

    def say(self, what: str, *args: object) -> None:
        getattr(self._session, what)(*args)
        self._flush()

    async def heard(self, kind: type, *, times: int = 1) -> object:
        async with asyncio.timeout(WAIT_S):
            while len(found := [e for e in self.events if type(e) is kind]) < times:
                self._changed.clear()
                await self._changed.wait()
        return found[times - 1]

    def _flush(self) -> None:
        data = self._session.outgoing()
        if data:
            os.write(self._master, data)

    async def _talk(self) -> None:
        """Before the phone opens its end a read gives EIO, so the master is asked again and again."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                data = os.read(self._master, 4096)
            except OSError:
                data = b""
            came = self._session.receive(data, int(loop.time() * 1000))
            self._flush()
            if came:
                self.events += came
                self._changed.set()
            await asyncio.sleep(0.002)
