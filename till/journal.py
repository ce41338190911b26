"""A device's journal: a line for each step of a deal, on disk before the step is done.

A line is the CRC-32 of all lines up to it in 8 hex digits, a space, and the record as JSON. So a line that is
torn, altered or missing is noticed. A power cut tears at most the last line, which then was never acted upon:
it is cut off. Anything else that does not fit stops the device, since nobody knows what it has done.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from till.errors import TillError
from till.machine import ENDED, State

LINE_MAX: Final = 65_536
"""The longest record, in bytes."""

_BEGINS: Final = b'{"at_ms":'
_LINE: Final = re.compile(rb"[^\n]*\n|[^\n]+")


class Disk(Protocol):
    """One file that only grows. All raise OSError."""

    def read(self) -> bytes:
        """All of it; nothing if there is none."""
        ...

    def cut(self, size: int) -> None:
        """Keep the first `size` bytes only; on return this is on disk."""
        ...

    def append(self, data: bytes) -> None:
        """Put data at the end; on return it is on disk, whatever happens to the power."""
        ...


@dataclass(frozen=True, slots=True)
class Deal:
    """One deal as its records tell. facts: what they said of it, the latest word of each.

    began_ms, at_ms: of its first and its last record, unix ms.
    """

    deal_id: str
    state: State
    began_ms: int
    at_ms: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    records: int = 1

    @property
    def is_open(self) -> bool:
        """Whether something is left to be done."""
        return self.state not in ENDED


@dataclass(frozen=True, slots=True)
class Record:
    """One step: what happened to a deal, where it stands since, and what is known of it since."""

    at_ms: int
    deal_id: str
    event: str
    state: State
    facts: Mapping[str, Any]

    def line(self, before: int) -> bytes:
        """As it is written. before: the CRC-32 of all lines before it."""
        record = {
            "at_ms": self.at_ms,
            "deal": self.deal_id,
            "event": self.event,
            "state": self.state,
            "facts": dict(self.facts),
        }
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
        return b"%08x %s\n" % (zlib.crc32(text, before), text)


class Journal:
    """The journal that is open. `write` returns when the record is on disk."""

    def __init__(self, disk: Disk) -> None:
        """Reads all of it. Raises TillError (journal-damaged), OSError."""
        self._disk = disk
        raw = disk.read()
        self.records, self._size, self._crc = read_records(raw)
        if self._size < len(raw):
            disk.cut(self._size)
        self.deals = deals_of(self.records)

    def write(self, record: Record) -> Deal:
        """-> the deal as it stands since. Raises OSError and TillError (record-too-long), nothing written."""
        line = record.line(self._crc)
        if len(line) > LINE_MAX:
            raise TillError("record-too-long", f"The deal {record.deal_id} is too long for the journal.")
        self._append(line)
        self._crc = int(line[:8], 16)
        self.records.append(record)
        self.deals[record.deal_id] = _after(self.deals.get(record.deal_id), record)
        return self.deals[record.deal_id]

    def _append(self, line: bytes) -> None:
        """What a full disk took of a line goes again, so that the next one stands where it belongs."""
        try:
            self._disk.append(line)
        except OSError:
            self._disk.cut(self._size)
            raise
        self._size += len(line)

    def open_deals(self) -> list[Deal]:
        """Those that are not ended, the oldest first."""
        return [deal for deal in self.deals.values() if deal.is_open]


def read_records(raw: bytes) -> tuple[list[Record], int, int]:
    """A file's bytes -> its records, how many bytes they take, the CRC-32 of all. The rest is one torn line.

    Raises TillError (journal-damaged) with the line's number.
    """
    records: list[Record] = []
    whole, crc = 0, 0
    for number, line in enumerate(_LINE.findall(raw), 1):
        record = _read(line, crc)
        if record is None:
            rest = raw[whole:].strip(b"\0\n")
            if b"\n" in rest or rest.count(_BEGINS) > 1:
                raise TillError("journal-damaged", f"Line {number} of the journal was altered or lost.")
            break
        records.append(record)
        whole, crc = whole + len(line), int(line[:8], 16)
    return records, whole, crc


def deals_of(records: Iterable[Record]) -> dict[str, Deal]:
    """Deal ID -> the deal, in the order in which they began."""
    deals: dict[str, Deal] = {}
    for record in records:
        deals[record.deal_id] = _after(deals.get(record.deal_id), record)
    return deals


def _after(deal: Deal | None, record: Record) -> Deal:
    if deal is None:
        return Deal(record.deal_id, record.state, record.at_ms, record.at_ms, record.facts)
    facts = {**deal.facts, **record.facts}
    return replace(deal, state=record.state, at_ms=record.at_ms, facts=facts, records=deal.records + 1)


def _read(line: bytes, before: int) -> Record | None:
    """A line -> its record; None for one that does not belong after those before it."""
    text = line[9:-1]
    if line[-1:] != b"\n" or line[:9] != b"%08x " % zlib.crc32(text, before):
        return None
    found = json.loads(text)
    return Record(found["at_ms"], found["deal"], found["event"], State(found["state"]), found["facts"])
