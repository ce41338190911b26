"""HTTP for browsers: aiohttp on our own loop. What it answers is made in `pages`."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, Protocol

from aiohttp import web

from mail_gateway.site.pages import PHONE, pages

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from mail_gateway.ports import Ports
    from mail_gateway.settings import Settings

BODY_MAX: Final = 256 * 1024
"""Bytes that somebody may send at once."""
SHUTDOWN_S: Final = 5
"""What is under way at the end may take so long."""
CONNECTIONS_MAX: Final = 1000
"""At once; more are cut off, so that the mail's door next to it has room."""
IDLE_S: Final = 30
"""So long a connection may say nothing, or not the whole head of a request."""
HANDSHAKE_S: Final = 10
LINGER_S: Final = 2
"""The rest of a body that is not wanted is listened to for so long, so that the answer is heard."""


class Part(Protocol):
    """A part of the site: which of its handlers answers which method and path."""

    def routes(self) -> Sequence[web.RouteDef]: ...


class Site:
    """One listener. Made by `serve`. port: the one that was really opened."""

    def __init__(self, runner: web.AppRunner, server: asyncio.Server) -> None:
        self._runner = runner
        self._server = server
        self.port = int(server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and end what is under way."""
        self._server.close()
        await self._runner.cleanup()


class _Full(asyncio.Protocol):
    """There is no room."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


async def serve(
    settings: Settings, ports: Ports, tls: ssl.SSLContext | None, parts: Sequence[Part] = ()
) -> Site:
    """Open the port of [site] and return the site; `Site.close` shuts it. Raises OSError if it is taken.

    parts: what there is beside the phone's page. tls: None: encryption is the affair of a proxy in front; a
    browser talks to a serial port only over https or on the same machine.
    """
    ready = pages(settings.gateway)

    async def answer(request: web.Request) -> web.Response:
        page = ready.get(request.path)
        if page is None:
            raise web.HTTPNotFound
        return web.Response(body=page.body, headers=page.headers)

    async def to_the_phone(_: web.Request) -> web.Response:
        raise web.HTTPFound(PHONE)

    app = web.Application(client_max_size=BODY_MAX)
    app.router.add_get("/", to_the_phone)
    app.router.add_get(PHONE + "{name:.*}", answer)
    for part in parts:
        app.add_routes(part.routes())
    site = await listen(app, (settings.site.host, settings.site.port), tls)
    ports.tell("site.listening", port=site.port)
    return site


async def listen(app: web.Application, at: tuple[str, int], tls: ssl.SSLContext | None = None) -> Site:
    """Open a port for what answers. at: address and port; 0: any free one. Raises OSError if it is taken."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=SHUTDOWN_S,
        keepalive_timeout=IDLE_S,
        lingering_time=LINGER_S,
    )
    await runner.setup()
    server = runner.server
    assert server is not None

    def welcome() -> asyncio.Protocol:
        return server() if len(server.connections) < CONNECTIONS_MAX else _Full()

    patience_s = None if tls is None else HANDSHAKE_S
    made = await asyncio.get_running_loop().create_server(
        welcome, *at, ssl=tls, ssl_handshake_timeout=patience_s
    )
    return Site(runner, made)
