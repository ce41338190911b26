"""The mail log: one JSON object a line, only facts that are on the list, so that no card data can slip in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

FACTS: Final = frozenset(
    {
        *(
            "acquirer",
            "after",
            "amount",
            "before",
            "code",
            "credit",
            "debit",
            "error",
            "event",
            "host",
            "kind",
        ),
        *(
            "mail",
            "message_id",
            "payment",
            "peer",
            "phase",
            "port",
            "reason",
            "recipient",
            "reference",
            "reply",
        ),
        *("slug", "stan", "transmissions", "verdict", "version"),
    }
)


class MailLog:
    """A Tell port that writes and counts by verb. write: takes one line; now_ms: wall clock."""

    def __init__(self, write: Callable[[str], object], now_ms: Callable[[], int]) -> None:
        self._write = write
        self._now_ms = now_ms
        self.counts: dict[str, int] = {}

    def __call__(self, verb: str, /, **facts: str | int | None) -> None:
        self.counts[verb] = self.counts.get(verb, 0) + 1
        listed = {name: value for name, value in facts.items() if name in FACTS and value is not None}
        line = json.dumps({"verb": verb, "at_ms": self._now_ms(), **listed}, ensure_ascii=True)
        self._write(line + "\n")
