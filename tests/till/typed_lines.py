"""Standard input as a test types it: a pipe, read by the till's own thread."""

from __future__ import annotations

import os
from collections.abc import Iterator


class Typed:
    """In place of sys.stdin."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self._is_read = False

    def __iter__(self) -> Iterator[str]:
        self._is_read = True
        with os.fdopen(self._read) as lines:
            yield from lines

    def type(self, *lines: str) -> None:
        """Each with ENTER."""
        os.write(self._write, "".join(f"{line}\n" for line in lines).encode())

    def close(self) -> None:
        """The end of what is typed."""
        os.close(self._write)
        if not self._is_read:
            os.close(self._read)
