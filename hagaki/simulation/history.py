"""All that happened in one run, in order, and its digest: equal histories have equal digests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Happening:
    """at_s: virtual seconds since the world began."""

    at_s: float
    who: str
    verb: str
    facts: dict[str, Any]

    def __str__(self) -> str:
        facts = " ".join(f"{name}={value}" for name, value in sorted(self.facts.items()))
        return f"{self.at_s:.6f} {self.who} {self.verb} {facts}"


class History:
    """time: virtual seconds."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self.happenings: list[Happening] = []

    def note(self, who: str, verb: str, **facts: Any) -> None:
        """One thing that happened."""
        self.happenings.append(Happening(self._time(), who, verb, facts))

    def verbs(self, prefix: str) -> list[Happening]:
        """Those whose verb begins so."""
        return [one for one in self.happenings if one.verb.startswith(prefix)]

    def text(self) -> str:
        """One line for each."""
        return "\n".join(map(str, self.happenings))

    def digest(self) -> str:
        """SHA-256 of the text, its first 16 hex digits."""
        return hashlib.sha256(self.text().encode()).hexdigest()[:16]
