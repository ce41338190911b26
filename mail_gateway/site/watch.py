"""HTTP for those who watch the gateway: /metrics for a program, /health for a balancer, / for a person.

A port of its own, and never the public one: who asks is not asked who they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from mail_gateway.observe.metrics import Metrics
from mail_gateway.site.http import Site, listen
from mail_gateway.site.watch_page import HEADERS, WatchPage

if TYPE_CHECKING:
    from mail_gateway.observe.watch import Watch
    from mail_gateway.ports import Ports
    from mail_gateway.settings import Settings

_DOWN = 503


async def serve(settings: Settings, watch: Watch, ports: Ports) -> Site:
    """Open the port of [watch] and return the site; `Site.close` shuts it. Raises OSError if it is taken."""
    metrics, page = Metrics(), WatchPage(settings.gateway.time_zone)

    async def on_metrics(request: web.Request) -> web.Response:
        body, kind = metrics.page(await watch.standing(), request.headers.get("Accept", ""))
        return web.Response(body=body, headers={**HEADERS, "Content-Type": kind})

    async def on_health(_: web.Request) -> web.Response:
        trouble = await watch.trouble()
        said = {"status": "down", "slug": trouble} if trouble else {"status": "up"}
        return web.json_response(said, status=_DOWN if trouble else 200, headers=HEADERS)

    async def on_page(_: web.Request) -> web.Response:
        body = page.compose(await watch.standing(), await watch.trouble())
        return web.Response(body=body, headers={**HEADERS, "Content-Type": "text/html; charset=utf-8"})

    app = web.Application()
    app.add_routes([web.get("/metrics", on_metrics), web.get("/health", on_health), web.get("/", on_page)])
    site = await listen(app, (settings.watch.host, settings.watch.port))
    ports.tell("watch.listening", port=site.port)
    return site
