"""What a test types and scans: standard input as a pipe, a scanner as a pseudo-terminal."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path

LIMIT_S = 20
TURN_S = 0.02


class Typed:
    """In place of sys.stdin."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self._is_read = self._is_closed = False

    def __iter__(self) -> Iterator[str]:
        self._is_read = True
        with os.fdopen(self._read) as lines:
            yield from lines

    def type(self, *lines: str) -> None:
        """Each with ENTER."""
        os.write(self._write, "".join(f"{line}\n" for line in lines).encode())

    def close(self) -> None:
        """The end of what is typed, once."""
        if self._is_closed:
            return
        self._is_closed = True
        os.close(self._write)
        if not self._is_read:
            os.close(self._read)


def open_line(path: Path) -> tuple[int, int]:
    """A pseudo-terminal that is found under a name of its own, as a device is -> its two ends."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    path.unlink(missing_ok=True)
    path.symlink_to(os.ttyname(theirs))
    return ours, theirs


class Heard:
    """What a device has told so far."""

    def __init__(self, capsys):
        self._capsys, self.told = capsys, []

    async def until(self, **wanted):
        """The first thing told from now on that is so."""
        async with asyncio.timeout(LIMIT_S):
            while (found := self._next(wanted)) is None:
                await asyncio.sleep(TURN_S)
        return found

    def _next(self, wanted):
        self.told += map(json.loads, self._capsys.readouterr().out.splitlines())
        while self.told:
            if wanted.items() <= (one := self.told.pop(0)).items():
                return one
        return None
