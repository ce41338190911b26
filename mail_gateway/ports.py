"""The outside world as the gateway sees it: wall clock, randomness, event log, and where the store works.
Handed out in `app.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


class Tell(Protocol):
    """Report one event: a verb such as ``payment.moved`` and allow-listed facts. Never card data or keys."""

    def __call__(self, verb: str, /, **facts: str | int | None) -> None: ...


class Place(Protocol):
    """Where the database's work is done: one piece after the other; gives back what it returns or raises."""

    async def __call__(self, work: Callable[[], Any]) -> Any: ...

    def close(self) -> None: ...


def no_file(_: str) -> bytes | None:
    """A machine without files."""
    return None


@dataclass(frozen=True, slots=True)
class Ports:
    """now_ms: unix milliseconds UTC. random_bytes: n -> n unpredictable bytes. tell: see Tell.

    places: makes the two places where the store writes and reads; None: two threads. file: a path -> the
    bytes of a file of this machine, None if it cannot be read.
    """

    now_ms: Callable[[], int]
    random_bytes: Callable[[int], bytes]
    tell: Tell
    places: Callable[[], tuple[Place, Place]] | None = None
    file: Callable[[str], bytes | None] = no_file
