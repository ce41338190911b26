"""The stream to a smarthost that is greeted and signed in: commands out, replies in."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

from aiosmtplib import SMTPReadTimeoutError, SMTPServerDisconnected

TIMEOUT_S: Final = 60
REPLY_MAX: Final = 65_536
"""Bytes of replies that are not complete yet."""


class Reply(NamedTuple):
    """One reply (RFC 5321 4.2), its lines as one."""

    code: int
    text: str


def in_lines(raw: bytes) -> bytes:
    """The content in the lines that leave, each with its CRLF (RFC 5321 section 2.3.8)."""
    return b"\r\n".join(raw.splitlines()) + b"\r\n"


class Wire(asyncio.Protocol):
    """Takes a transport over. One listens at a time; a reply that nobody asked for ends the connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""
        self._said: list[bytes] = []
        self._replies: list[Reply] = []
        self._owed = 0
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._ends_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        """Whether there is any use in asking."""
        return not self._transport.is_closing()

    def say(self, commands: bytes, count: int) -> None:
        """Say commands together (RFC 2920); so many replies will come. Raises SMTPServerDisconnected."""
        if not self.is_open:
            raise SMTPServerDisconnected("Connection lost")
        self._owed += count
        self._transport.write(commands)

    async def hear(self, count: int) -> list[Reply]:
        """The next replies, so many, once they are here.

        Raises SMTPServerDisconnected, SMTPReadTimeoutError; then the connection is closed.
        """
        if len(self._replies) < count:
            await self._until(count)
        heard, self._replies = self._replies[:count], self._replies[count:]
        return heard

    async def ask(self, commands: bytes, count: int = 1) -> list[Reply]:
        """Say commands together and wait for their replies; see `hear`."""
        self.say(commands, count)
        return await self.hear(count)

    async def _until(self, count: int) -> None:
        if not self.is_open:
            raise SMTPServerDisconnected("Connection lost")
        loop = asyncio.get_running_loop()
        self._wanted, self._waiter = count, loop.create_future()
        self._ends_s = loop.time() + TIMEOUT_S
        if self._timer is None:
            self._timer = loop.call_at(self._ends_s, self._look)
        try:
            await self._waiter
        except BaseException:
            self._transport.abort()
            raise
        finally:
            self._waiter = None

    def _look(self) -> None:
        """One timer for many answers: when it ends it goes on for whoever waits now."""
        self._timer = None
        loop = asyncio.get_running_loop()
        if self._waiter is None:
            return
        if loop.time() < self._ends_s:
            self._timer = loop.call_at(self._ends_s, self._look)
        else:
            self._fail(SMTPReadTimeoutError("No answer"))

    def close(self) -> None:
        """Say QUIT and close, once all that was said has left."""
        if self.is_open:
            self._transport.write(b"QUIT\r\n")
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        *lines, self._held = (self._held + data).split(b"\n")
        for line in lines:
            self._line(line)
        if len(self._held) + sum(map(len, self._said)) > REPLY_MAX:
            self._fail(SMTPServerDisconnected("Reply too long"))

    def connection_lost(self, _error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fail(SMTPServerDisconnected("Connection lost"))

    def _line(self, line: bytes) -> None:
        code, mark = line[:3], line[3:4]
        if not code.isdigit() or len(code) < 3 or not self._owed:
            self._fail(SMTPServerDisconnected("Not what was asked for"))
            return
        self._said.append(line[4:])
        if mark == b"-":
            return
        text = b" ".join(self._said).decode("utf-8", "replace")
        self._said = []
        self._replies.append(Reply(int(code), text))
        self._owed -= 1
        if self._waiter is not None and not self._waiter.done() and len(self._replies) == self._wanted:
            self._waiter.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
        self._transport.abort()
