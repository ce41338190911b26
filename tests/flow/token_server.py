"""Where a mail server asks whether an access token is good (RFC 7662), and the command that says one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs

from dovecot_server import USER, Dovecot

FIRST = "ya29.first-token_of+this/test." + "Af4" * 300 + "=="
SECOND = "ya29.second-token_of+this/test." + "Bg5" * 300 + "=="


class Purse:
    """A file with the access token of now, and the command that says it: what a refresher would be."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "purse" / "token"
        self._file.parent.mkdir()
        self._told = folder / "purse" / "told"
        self.command = ("sh", "-c", f"echo >> {self._told}; cat {self._file}; echo not this line")

    def hold(self, token: str) -> None:
        self._file.write_text(f"{token}\n")

    @property
    def times(self) -> int:
        """How often it was asked."""
        return len(self._told.read_text()) if self._told.exists() else 0


class Tokens:
    """An introspection endpoint. good: the tokens that are taken now."""

    def __init__(self) -> None:
        self.good: set[str] = set()

    async def listen(self) -> int:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split()[0])
        (token,) = parse_qs((await reader.readexactly(length)).decode())["token"]
        said = json.dumps({"active": token in self.good, "username": USER}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n" % len(said) + said)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def dovecot_by_token() -> AsyncIterator[tuple[Dovecot, Tokens]]:
    """A Dovecot that takes XOAUTH2, and who tells it which tokens are good."""
    tokens = Tokens()
    server = Dovecot(tokens_port=await tokens.listen())
    await server.start()
    try:
        yield server, tokens
    finally:
        await server.stop()
        server.remove()
        tokens.close()
