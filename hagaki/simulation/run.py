"""One seed from beginning to end: the world is made, runs, is checked and taken away."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass

from hagaki.simulation import faults
from hagaki.simulation.checker import check
from hagaki.simulation.faults import Fault
from hagaki.simulation.findings import Finding, Wrong
from hagaki.simulation.loop import TimeStandsStill
from hagaki.simulation.town import fast_folder
from hagaki.simulation.world import World


@dataclass(frozen=True, slots=True)
class Result:
    """strikes: how often each fault struck. deaths: of the gateway. virtual_s: how long the world lasted."""

    seed: int
    payments: int
    faults: frozenset[Fault]
    strikes: dict[Fault, int]
    findings: tuple[Finding, ...]
    digest: str
    virtual_s: int
    orders: int = 0

    @property
    def replay(self) -> str:
        """The line that runs exactly this again."""
        named = faults.named(self.faults)
        worlds = f"--seeds {self.seed} --payments {self.payments} --orders {self.orders}"
        return f"hagaki simulate {worlds} --faults {named}"


def _findings(world: World) -> tuple[Finding, ...]:
    try:
        world.loop.run_until_complete(world.run())
    except TimeStandsStill:
        return (Finding(Wrong.STUCK, "a program goes round in circles"),)
    world.count_strikes()
    return tuple(check(world))


class _Ear(logging.Handler):
    """Hears what the programs log as an error."""

    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.append(f"{record.name}: {record.getMessage()}")


def run_seed(
    seed: int, payments: int, asked: str, orders: int = 0, *, history: list[str] | None = None
) -> Result:
    """asked: see `faults.chosen`. history: gets all that happened, one line each."""
    folder = fast_folder("hagaki-world-")
    world = World(seed, payments, faults.chosen(seed, asked), folder, orders)
    ear = _Ear(world.logged)
    logging.getLogger().addHandler(ear)
    try:
        findings = _findings(world)
        if history is not None:
            history.extend(map(str, world.history.happenings))
        strikes, virtual_s = dict(world.strikes), int(world.loop.time())
        found = (strikes, findings, world.history.digest(), virtual_s, orders)
        return Result(seed, payments, world.faults, *found)
    finally:
        logging.getLogger().removeHandler(ear)
        world.close()
        shutil.rmtree(folder)
