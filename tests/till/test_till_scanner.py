"""A scanner on a serial line: codes however they are cut up, and one that is pulled out and put back."""

from __future__ import annotations

import asyncio
import os

import pytest
from typed_lines import open_line

from till.scanner import LINE_MAX, Codes, read_codes


@pytest.mark.parametrize("ending", [b"\r", b"\n", b"\r\n", b"\t", b"\x03"])
def test_codes_end_as_scanners_end_them(ending):
    raw = b"\x024901234567894" + ending + b" C-7Q4KDM " + ending + ending
    assert Codes().feed(raw) == ["4901234567894", "C-7Q4KDM"]
    codes = Codes()
    assert [code for byte in raw for code in codes.feed(bytes((byte,)))] == ["4901234567894", "C-7Q4KDM"]


def test_garbage_without_an_end_does_not_grow():
    codes = Codes()
    assert codes.feed(b"9" * (LINE_MAX + 10) + b"\r4901\r") == ["4901"]
    assert codes.feed(b"\xff\xfe\r") == ["��"]


async def test_codes_come_over_a_line_that_goes_and_comes_back(tmp_path, monkeypatch):
    monkeypatch.setattr("till.scanner.REOPEN_S", 0.01)
    path, codes, told = tmp_path / "scanner", asyncio.Queue(), asyncio.Queue()
    reading = asyncio.create_task(read_codes(str(path), 9600, codes.put_nowait, told.put_nowait))
    assert "No such file" in await told.get()
    ours, theirs = open_line(path)
    assert await told.get() == ""
    os.write(ours, b"4901\r\n49")
    assert await codes.get() == "4901"
    os.close(theirs)
    path.unlink()
    os.close(ours)
    assert await told.get()
    ours, theirs = open_line(path)
    assert await told.get() == ""
    os.write(ours, b"4902\r\n")
    assert await codes.get() == "4902"
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    os.close(ours)
    os.close(theirs)
