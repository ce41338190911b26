"""The journal: whole or cut off at a torn line, and never read past damage."""

from __future__ import annotations

import errno

import pytest

from till.errors import TillError
from till.journal import LINE_MAX, Journal, Record
from till.machine import State


class Memory:
    def __init__(self, kept=b""):
        self.kept, self.room = kept, None

    def read(self):
        return self.kept

    def cut(self, size):
        self.kept = self.kept[:size]

    def append(self, data):
        if self.room is not None:
            self.kept += data[: self.room]
            raise OSError(errno.ENOSPC, "full")
        self.kept += data


def record(number, state=State.CHOSEN, **facts):
    return Record(1000 + number, f"D{number}", "chosen", state, facts)


def journal_of(count):
    disk = Memory()
    journal = Journal(disk)
    for number in range(count):
        journal.write(record(number, name="りんご\r\n"))
    return disk


def test_what_was_written_is_read_again():
    disk = journal_of(3)
    deals = Journal(disk).deals
    assert list(deals) == ["D0", "D1", "D2"]
    assert deals["D1"].facts == {"name": "りんご\r\n"}


@pytest.mark.parametrize("tail", [b"", b"\0\0\0\0", b"\0\n"])
def test_a_line_that_was_torn_at_any_byte_never_was(tail):
    whole, two = journal_of(3).kept, len(journal_of(2).kept)
    for size in range(two, len(whole)):
        disk = Memory(whole[:size] + tail)
        assert list(Journal(disk).deals) == ["D0", "D1"]
        assert len(disk.kept) == two
        Journal(disk).write(record(9))
        assert list(Journal(disk).deals) == ["D0", "D1", "D9"]


def test_damage_before_the_last_line_stops_the_device():
    whole = journal_of(4).kept
    three = len(journal_of(3).kept)
    for at in range(0, three, 7):
        worn = bytearray(whole)
        worn[at] ^= 0x10
        with pytest.raises(TillError) as caught:
            Journal(Memory(bytes(worn)))
        assert caught.value.slug == "journal-damaged"


def test_a_missing_line_is_noticed():
    lines = journal_of(4).kept.splitlines(keepends=True)
    with pytest.raises(TillError):
        Journal(Memory(lines[0] + lines[2] + lines[3]))


@pytest.mark.parametrize("room", [0, 1, 30])
def test_a_full_disk_loses_nothing_and_the_next_line_stands_where_it_belongs(room):
    disk = journal_of(2)
    journal = Journal(disk)
    disk.room = room
    with pytest.raises(OSError, match="full"):
        journal.write(record(2))
    disk.room = None
    journal.write(record(3))
    assert list(Journal(disk).deals) == ["D0", "D1", "D3"]


def test_a_record_has_a_limit():
    with pytest.raises(TillError):
        Journal(Memory()).write(record(1, name="x" * LINE_MAX))


def test_later_facts_replace_earlier_ones():
    disk = Memory()
    journal = Journal(disk)
    journal.write(Record(1, "D", "chosen", State.CHOSEN, {"body": 1, "code": ""}))
    deal = journal.write(Record(5, "D", "placed", State.WAITING, {"code": "ABCDE"}))
    assert (deal.facts, deal.began_ms, deal.at_ms) == ({"body": 1, "code": "ABCDE"}, 1, 5)
    assert Journal(disk).deals["D"] == deal
