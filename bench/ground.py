"""The ground that figures are measured on: a folder, the pool of mails, the generator, gateways."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench import gateways
from bench.gateways import Gateway
from bench.load import How, Load, Sent
from hagaki.world import free_ports

POOL: Final = 14_000
WARM_UP: Final = 300


@dataclass(slots=True)
class Ground:
    """One for all figures of a run. first: the folder that every gateway begins as a copy of."""

    folder: Path
    load: Load
    first: Path
    made: int = 0

    def say(self, words: str) -> None:
        """Progress, for who waits."""
        print(f"  .. {words}", file=sys.stderr, flush=True)

    def copy(self, database: str = gateways.SQLITE) -> Gateway:
        """A gateway that has not been started. database: its URL, if not a new one of its own."""
        self.made += 1
        ports = {"sink_port": self.load.sink_port, "host_port": self.load.host_port}
        ports["port"] = free_ports(1)[0]
        return gateways.copy(self.first, self.folder / f"gateway-{self.made}", ports, database)

    @contextmanager
    def gateway(self, of: Gateway | None = None) -> Iterator[Gateway]:
        """A gateway that runs and is warm; `of`: that one instead of a fresh copy."""
        gateway = of or self.copy()
        gateway.start()
        try:
            self.load.send([gateway.port], gateway.mails(WARM_UP)).complete()
            yield gateway
        finally:
            gateway.stop()


@dataclass(slots=True)
class Seller:
    """Sends rounds of sales to gateways and keeps what the rounds cost."""

    ground: Ground
    on: Sequence[Gateway]
    count: int
    how: How = field(default_factory=How)
    cpu_us: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    def round(self) -> Sent:
        """One round, complete."""
        before = sum(gateway.cpu_s() for gateway in self.on)
        mails = self.on[0].mails(self.count)
        sent = self.ground.load.send([gateway.port for gateway in self.on], mails, self.how).complete()
        self.cpu_us.append((sum(gateway.cpu_s() for gateway in self.on) - before) / self.count * 1e6)
        self.shares.append(sent.generator_share)
        return sent

    def rate(self) -> float:
        """Sales a second in one round, from the first MAIL to the last letter taken."""
        rate = self.count / float(self.round()["letters_s"])
        self.ground.say(f"{rate:.0f} sales/s, {self.cpu_us[-1]:.0f} us of CPU each")
        return rate

    @property
    def facts(self) -> dict[str, float]:
        """What a figure prints beside itself."""
        return {
            "gateway_cpu_us_per_sale": round(statistics.median(self.cpu_us)),
            "generator_share_of_a_core": round(statistics.median(self.shares), 3),
        }


@contextmanager
def ground(folder: Path, pool: int = POOL) -> Iterator[Ground]:
    """Everything that all figures need, made in `folder`. Raises CannotMeasure."""
    sink_port, host_port, port = free_ports(3)
    first = folder / "first"
    made = gateways.prepare(first, {"port": port, "sink_port": sink_port, "host_port": host_port})
    load = Load(gateways.pool(folder, made, pool), sink_port, host_port)
    with ExitStack() as stack:
        load.start(folder)
        stack.callback(load.close)
        yield Ground(folder, load, first)
