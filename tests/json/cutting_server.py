"""A processor behind TLS that can be cut at any byte: it answers echoes well, and all else as a test says."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import trustme

from acquirer_sdk.bench import START_S, Outside, until
from acquirer_sdk.keyport import KeyPort, NoKeys
from acquirer_sdk.values import LateAnswer, Ready
from json_adapter.adapter import JsonAcquirer, create
from json_adapter.processor.desk import Desk, Heard, Send
from json_adapter.processor.spoil import Pen, head, raw
from json_adapter.processor.triggers import Step
from json_adapter.signature import Key, Stamp

SECRET = "a secret of the tests, long enough"
KEY = Key("trial", SECRET.encode())


@cache
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@cache
def server_tls(*names: str) -> ssl.SSLContext:
    """A certificate for these names, from our authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(*names, key_type=trustme.KeyType.ECDSA).configure_cert(context)
    return context


def right_s() -> int:
    return START_S + int(asyncio.get_running_loop().time())


@dataclass
class Got:
    """One request as it came over the wire."""

    head: str
    body: bytes

    @property
    def path(self) -> str:
        return self.head.split(" ", 2)[1]

    def heard(self) -> Heard:
        pairs = (line.split(": ", 1) for line in self.head.split("\r\n")[1:])
        return Heard("POST", self.path, {name.lower(): [value] for name, value in pairs}, self.body)


Played = Callable[[bytes], Sequence[bytes]]
"""A good answer's bytes -> the pieces that leave before the line ends."""


class Cutting:
    """played: what leaves instead of the answer. takes: bytes of a request read before the line ends."""

    def __init__(self) -> None:
        self.port = 0
        self.got: list[Got] = []
        self.played: Played | None = None
        self.takes: int | None = None
        self.hangs = False
        self.pause_s = 0.0
        self.desk = Desk(KEY, 0)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def listen(self, tls: ssl.SSLContext | None) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=tls, backlog=1000)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0.1)

    def paths(self) -> list[str]:
        return [got.path for got in self.got if got.path != "/v1/echoes"]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if self.takes is not None:
                await reader.readexactly(self.takes)
            else:
                await self._answer(reader, writer)
            if self.hangs:
                await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        top = (await reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n")
        length = next(line for line in top.lower().split("\r\n") if line.startswith("content-length"))
        got = Got(top, await reader.readexactly(int(length.split(":")[1])))
        self.got.append(got)
        pieces: Sequence[bytes] = [self.good(got)]
        if self.played is not None and got.path != "/v1/echoes":
            pieces = self.played(pieces[0])
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(self.pause_s)

    def good(self, got: Got) -> bytes:
        """The answer of a processor that means well."""
        heard = got.heard()
        move = next(iter(self.desk.moves(heard, right_s())))
        assert isinstance(move, Send)
        if move.how is Step.BARE:
            return raw(Step.BARE, Pen(KEY, Stamp(0, ""), ""), move.reply)[0]
        asked = heard.headers["signature"][0].partition("=")[2]
        headers = head(Pen(KEY, Stamp(right_s(), "n"), asked), move.reply)
        return http(move.reply.status, {**headers, "connection": "close"}, move.reply.body)


def http(status: int, headers: dict[str, str], body: bytes) -> bytes:
    every = {**headers, "content-length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in every.items())
    return f"HTTP/1.1 {status} Answer\r\n{lines}\r\n".encode() + body


@dataclass
class World:
    server: Cutting
    acquirer: JsonAcquirer
    outside: Outside
    late: list[LateAnswer] = field(default_factory=list)

    async def ready(self) -> None:
        await until(lambda: self.acquirer.ready() == Ready(), "never ready")

    def told(self, verb: str) -> list[dict[str, Any]]:
        return [dict(facts) for told, facts in self.outside.told if told == verb]


@asynccontextmanager
async def world(
    *, tls: ssl.SSLContext | None = None, keys: KeyPort | None = None, prefix: str = "", **table: object
) -> AsyncIterator[World]:
    """An adapter that is ready, and a server that answers everything."""
    server, outside = Cutting(), Outside()
    await server.listen(tls or server_tls("127.0.0.1"))
    given = {"secret": SECRET, "ca": authority().cert_pem.bytes().decode()}
    ports = replace(outside.ports, refer=lambda key, _: given[key], keys=keys or NoKeys())
    url = f"https://127.0.0.1:{server.port}{prefix}"
    acquirer = create({"url": url, "key_id": "trial", "secret": "env:S", "ca": "env:C", **table}, ports)
    here = World(server, acquirer, outside)
    await acquirer.start(here.late.append)
    try:
        yield here
    finally:
        await acquirer.close()
        await server.close()
