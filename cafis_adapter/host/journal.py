"""The host's journal: one line for each message, in memory and, where wanted, in a file. Cards are masked."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from cafis_adapter.codec import Message, masked_pan


@dataclass(frozen=True, slots=True)
class Entry:
    """One message that came or went. time_ms: unix ms. card: masked, or an empty text."""

    time_ms: int
    direction: str
    mti: str
    stan: str
    terminal: str
    reference: str
    amount_minor: int
    code: str
    card: str


class Journal(list[Entry]):
    """Entries in order. path "" keeps them in memory only."""

    def __init__(self, path: str = "") -> None:
        super().__init__()
        self._path = path

    def note(self, time_ms: int, direction: str, message: Message) -> Entry:
        """Write one entry; direction is "in" or "out"."""
        amount = int(message[4] or 0)
        ids = (message.mti, message[11], message[41], message[37])
        entry = Entry(time_ms, direction, *ids, amount, message[39] or message[70], masked_pan(message))
        self.append(entry)
        if self._path:
            with Path(self._path).open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(entry)) + "\n")
        return entry

    def asked(self, mti: str) -> list[Entry]:
        """Every request of this message class that came."""
        return [entry for entry in self if entry.direction == "in" and entry.mti == mti]
