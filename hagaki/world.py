"""A whole world on loopback: reader, phone, carrier, gateway and host, each a process of its own."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from hagaki.machine import random_bytes
from hagaki.problem import MACHINE, Problem
from hagaki.sections import read_config, settings

DOMAIN: Final = "pay.example"
MERCHANT: Final = "shop@carrier.example"
CUSTOMER: Final = "hanako@carrier.example"
SERIAL: Final = 1

STOP_S: Final = 5
"""So long a process may take to end by itself."""

_LOOPBACK: Final = "127.0.0.1"
_PORT_FIRST: Final = 20_000
_PORTS: Final = 12_000
_HELD_MAX: Final = 200
_held: Final[deque[socket.socket]] = deque()

_CONFIG: Final = """\
[gateway]
domain = "{domain}"
reply_domain = "reply.{domain}"
database = "sqlite:///gateway/hagaki.db"
host_message_life_s = {host_message_life_s}
resend_after_s = {resend_after_s}

[keys]
root = "file:gateway/root.key"

[smtp]
port = {gateway_port}
hostname = "mx.{domain}"

[smarthost]
port = {carrier_port}
letters_per_hour_max = 1_000_000

[acquirer]
name = "cafis"

[acquirers.cafis]
port = {host_port}
host_timeout_s = {host_timeout_s}

[host]
port = {host_port}
journal = "host.jsonl"

[carrier]
port = {carrier_port}
spool = "carrier"
weather_by_amount = {weather}

[carrier.routes]
"{domain}" = "127.0.0.1:{gateway_port}"
"reply.{domain}" = "127.0.0.1:{gateway_port}"

[carrier.maildirs]
"{merchant}" = "mailbox"
"{customer}" = "customer"

[handset]
spool = "phone"
mail_from = "{merchant}"
mail_to = "sale@{domain}"
smtp_port = {carrier_port}
fetch = "maildir:mailbox"
poll_ms = 50
"""
_SITE: Final = """
[site]
port = {site_port}
"""

_COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "host": ("host",),
    "processor": ("processor",),
    "carrier": ("carrier",),
    "gateway": ("serve",),
    "phone": ("handset", "run"),
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of one process: who, what, and its facts."""

    who: str
    verb: str
    facts: Mapping[str, Any]


Seen = Callable[[Happening], Awaitable[None]]


@dataclass(slots=True)
class World:
    """The folder holds everything: configuration, database, spools, mailbox, device file, logs.

    resend_after_s: how often a repeated sale may pull its letter. weather: amounts have mail weather. site:
    shops and customers find the gateway on HTTP too.
    events: what nobody has waited for yet; history: all that ever happened. under: who runs under which
    other program, such as a tracer that leaves the process its child's place.
    """

    folder: Path
    language: str = "en"
    host_timeout_s: int = 30
    host_message_life_s: int = 120
    limit_s: int = 30
    resend_after_s: int = 60
    weather: bool = False
    site: bool = False
    under: dict[str, tuple[str, ...]] = field(default_factory=dict)
    events: asyncio.Queue[Happening] = field(default_factory=asyncio.Queue)
    history: list[Happening] = field(default_factory=list)
    _children: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    _pumps: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """The world's config.toml."""
        return self.folder / "config.toml"

    @property
    def shop(self) -> str:
        """The merchant's name."""
        return "葉書商店" if self.language == "ja" else "Hagaki Store"

    @property
    def device(self) -> Path:
        """The reader's device file."""
        return self.folder / "reader.dev"

    def prepare(self) -> None:
        """Write the configuration; make the key, the merchant and the reader."""
        from card_reader_fw.board.desk import device
        from mail_gateway.admin import keys, merchants, readers

        (self.folder / "gateway").mkdir(parents=True, exist_ok=True)
        gateway_port, carrier_port, host_port, site_port = free_ports(4)
        text = (_CONFIG + (_SITE if self.site else "")).format(
            domain=DOMAIN,
            merchant=MERCHANT,
            customer=CUSTOMER,
            site_port=site_port,
            gateway_port=gateway_port,
            carrier_port=carrier_port,
            host_port=host_port,
            host_timeout_s=self.host_timeout_s,
            host_message_life_s=self.host_message_life_s,
            resend_after_s=self.resend_after_s,
            weather="true" if self.weather else "false",
        )
        self.config.write_text(text, encoding="utf-8")
        loaded = read_config(self.config)
        gateway, key_settings = settings(loaded, "gateway"), settings(loaded, "keys")
        keys.new_bdk(gateway, key_settings)
        merchants.add(gateway, merchants.NewMerchant(self.shop, MERCHANT, self.language))
        enrolled = readers.enrol(gateway, key_settings, SERIAL, self.shop)
        device.create(self.device, enrolled.initial_key_id, enrolled.initial_key, language=self.language)

    async def start(self, who: str, *extra: str) -> None:
        """Start one of host, carrier, gateway, phone; or the reader, which has no configuration."""
        command = _COMMANDS.get(who, ("reader", "run", "--device", str(self.device)))
        where = () if who == "reader" else ("--config", str(self.config))
        with (self.folder / f"{who}.err").open("ab") as errors:
            child = await asyncio.create_subprocess_exec(
                *self.under.get(who, ()),
                sys.executable,
                "-m",
                "hagaki",
                *command,
                *where,
                *extra,
                "--json",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
            )
        self._children[who] = child
        self._pumps[who] = asyncio.create_task(self._pump(who, child))

    async def start_all(self) -> None:
        """Start all five; the phone gets the line that the reader opened."""
        for who in ("reader", "host", "carrier"):
            await self.start(who)
        port = await self.wait_for("reader.port")
        await self.start("gateway")
        await self.start("phone", "--port", str(port.facts["path"]))

    async def wait_for(self, verb: str, seen: Seen | None = None, **facts: Any) -> Happening:
        """The next happening of that verb with those facts; every one on the way goes to `seen`.

        Raises Problem if it does not come in `limit_s` seconds, or if a process fails.
        """
        try:
            return await asyncio.wait_for(self._next(verb, seen, facts), self.limit_s)
        except TimeoutError:
            sentence = f"{verb} did not happen in {self.limit_s} s; see {self.folder}"
            raise Problem(sentence, "world-stuck", MACHINE) from None

    async def _next(self, verb: str, seen: Seen | None, facts: Mapping[str, Any]) -> Happening:
        while True:
            happening = await self.events.get()
            if seen is not None:
                await seen(happening)
            if happening.verb == "process.failed":
                raise Problem(str(happening.facts["sentence"]), "process-failed", MACHINE)
            if happening.verb == verb and facts.items() <= happening.facts.items():
                return happening

    async def type(self, line: str) -> None:
        """One command for the reader, as `hagaki reader run` reads it."""
        stream = self._children["reader"].stdin
        assert stream is not None
        stream.write(f"{line}\n".encode())
        await stream.drain()

    async def kill(self, who: str) -> None:
        """SIGKILL: no goodbye."""
        child = self._children.pop(who)
        if child.returncode is None:
            child.kill()
        await child.wait()
        await self._pumps.pop(who)

    def pid(self, who: str) -> int:
        """The process's number."""
        return self._children[who].pid

    async def ended(self, who: str) -> int:
        """Wait for a process to end by itself; -> its exit code, negative where a signal ended it."""
        return await self._children[who].wait()

    async def stop(self, who: str) -> None:
        """SIGTERM; SIGKILL where that does not help."""
        child = self._children[who]
        if child.returncode is None:
            child.terminate()
        await self._gone(who)

    async def close(self) -> None:
        """Ask every process to stop, then make it."""
        for child in self._children.values():
            if child.returncode is None:
                child.terminate()
        for who in list(self._children):
            await self._gone(who)

    async def _gone(self, who: str) -> None:
        """Wait for one that was told to stop. Not told twice: a signal looks first whether the child has
        ended, and takes its exit code away from whoever waits for it."""
        try:
            await asyncio.wait_for(self._children[who].wait(), STOP_S)
        except TimeoutError:
            pass
        await self.kill(who)

    async def _pump(self, who: str, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        async for line in child.stdout:
            facts = json.loads(line)
            self._happened(Happening(who, facts.pop("verb"), facts))
        if await child.wait() > 0:
            error = (self.folder / f"{who}.err").read_text(encoding="utf-8").strip().rpartition("\n")[2]
            self._happened(Happening(who, "process.failed", {"sentence": error}))

    def _happened(self, happening: Happening) -> None:
        self.history.append(happening)
        self.events.put_nowait(happening)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, and that stay ours until many others have been asked for.

    The UDP port of the same number, which nobody here speaks, is what holds one: whoever asks, in this
    process or another, gets a different one even while its server is dead and comes back. Below the range
    that the kernel takes ports for outgoing connections from: none of those gets in between.
    """
    ports: list[int] = []
    while len(ports) < count:
        port = _PORT_FIRST + int.from_bytes(random_bytes(2), "big") % _PORTS
        token = socket.socket(type=socket.SOCK_DGRAM)
        try:
            token.bind((_LOOPBACK, port))
            socket.create_server((_LOOPBACK, port)).close()
        except OSError:
            token.close()
            continue
        _held.append(token)
        ports.append(port)
    while len(_held) > _HELD_MAX:
        _held.popleft().close()
    return ports
