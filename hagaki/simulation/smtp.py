"""The carrier's side of SMTP, as small as it can be: a door that takes mail and a client that hands it on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Protocol

REPLY_MAX_S: Final = 60


class Answer(Enum):
    """What becomes of a mail at the door."""

    TAKEN = "250 2.0.0 carried from here"
    LATER = "451 4.3.0 come again"
    NEVER = "550 5.1.1 not here"
    GONE = ""
    """The line drops instead of an answer."""


class Taker(Protocol):
    """Decides about a mail whose content is all here."""

    def take(self, sender: str, recipients: list[str], raw: bytes) -> Answer: ...


@dataclass(eq=False)
class Door(asyncio.Protocol):
    """One client of the carrier."""

    taker: Taker
    _buffer: bytes = b""
    _sender: str = ""
    _recipients: list[str] = field(default_factory=list)
    _in_data: bool = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._say("220 carrier.example ESMTP")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._next():
            pass

    def _next(self) -> bool:
        if self._in_data:
            content, dot, rest = (b"\r\n" + self._buffer).partition(b"\r\n.\r\n")
            if dot:
                self._buffer, self._in_data = rest, False
                self._content(content[2:] + b"\r\n")
            return bool(dot)
        line, end, rest = self._buffer.partition(b"\r\n")
        if end:
            self._buffer = rest
            self._command(line.decode("ascii", "replace"))
        return bool(end)

    def _command(self, line: str) -> None:
        verb = line[:4].upper()
        path = line.partition("<")[2].partition(">")[0]
        if verb == "MAIL":
            self._sender, self._recipients = path, []
        elif verb == "RCPT":
            self._recipients.append(path)
        elif verb == "DATA":
            self._in_data = True
        self._say({"DATA": "354 go on", "QUIT": "221 2.0.0 bye"}.get(verb, "250 2.0.0 OK"))
        if verb == "QUIT":
            self._transport.close()

    def _content(self, raw: bytes) -> None:
        answer = self.taker.take(self._sender, self._recipients, raw.replace(b"\r\n..", b"\r\n."))
        if answer is Answer.GONE:
            self._transport.abort()
        else:
            self._say(answer.value)

    def _say(self, line: str) -> None:
        self._transport.write(line.encode() + b"\r\n")


class Gone(Exception):
    """The other side did not answer as far as 250: nobody knows whether it has the mail."""


async def hand_over(port: int, sender: str, recipient: str, raw: bytes) -> int:
    """Hand one mail to the server there; -> the code of its last answer. Raises Gone, OSError."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        code = await _answer(reader)
        dotted = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:]
        steps = (b"EHLO carrier.example", b"MAIL FROM:<%s>" % sender.encode())
        for step in (*steps, b"RCPT TO:<%s>" % recipient.encode(), b"DATA", dotted + b"."):
            if code >= 400:
                return code
            writer.write(step + b"\r\n")
            code = await _answer(reader)
        writer.write(b"QUIT\r\n")
        return code
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    try:
        async with asyncio.timeout(REPLY_MAX_S):
            while (line := await reader.readline())[3:4] == b"-":
                pass
    except (TimeoutError, ValueError):
        raise Gone from None
    if not line.endswith(b"\n") or not line[:3].isdigit():
        raise Gone
    return int(line[:3])
