"""HTTP for shops: takes a request whole, within its limits, and hands the door's answer out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiohttp import web

from mail_gateway.site.api_answers import Answer, refusal
from mail_gateway.site.api_door import Asked, Door
from mail_gateway.site.api_json import BODY_MAX
from mail_gateway.site.api_routes import ROOT
from mail_gateway.site.api_watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mail_gateway.settings import SiteSettings
    from mail_gateway.work.kit import Kit

BODY_S: Final = 20
"""So long a body may take to come."""


class Shops:
    """The part of the site that shops' servers and tills talk to."""

    def __init__(self, kit: Kit, settings: SiteSettings) -> None:
        self._watch = Watch(kit.store)
        self._door = Door(kit, self._watch, settings.public_url, settings.shop_requests_per_minute_max)

    def routes(self) -> Sequence[web.RouteDef]:
        """Everything below /v1/, in any method: the door knows the rest."""
        return (web.route("*", ROOT + "{rest:.*}", self._handle),)

    async def close(self) -> None:
        """Whoever waits is answered now."""
        await self._watch.close()

    async def _handle(self, request: web.Request) -> web.Response:
        body = await _body(request)
        answer = body if isinstance(body, Answer) else await self._door.answer(_asked(request, body))
        response = web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        if isinstance(body, Answer):
            response.force_close()  # what else comes on this connection is the rest of that body
        return response


async def _body(request: web.Request) -> bytes | Answer:
    """All of it, or why not."""
    if (request.content_length or 0) > BODY_MAX:
        return refusal("body-too-big")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            while len(body) <= BODY_MAX and (part := await request.content.readany()):
                body += part
    except TimeoutError:
        return refusal("body-slow")
    except (web.RequestPayloadError, ValueError):
        return refusal("json-broken")
    return refusal("body-too-big") if len(body) > BODY_MAX else bytes(body)


def _asked(request: web.Request, body: bytes) -> Asked:
    queries = {name: request.query.getall(name) for name in request.query}
    headers = {name.lower(): request.headers.getall(name) for name in request.headers}
    return Asked(request.method, request.path, queries, headers, body)
