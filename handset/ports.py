"""The outside world as the phone sees it: wall clock, randomness, event stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from schemas.mail.sign_in import Ask, no_command


class Tell(Protocol):
    """Report one event: a verb such as ``handset.posted`` and its facts. Never card data, keys or armour."""

    def __call__(self, verb: str, /, **facts: str | int | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """now_ms: unix milliseconds UTC. random_bytes: n -> n unpredictable bytes. tell: see Tell. ask: a command
    -> the secret that it writes."""

    now_ms: Callable[[], int]
    random_bytes: Callable[[int], bytes]
    tell: Tell
    ask: Ask = no_command
