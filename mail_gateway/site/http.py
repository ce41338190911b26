"""HTTP for browsers: aiohttp on our own loop. What it answers is made in `pages`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Protocol

from aiohttp import web

from mail_gateway.site import tls
from mail_gateway.site.pages import PHONE, pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mail_gateway.ports import Ports
    from mail_gateway.settings import Settings

BODY_MAX: Final = 256 * 1024
"""Bytes that somebody may send at once."""
SHUTDOWN_S: Final = 5
"""What is under way at the end may take so long."""


class Part(Protocol):
    """A part of the site: which of its handlers answers which method and path."""

    def routes(self) -> Sequence[web.RouteDef]: ...


class Site:
    """One listener. Made by `serve`. port: the one that was really opened."""

    def __init__(self, runner: web.AppRunner, port: int) -> None:
        self._runner = runner
        self.port = port

    async def close(self) -> None:
        """Stop listening and end what is under way."""
        await self._runner.cleanup()


async def serve(settings: Settings, ports: Ports, parts: Sequence[Part] = ()) -> Site:
    """Open the port of [site] and return the site; `Site.close` shuts it. Raises OSError if it is taken.

    parts: what there is beside the phone's page.
    Without a certificate of [site] encryption is the affair of a proxy in front; a browser talks to a serial
    port only over https or on the same machine. Raises GatewayError for a certificate that cannot be used.
    """
    secured = tls.context(settings.site)
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
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    await web.TCPSite(runner, settings.site.host, settings.site.port, ssl_context=secured).start()
    port = int(runner.addresses[0][1])
    ports.tell("site.listening", port=port)
    return Site(runner, port)
