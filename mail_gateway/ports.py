"""The outside world as the gateway sees it: wall clock, randomness, event log. Handed out in `app.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class Tell(Protocol):
    """Report one event: a verb such as ``payment.moved`` and allow-listed facts. Never card data or keys."""

    def __call__(self, verb: str, /, **facts: str | int | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """now_ms: unix milliseconds UTC. random_bytes: n -> n unpredictable bytes. tell: see Tell."""

    now_ms: Callable[[], int]
    random_bytes: Callable[[int], bytes]
    tell: Tell
