"""The host's journal: one line for each message, in memory and, where wanted, in a file. Cards are masked."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from cafis_adapter.codec import Message, masked_pan
from cafis_adapter.host.accounts import Charge, approval_number


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


@dataclass(frozen=True, slots=True)
class Booking:
    """What the books say of one sale from now on. net_minor: minor units left after reversals."""

    time_ms: int
    direction: str
    mti: str
    terminal: str
    reference: str
    amount_minor: int
    net_minor: int
    currency: str
    approval_number: str


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
        self._write(entry)
        return entry

    def book(self, time_ms: int, message: Message, charge: Charge) -> None:
        """Write what is booked for the sale of a request or reversal; in the file only."""
        amount, number = int(message[4] or 0), approval_number(message)
        ids = (message[41], message[37], amount, charge.net_minor, message[49])
        self._write(Booking(time_ms, "book", "", *ids, number))

    def _write(self, line: Entry | Booking) -> None:
        if self._path:
            with Path(self._path).open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(line)) + "\n")

    def asked(self, mti: str) -> list[Entry]:
        """Every request of this message class that came."""
        return [entry for entry in self if entry.direction == "in" and entry.mti == mti]
