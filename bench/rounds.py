"""Rounds: two or more things measured in turn, A B A B, and what came of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

ROUNDS = 5


class Better(StrEnum):
    """Which side of its bar a figure should be on."""

    MORE = ">="
    LESS = "<="


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: a ratio of two medians. words: the two sides, for a person. value None: not measured."""

    name: str
    title: str
    bar: float
    better: Better
    value: float | None
    words: str
    facts: Mapping[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether it is on the right side of its bar; what was not measured is not."""
        if self.value is None:
            return False
        return self.value >= self.bar if self.better is Better.MORE else self.value <= self.bar


def in_turn(*sides: Callable[[], float], rounds: int = ROUNDS) -> tuple[float, ...]:
    """Measure each side once, then each again, ..; -> their medians."""
    found = [[side() for side in sides] for _ in range(rounds)]
    return tuple(statistics.median(values) for values in zip(*found, strict=True))
