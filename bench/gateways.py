"""Gateways to measure: a folder each with configuration, keys and database, run as a process of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from bench.load import CannotMeasure
from bench.machine import cpu_s
from bench.sales import Reader, write_pool
from hagaki.sections import read_config, settings
from mail_gateway.admin import keys, merchants, readers

SQLITE: Final = "sqlite:///hagaki.db"
SENDER: Final = "shop@carrier.example"
RECIPIENT: Final = "sale@pay.example"
MERCHANTS: Final = 16
READERS_EACH: Final = 4
START_LIMIT_S: Final = 30

CONFIG: Final = """\
[gateway]
domain = "pay.example"
reply_domain = "reply.pay.example"
database = "{database}"
freshness_s = 604800
requests_max = 16384

[keys]
root = "file:root.key"

[smtp]
hostname = "mx.pay.example"
port = {port}

[smarthost]
port = {sink_port}
letters_per_hour_max = 10_000_000

[acquirer]
name = "cafis"

[acquirers.cafis]
port = {host_port}
host_timeout_s = 600
outstanding_max = 16384
"""


@dataclass(slots=True)
class Gateway:
    """One gateway. folder: all it has. used: how many mails of the pool it was sent; it gets each once."""

    folder: Path
    port: int
    command: Sequence[str] = ("-m", "hagaki", "serve", "--json")
    used: int = 0
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _out: IO[bytes] | None = field(default=None, init=False)

    @property
    def config(self) -> Path:
        """Its config.toml."""
        return self.folder / "config.toml"

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._child is not None
        return self._child.pid

    def start(self) -> None:
        """Start it; -> when it is signed on at the host. Raises CannotMeasure if it does not come up."""
        self._out = (self.folder / "events.jsonl").open("wb")
        self._child = subprocess.Popen(
            [sys.executable, *self.command, "--config", str(self.config)],
            stdout=self._out,
            stderr=subprocess.STDOUT,
        )
        self.wait_for("line.signed-on")
        self.wait_for("gateway.listening")

    def wait_for(self, verb: str) -> None:
        """Until it said that. Its events go to a file: nobody spends time on reading them meanwhile."""
        ends = time.monotonic() + START_LIMIT_S
        while f'"{verb}"'.encode() not in (self.folder / "events.jsonl").read_bytes():
            assert self._child is not None
            if self._child.poll() is not None or time.monotonic() > ends:
                last = (self.folder / "events.jsonl").read_text(errors="replace")[-600:]
                raise CannotMeasure(f"The gateway did not come up: {last}")
            time.sleep(0.02)

    def mails(self, count: int) -> range:
        """The next mails of the pool for this gateway."""
        self.used += count
        return range(self.used - count, self.used)

    def cpu_s(self) -> float:
        """User and system time of the process so far, seconds."""
        return cpu_s(self.pid)

    def kill(self) -> None:
        """SIGKILL."""
        assert self._child is not None
        self._child.kill()

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self._child is not None:
            self._child.terminate()
            self._child.wait(60)
            self._child = None
        if self._out is not None:
            self._out.close()


def prepare(folder: Path, ports: Mapping[str, int]) -> list[Reader]:
    """Configuration, keys, merchants and readers in `folder`; -> the readers, ready to seal."""
    folder.mkdir()
    (folder / "config.toml").write_text(CONFIG.format(**ports, database=SQLITE), encoding="utf-8")
    loaded = read_config(folder / "config.toml")
    gateway, key_settings = settings(loaded, "gateway"), settings(loaded, "keys")
    keys.new_bdk(gateway, key_settings)
    made: list[Reader] = []
    for shop in range(MERCHANTS):
        name, language = f"Shop {shop}", ("ja", "en")[shop % 2]
        merchants.add(gateway, merchants.NewMerchant(name, f"shop{shop}@carrier.example", language))
        for serial in range(shop * READERS_EACH + 1, (shop + 1) * READERS_EACH + 1):
            enrolled = readers.enrol(gateway, key_settings, serial, name)
            made.append(Reader(enrolled.initial_key_id, enrolled.initial_key, SENDER, RECIPIENT))
    return made


def copy(of: Path, to: Path, ports: Mapping[str, int], database: str = SQLITE) -> Gateway:
    """Another gateway with the same keys, and the same merchants and readers in its own database."""
    shutil.copytree(of, to)
    (to / "config.toml").write_text(CONFIG.format(**ports, database=database), encoding="utf-8")
    return Gateway(to, ports["port"])


def pool(folder: Path, made: Sequence[Reader], count: int) -> Path:
    """The file of mails, sealed now."""
    path = folder / "mails"
    write_pool(path, made, count, int(time.time()))
    return path
