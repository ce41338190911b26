"""The processor's simulator on HTTP: takes connections and does what the desk says."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from acquirer_sdk.port import Ports, SettingsError
from json_adapter.asked import PATHS
from json_adapter.processor.desk import Cut, Deafen, Desk, Heard, Move, Reply, Send, Understood, Wait, problem
from json_adapter.processor.spoil import Pen, head, raw
from json_adapter.processor.triggers import Step
from json_adapter.settings import is_loopback
from json_adapter.signature import LABEL, SECRET_MIN, Headers, Key, Stamp

_KEY: Final = re.compile(r'^"?([0-9]{12}-[0-9]{6}-[a-z-]{4,16})"?$|^.*$', re.DOTALL)
BODY_MAX: Final = 65_536
BACKLOG: Final = 1024


def _set(help: str, **limits: Any) -> dict[str, Any]:
    return {"help": help, **limits}


@dataclass(frozen=True, slots=True)
class ProcessorSettings:
    """The section [processor]."""

    host: str = field(default="127.0.0.1", metadata=_set("address to listen on"))
    port: int = field(default=9443, metadata=_set("TCP port; 0: any", min=0, max=65535))
    tls_certificate: str = field(
        default="", metadata=_set("file with the certificate chain, PEM; empty: plain HTTP", path="")
    )
    tls_key: str = field(default="", metadata=_set("file with its private key, PEM", path=""))
    key_id: str = field(default="trial", metadata=_set("name of the secret"))
    secret: str = field(
        default="",
        repr=False,
        metadata=_set('32 octets or more, shared with the gateway: "env:NAME" or "file:PATH"', secret=True),
    )
    clock_skew_s: int = field(
        default=300, metadata=_set("how far the two clocks may be apart, s", min=1, max=3600)
    )
    late_ms: int = field(default=45_000, metadata=_set("how late a late answer is, ms", min=0))
    slow_ms: int = field(default=2_000, metadata=_set("how slow a slow answer is, ms", min=0))
    utc_offset_minutes: int = field(
        default=540, metadata=_set("where its day ends: minutes east of UTC", min=-840, max=840)
    )


class Processor:
    """A running simulator. port, charges() and advices() are what a test looks at."""

    def __init__(self, settings: ProcessorSettings, tls: ssl.SSLContext | None, ports: Ports) -> None:
        """tls: None for plain HTTP, which is for loopback only. Raises SettingsError."""
        if tls is None and not is_loopback(settings.host):
            raise SettingsError("tls_certificate", "is needed: plain HTTP is for loopback only")
        if len(settings.secret.encode()) < SECRET_MIN:
            raise SettingsError("secret", f"must have at least {SECRET_MIN} octets")
        self.port = 0
        self._deaf_until = 0.0
        self._settings = settings
        self._tls = tls
        self._ports = ports
        self._key = Key(settings.key_id, settings.secret.encode(), settings.clock_skew_s)
        self._desk = Desk(self._key, settings.utc_offset_minutes)
        self._closing = asyncio.Event()
        self._runner: web.ServerRunner | None = None

    async def start(self) -> None:
        """Listen. Raises OSError where the port is taken."""
        logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
        server = web.Server(self._answer, access_log=None)
        self._runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=1)
        await self._runner.setup()
        chosen = self._settings
        site = web.TCPSite(self._runner, chosen.host, chosen.port, ssl_context=self._tls, backlog=BACKLOG)
        await site.start()
        self.port = int(self._runner.addresses[0][1])
        self._ports.tell("processor.listening", port=self.port)

    async def close(self) -> None:
        """Stop listening and end every connection."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    def charges(self) -> dict[str, int]:
        """Reference -> minor units that the customer finds charged in the end."""
        return self._desk.books.charges()

    def understood(self) -> list[Understood]:
        """Every good request about a payment, in order; inquiries too."""
        return list(self._desk.understood)

    def advices(self) -> dict[str, dict[str, str]]:
        """Reference of an advice -> its items."""
        return {reference: dict(items) for reference, items in self._desk.advices.items()}

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read(BODY_MAX + 1)
        while body and not request.content.at_eof() and len(body) <= BODY_MAX:
            body += await request.content.read(BODY_MAX + 1 - len(body))
        if asyncio.get_running_loop().time() < self._deaf_until:
            await self._closing.wait()
        heard = Heard(request.method, request.path_qs, _headers(request), body)
        self._ports.tell("processor.request", path=_known(request.path), reference=_named(heard))
        if len(body) > BODY_MAX:
            return await self._play(request, heard, iter([Send(problem("too-large"), Step.BARE)]))
        return await self._play(request, heard, self._desk.moves(heard, self._now_s()))

    async def _play(
        self, request: web.BaseRequest, heard: Heard, moves: Iterator[Move]
    ) -> web.StreamResponse:
        """Take moves until one is a whole answer; without one the client waits until it has enough."""
        spoiled = False
        for move in moves:
            match move:
                case Wait(late):
                    await self._pause((self._settings.late_ms if late else self._settings.slow_ms) / 1000)
                case Deafen():
                    self._deaf_until = asyncio.get_running_loop().time() + self._settings.late_ms / 1000
                case Send(reply, how=Step.ANSWER):
                    return self._response(heard, reply, moves)
                case Send(reply, how):
                    spoiled = True
                    await self._spoiled(request, heard, how, reply)
                case Cut():
                    return _gone(request)
        if not spoiled:
            await self._closing.wait()
        return _gone(request)

    def _response(self, heard: Heard, reply: Reply, rest: Iterator[Move]) -> web.Response:
        """A good answer, and what comes after it."""
        response = web.Response(status=reply.status, body=reply.body, headers=head(self._pen(heard), reply))
        if any(isinstance(move, Cut) for move in rest):
            response.force_close()
        return response

    async def _spoiled(self, request: web.BaseRequest, heard: Heard, how: Step, reply: Reply) -> None:
        """Write bytes past the library, which would not let them out."""
        for piece in raw(how, self._pen(heard), reply):
            if request.transport is not None and not request.transport.is_closing():
                request.transport.write(piece)
            await asyncio.sleep(0)

    async def _pause(self, pause_s: float) -> None:
        try:
            async with asyncio.timeout(pause_s):
                await self._closing.wait()
        except TimeoutError:
            pass

    def _pen(self, heard: Heard) -> Pen:
        asked = heard.headers.get("signature", ("",))[0].removeprefix(f"{LABEL}=")
        nonce = self._ports.random_bytes(8).hex()
        return Pen(self._key, Stamp(self._now_s(), nonce), asked)

    def _now_s(self) -> int:
        return self._ports.now_ms() // 1000


def _gone(request: web.BaseRequest) -> web.StreamResponse:
    """The connection ends here; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def _headers(request: web.BaseRequest) -> Headers:
    return {name.lower(): request.headers.getall(name) for name in request.headers}


def _known(path: str) -> str:
    """Only a path of the wire is told: nobody knows what a stranger writes there."""
    return path if path in PATHS.values() else "unknown"


def _named(heard: Heard) -> str:
    """The payment that a request names, by its Idempotency-Key."""
    return _KEY.sub(r"\1", heard.headers.get("idempotency-key", ("",))[0])


async def run(
    settings: ProcessorSettings, tls: ssl.SSLContext | None, ports: Ports, stop: asyncio.Event
) -> None:
    """Serve until stop is set. Raises OSError where the port is taken, SettingsError for bad settings."""
    processor = Processor(settings, tls, ports)
    await processor.start()
    try:
        await stop.wait()
    finally:
        await processor.close()
