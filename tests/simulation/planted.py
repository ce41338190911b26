"""A bug on purpose: a name, a patch of the running code, and the faults that wake it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Bug:
    """faults: as `hagaki simulate --faults` takes them."""

    name: str
    plant: Plant
    faults: str


class Bed:
    """Where the bugs of one file grow."""

    def __init__(self) -> None:
        self.bugs: list[Bug] = []

    def bug(self, faults: str) -> Callable[[Plant], Plant]:
        """The function below plants one; its name is the bug's."""

        def keep(plant: Plant) -> Plant:
            self.bugs.append(Bug(plant.__name__, plant, faults))
            return plant

        return keep


def wrapped(patch: pytest.MonkeyPatch, owner: Any, name: str, around: Callable[..., Any]) -> None:
    """Replace owner.name by a function that calls around(the old one, *arguments)."""
    old = getattr(owner, name)
    patch.setattr(owner, name, lambda *given, **more: around(old, *given, **more))
