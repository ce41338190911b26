"""What the network does to each connection, and when servers are not there: drawn from the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

from hagaki.simulation.faults import Fault
from hagaki.simulation.network import Sky

CALM_DELAY_S: Final = 0.02
SLOW_DELAYS_S: Final = (0.1, 1.0, 1.0, 4.0, 4.0, 40.0)
CUT_WITHIN: Final = (40, 400, 3000)
"""Bytes; the first is about one command, the last about one mail."""


@dataclass
class SeededWeather:
    """Stormy until `calm` is called. strikes: how often each fault really struck."""

    seed: str
    faults: frozenset[Fault]
    strikes: dict[Fault, int]
    closed: set[int] = field(default_factory=set)
    _connections: int = 0
    _is_calm: bool = False

    def __post_init__(self) -> None:
        dice = random.Random(f"{self.seed}/weather")
        self._cut_chance = dice.choice((0.05, 0.2, 0.5)) if Fault.CUT in self.faults else 0.0
        self._refuse_chance = dice.choice((0.1, 0.4)) if Fault.REFUSED in self.faults else 0.0
        self._slow_chance = dice.choice((0.1, 0.5)) if Fault.SLOW in self.faults else 0.0
        self._dice = dice

    def calm(self) -> None:
        """No more faults, for new connections."""
        self._is_calm = True
        self.closed.clear()

    def refuses(self, port: int) -> bool:
        if port in self.closed:
            return True
        return not self._is_calm and self._strike(Fault.REFUSED, self._refuse_chance)

    def sky(self, port: int) -> Sky:  # noqa: ARG002 - every port alike
        self._connections += 1
        own = random.Random(f"{self.seed}/wire/{self._connections}")
        sky = Sky(own, CALM_DELAY_S)
        if self._is_calm:
            return sky
        sky.segments = own.choice((1, 1, 1, 3))
        if self._strike(Fault.SLOW, self._slow_chance):
            sky.delay_s = own.choice(SLOW_DELAYS_S)
        if self._strike(Fault.CUT, self._cut_chance):
            sky.left = own.randint(0, own.choice(CUT_WITHIN))
            sky.silent = own.random() < 0.2
        return sky

    def _strike(self, fault: Fault, chance: float) -> bool:
        struck = chance > 0 and self._dice.random() < chance
        if struck:
            self.strikes[fault] = self.strikes.get(fault, 0) + 1
        return struck
