"""A barcode scanner on a serial line: what it reads, code by code. It opens the port again by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import serial

from till.prices import CODE_MAX

REOPEN_S: Final = 1.0
LINE_MAX: Final = 4 * CODE_MAX


class Codes:
    """Bytes as they come -> codes: scanners end one with CR, LF, both, or a tab; some begin with STX, end
    with ETX. Of a line that is too long nothing is kept."""

    def __init__(self) -> None:
        self._begun = b""
        self._is_too_long = False

    def feed(self, data: bytes) -> list[str]:
        """The codes that are whole now."""
        found = []
        for number in data:
            letter = bytes((number,))
            if letter in b"\r\n\t\x03":
                found.append("" if self._is_too_long else self._begun.decode("utf-8", "replace").strip())
                self._begun, self._is_too_long = b"", False
            elif letter != b"\x02":
                self._begun += letter
                self._is_too_long = self._is_too_long or len(self._begun) > LINE_MAX
                self._begun = self._begun[:LINE_MAX]
        return [code for code in found if code]


async def read_codes(port: str, baud: int, heard: Callable[[str], None], told: Callable[[str], None]) -> None:
    """For ever: read codes and say each; a scanner that is unplugged is waited for.

    told: why it cannot be read, once each time it is lost, and "" when it is there again.
    """
    is_there: bool | None = None
    while True:
        try:
            line = serial.Serial(port, baud, timeout=0)
        except OSError as error:
            if is_there is not False:
                told(error.strerror or str(error))
            is_there = False
            await asyncio.sleep(REOPEN_S)
            continue
        if is_there is False:
            told("")
        is_there = True
        await _until_gone(line, heard)


async def _until_gone(line: serial.Serial, heard: Callable[[str], None]) -> None:
    codes, gone = Codes(), asyncio.Event()

    def readable() -> None:
        try:
            data = line.read(4096)
        except OSError:
            gone.set()
            return
        for code in codes.feed(data):
            heard(code)

    loop = asyncio.get_running_loop()
    loop.add_reader(line.fileno(), readable)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(line.fileno())
        line.close()
