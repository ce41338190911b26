"""A fault planted into an adapter on purpose, and the lines of the report card that have to fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T", bound=type[Any])


@dataclass(frozen=True, slots=True)
class Plant:
    """kind: the faulty class; its docstring is the fault. fails: names of checks, these and no other."""

    kind: type[Any]
    fails: frozenset[str]


def planted(into: list[Plant], *fails: str) -> Callable[[T], T]:
    """Marks a class as a plant."""

    def noted(kind: T) -> T:
        into.append(Plant(kind, frozenset(fails)))
        return kind

    return noted
