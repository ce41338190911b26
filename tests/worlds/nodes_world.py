"""Several gateway processes on one PostgreSQL, a host, a mail sink, and a sender that knows several MX."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiosmtplib
from aiosmtpd.smtp import SMTP
from sqlalchemy import Connection, func, select

from card_reader_fw.crypto import dukpt
from card_reader_fw.seal import derive, seal
from hagaki.world import free_ports
from handset.courier import sale_mail
from mail_gateway.admin import keys, merchants, readers
from mail_gateway.domain.payment import ENDED, NOT_CHARGED, State
from mail_gateway.settings import GatewaySettings, KeySettings
from mail_gateway.store import books
from mail_gateway.store.backend import guest
from mail_gateway.store.tables import leases, letters, payments
from schemas.envelope import armour, payload

SHOP = "shop@carrier.example"
CENTRE = "sale@pay.example"
TRACK2 = "4111111111111111=27122010000012345678"
LIMIT_S = 60
QUIET = frozenset({*ENDED, *NOT_CHARGED})
GOING = "4.3.2 "
"""What a node that is being stopped says to those who are in the middle of something."""

CONFIG = """\
[gateway]
domain = "pay.example"
database = "{database}"
host_message_life_s = 1
reversal_first_s = 1
reversal_max_s = 2
lease_s = 3
link = "{link}"
[keys]
root = "file:root.key"
[smtp]
port = {smtp_port}
hostname = "mx.pay.example"
connections_per_address_max = 200
[smarthost]
port = {sink_port}
letters_per_hour_max = 1_000_000
[acquirers.cafis]
port = {host_port}
host_timeout_s = 2
reconnect_first_ms = 50
reconnect_max_ms = 500
[host]
port = {host_port}
journal = "host.jsonl"
slow_ms = 700
late_ms = 3000
"""


def cipher(key: bytes) -> Callable[[bytes], bytes]:
    from Crypto.Cipher import AES

    return AES.new(key, AES.MODE_ECB).encrypt


@dataclass
class Process:
    """One of ours, and all that it told."""

    name: str
    config: Path
    child: asyncio.subprocess.Process | None = None
    told: list[dict[str, Any]] = field(default_factory=list)
    grew: asyncio.Event = field(default_factory=asyncio.Event)
    pump: asyncio.Task[None] | None = None

    async def start(self, *command: str) -> None:
        self.told.clear()
        with self.config.with_suffix(".err").open("ab") as errors:
            self.child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "hagaki", *command, "--config", str(self.config), "--json"),
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                limit=2**20,
            )
        self.pump = asyncio.create_task(self._read(self.child))

    async def _read(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        async for line in child.stdout:
            self.told.append(json.loads(line))
            self.grew.set()

    async def saw(self, verb: str, **facts: Any) -> dict[str, Any]:
        """Wait until it told this; it may have told it before."""
        async with asyncio.timeout(LIMIT_S):
            while (found := self._told(verb, facts)) is None:
                self.grew.clear()
                assert self.child is not None
                ended = self.child.returncode is not None
                assert not ended, self.config.with_suffix(".err").read_text()[-2000:]
                await self.grew.wait()
        return found

    def _told(self, verb: str, facts: dict[str, Any]) -> dict[str, Any] | None:
        these = (one for one in self.told if one["verb"] == verb and facts.items() <= one.items())
        return next(these, None)

    def signal(self, number: int) -> None:
        assert self.child is not None
        if self.child.returncode is None:
            os.kill(self.child.pid, number)

    async def ended(self) -> int:
        assert self.child is not None and self.pump is not None
        code = await asyncio.wait_for(self.child.wait(), LIMIT_S)
        await self.pump
        return code

    async def kill(self) -> None:
        """As the kernel does when memory is short."""
        if self.child is not None:
            self.signal(signal.SIGKILL)
            await self.ended()

    async def stop(self) -> None:
        """As an operator does; it must end in good order."""
        self.signal(signal.SIGTERM)
        assert await self.ended() == 0, self.config.with_suffix(".err").read_text()[-2000:]


class Town:
    """nodes: gateway processes, each with an address of its own; the host and the sink are everybody's."""

    def __init__(self, folder: Path, url: str, count: int, *, link: str = "") -> None:
        self.folder, self.url = folder, url
        self.gateway = GatewaySettings("pay.example", database=url)
        self.sink_port, self.host_port, *self.ports = free_ports(count + 2)
        self.letters: Counter[str] = Counter()
        self.accepted: dict[int, bytes] = {}
        self.refusals: list[str] = []
        self._amounts: dict[bytes, int] = {}
        root = KeySettings(f"file:{folder}/root.key")
        keys.new_bdk(self.gateway, root)
        merchants.add(self.gateway, merchants.NewMerchant("Hagaki Store", SHOP, "en"))
        enrolled = readers.enrol(self.gateway, root, 1)
        self._keys = dukpt.load(cipher, enrolled.initial_key_id, enrolled.initial_key)
        self._slip = 0
        self.newest_ksn = b""
        self.nodes = [
            Process(f"node{n}", self._config(f"node{n}", p, link)) for n, p in enumerate(self.ports)
        ]
        self.host = Process("host", self._config("host", self.ports[0], link))
        self._sink: asyncio.Server | None = None

    def _config(self, name: str, smtp_port: int, link: str) -> Path:
        path = self.folder / f"{name}.toml"
        ports = {"smtp_port": smtp_port, "sink_port": self.sink_port, "host_port": self.host_port}
        path.write_text(CONFIG.format(database=self.url, link=link, **ports), encoding="utf-8")
        return path

    async def __aenter__(self) -> Town:
        loop = asyncio.get_running_loop()
        sink = await loop.create_server(lambda: SMTP(self, hostname="sink"), "127.0.0.1", self.sink_port)
        self._sink = sink
        await self.host.start("host")
        await self.host.saw("host.listening")
        for node in self.nodes:
            await self.begin(node)
        for node in self.nodes:
            await node.saw("line.signed-on")
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in (*self.nodes, self.host):
            process.signal(signal.SIGCONT)
            await process.kill()
        assert self._sink is not None
        self._sink.close()

    async def begin(self, node: Process) -> None:
        """Start a node; it is one of the town's again at once, and its mail is taken when it is up."""
        await node.start("serve")

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        head = bytes(envelope.content).partition(b"\r\n\r\n")[0].decode()
        found = [line for line in head.split("\r\n") if line.lower().startswith("message-id:")]
        self.letters[found[0].partition(":")[2].strip()] += 1
        return "250 OK"

    def mail(self, amount_minor: int, **fields: Any) -> bytes:
        """A new sale, or what fields make of it. The amount's last three digits are what the host does."""
        self._keys, ksn, key = dukpt.advance(cipher, self._keys)
        self._slip += 1
        self.newest_ksn = ksn
        asked = {
            "kind": payload.SALE,
            "amount_minor": amount_minor,
            "currency": 392,
            "reader_time_s": int(time.time()),
            "entry_mode": payload.STRIPE,
            "track2": bytearray(TRACK2.encode()),  # sealing wipes it
            "condition": 10,
            "slip": self._slip,
        }
        sale = payload.Sale(**{**asked, **fields})
        block = armour.block(armour.SALE, seal(cipher, derive(cipher, ksn, key)[0], ksn, sale))
        return bytes(sale_mail(block, SHOP, CENTRE))

    async def post(self, mail: bytes, ports: Sequence[int] = ()) -> None:
        """As a mail server does: each MX in turn until one has answered 250, and again later."""
        ports = ports or random.sample(self.ports, len(self.ports))
        async with asyncio.timeout(LIMIT_S):
            while not await self._taken(mail, ports):
                await asyncio.sleep(0.1)
        self.accepted[len(self.accepted)] = mail

    async def _taken(self, mail: bytes, ports: Sequence[int]) -> bool:
        for port in ports:
            if await self.try_post(mail, port):
                return True
        return False

    async def try_post(self, mail: bytes, port: int) -> bool:
        """One try; -> whether it was answered 250."""
        route: dict[str, Any] = {"sender": SHOP, "recipients": [CENTRE]}
        try:
            await aiosmtplib.send(mail, hostname="127.0.0.1", port=port, timeout=5, **route)
        except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError):
            return False
        except aiosmtplib.SMTPResponseException as error:
            assert 400 <= error.code < 500, error
            if not error.message.startswith(GOING):  # between two commands: it is not up any more
                self.refusals.append(f"{error.code} {error.message}")
            return False
        return True

    async def load(self, amounts: Sequence[int], at_once: int = 6, pause_s: float = 0) -> None:
        """Post so many sales, so many at once."""
        waiting = iter(amounts)

        async def work() -> None:
            for amount in waiting:
                await self.post(self.mail(amount))
                await asyncio.sleep(pause_s)

        await asyncio.gather(*(work() for _ in range(at_once)))

    def ask(self, unit: Callable[[Connection], Any]) -> Any:
        """A question to the database."""
        with guest(self.url) as conn:
            return unit(conn)

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(LIMIT_S):
                while not await asyncio.to_thread(holds):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{what}: {self.states()}, {self.ask(_leases)}") from None

    def states(self) -> Counter[str]:
        """State -> payments in it."""
        asked = select(payments.c.state, func.count()).group_by(payments.c.state)
        return Counter(dict(self.ask(lambda conn: [tuple(row) for row in conn.execute(asked)])))

    async def all_ended(self, count: int) -> None:
        """Until every one of the sales has its end, and every letter has left."""
        left = select(func.count()).select_from(letters).where(letters.c.state != "sent")

        def quiet() -> bool:
            states = self.states()
            ended = sum(states[state] for state in QUIET) == sum(states.values()) == count
            return ended and self.ask(lambda conn: conn.scalar(left)) == 0

        await self.until(quiet, f"{count} sales did not all end")

    def assert_true(self) -> None:
        """Done at most once, only if the last letter says so; every letter came; the books hold."""
        asked, left = self.host_says()
        assert not [reference for reference, times in asked.items() if times > 1], "asked twice"
        found = self.ask(_facts)
        for number, state, kind, message_id in found:
            charged = left.get(f"{number:012d}", False)
            assert charged == (state == State.APPROVED), f"payment {number} is {state}, charged {charged}"
            assert (kind in ("approved", "returned")) == charged, (
                f"payment {number}: charged {charged}, told {kind}"
            )
            assert self.letters[message_id] >= 1, f"payment {number}: its letter never came"
        assert self.ask(books.broken_at) is None

    def host_says(self) -> tuple[Counter[str], dict[str, bool]]:
        """From the host's own journal: how often each was asked, and whether it is done in the end."""
        asked: Counter[str] = Counter()
        charged: dict[str, bool] = {}
        for line in (self.folder / "host.jsonl").read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            match entry["direction"], entry["mti"]:
                case "in", "0100" | "0200":
                    asked[entry["reference"]] += 1
                case "out", "0110" | "0210" if entry["code"] == "00":
                    charged.setdefault(entry["reference"], True)
                case "in", "0420" | "0421":
                    charged[entry["reference"]] = False
        return asked, charged


def _facts(conn: Connection) -> list[tuple[int, str, str, str]]:
    asked = (
        select(payments.c.id, payments.c.state, letters.c.kind, letters.c.message_id)
        .join(letters, letters.c.payment == payments.c.id)
        .where(letters.c.version == payments.c.version)
    )
    return [tuple(row) for row in conn.execute(asked)]


def _leases(conn: Connection) -> list[Any]:
    return [tuple(row) for row in conn.execute(select(leases))]
