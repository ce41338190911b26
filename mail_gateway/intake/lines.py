"""The SMTP door's reader: hands aiosmtpd the lines of a mail many at once."""

from __future__ import annotations

import asyncio
from typing import Any, Final

_END: Final = b"\r\n"


class Lines(asyncio.StreamReader):
    """aiosmtpd reads a mail's content until each CR LF, and only the content so. What it does with a line
    depends on a dot at its begin and on its length, so whole lines without that dot, together no longer
    than one may be, are as good as one line. All others it gets one by one."""

    def __init__(self, longest: int, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=longest, loop=loop)
        self._longest = longest

    def has_one(self) -> bool:
        """Whether the next line is here already."""
        here: bytearray = self._buffer  # type: ignore[attr-defined]
        return b"\n" in here

    async def readuntil(self, separator: Any = b"\n") -> bytes:
        """As StreamReader's; until CR LF: as many lines as are here and need no look at their begin."""
        count = self._plain() if separator == _END else 0
        return await (self.readexactly(count) if count else super().readuntil(separator))

    def _plain(self) -> int:
        here: bytearray = self._buffer  # type: ignore[attr-defined]
        if here.startswith(b"."):
            return 0
        end = here.find(b"\r\n.", 0, self._longest)
        if end < 0:
            end = here.rfind(_END, 0, self._longest)
        return end + len(_END) if end >= 0 else 0
