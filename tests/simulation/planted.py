"""A bug on purpose: a name, a patch of the running code, and the faults that wake it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

SEEDS_MAX = 2000
Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Bug:
    """faults: as `hagaki simulate --faults` takes them. seed: one that was seen to find it, None: the first
    few do. payments, orders: of the worlds in which it is looked for."""

    name: str
    plant: Plant
    faults: str
    seed: int | None
    payments: int
    orders: int

    def seeds(self, most: int) -> Iterable[int]:
        """Those to look in. most: so many; 0: first the known one, and if it finds nothing any more, all."""
        known = [] if self.seed is None or most else [self.seed]
        return (*known, *range(most or SEEDS_MAX))


class Bed:
    """Where the bugs of one file grow."""

    def __init__(self, payments: int = 6, orders: int = 0) -> None:
        self.bugs: list[Bug] = []
        self._worlds = payments, orders

    def bug(self, faults: str, seed: int | None = None) -> Callable[[Plant], Plant]:
        """The function below plants one; its name is the bug's."""

        def keep(plant: Plant) -> Plant:
            self.bugs.append(Bug(plant.__name__, plant, faults, seed, *self._worlds))
            return plant

        return keep


def wrapped(patch: pytest.MonkeyPatch, owner: Any, name: str, around: Callable[..., Any]) -> None:
    """Replace owner.name by a function that calls around(the old one, *arguments)."""
    old = getattr(owner, name)
    patch.setattr(owner, name, lambda *given, **more: around(old, *given, **more))
