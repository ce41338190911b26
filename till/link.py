"""HTTPS to the shop API: sends a request, hands back what came. It decides nothing, and knows no deal."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import aiohttp

from till.answers import Answer, Lost, Refused, body_bytes, read_answer, read_page

BODY_MAX: Final = 1_048_576
"""The longest answer, in bytes."""
PAGES_MAX: Final = 250
"""So many pages a list of products may have."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the gateway is. origin: https://HOST[:PORT]. The key cannot be printed.

    ca: PEM of the authorities trusted, "" those of the system. timeout_ms: longest wait for an answer.
    """

    origin: str
    key: str = field(repr=False)
    timeout_ms: int
    ca: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_s: int = 0


class Link:
    """Owns the connections. Each request goes once; no redirects, no cookies, no guessed proxy."""

    def __init__(self, place: Place) -> None:
        """Within a running loop. Raises ssl.SSLError (an OSError) for a ca that is none."""
        context = ssl.create_default_context(cadata=place.ca or None)
        self._place = place
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, keepalive_timeout=15),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Authorization": f"Bearer {place.key}", "Accept": "application/json"},
        )

    async def close(self) -> None:
        """Hang up."""
        await self._session.close()

    async def place(self, deal_id: str, body: Mapping[str, Any]) -> Answer:
        """As `Shop`."""
        headers = {"Idempotency-Key": deal_id}
        return await self._ask(_Request("POST", "/v1/orders", body, headers))

    async def look(self, deal_id: str, wait_s: int) -> Answer:
        """As `Shop`."""
        query = f"?wait={wait_s}" if wait_s else ""
        return await self._ask(_Request("GET", f"{_path(deal_id)}{query}", wait_s=wait_s))

    async def cancel(self, deal_id: str) -> Answer:
        """As `Shop`."""
        return await self._ask(_Request("POST", f"{_path(deal_id)}/cancel"))

    async def handed_over(self, deal_id: str) -> Answer:
        """As `Shop`."""
        return await self._ask(_Request("POST", f"{_path(deal_id)}/handed-over"))

    async def give_back(self, deal_id: str, body: Mapping[str, Any]) -> Answer:
        """As `Shop`."""
        return await self._ask(_Request("POST", f"{_path(deal_id)}/returns", body))

    async def products(self) -> list[Mapping[str, Any]] | Refused | Lost:
        """Every product of the shop, as the gateway lists them."""
        found: list[Mapping[str, Any]] = []
        after = ""
        for _ in range(PAGES_MAX):
            query = f"?after={quote(after, safe='')}" if after else ""
            page = await self._exchange(_Request("GET", f"/v1/products{query}"))
            if isinstance(page, Lost):
                return page
            rows, after = read_page(*page)
            if isinstance(rows, Refused | Lost):
                return rows
            found += rows
            if not after:
                return found
        return Lost("list-endless")

    async def _ask(self, request: _Request) -> Answer:
        got = await self._exchange(request)
        return got if isinstance(got, Lost) else read_answer(*got)

    async def _exchange(self, request: _Request) -> tuple[int, bytes] | Lost:
        timeout_s = self._place.timeout_ms / 1000 + request.wait_s
        headers = dict(request.headers)
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._session.request(
                    request.method,
                    self._place.origin.rstrip("/") + request.path,
                    data=None if request.body is None else body_bytes(request.body),
                    headers=headers,
                    allow_redirects=False,
                ) as response,
            ):
                body = await _body(response)
                return Lost("answer-too-long") if body is None else (response.status, body)
        except TimeoutError:
            return Lost("no-answer")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Lost(_why(error))


def _path(deal_id: str) -> str:
    return f"/v1/orders/{quote(deal_id, safe='')}"


async def _body(response: aiohttp.ClientResponse) -> bytes | None:
    """The whole body; None for one that is too long."""
    body = b""
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > BODY_MAX:
            return None
    return body


def _why(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return "certificate"
        case aiohttp.InvalidURL():
            return "url"
        case aiohttp.ClientConnectorError():
            return "not-connected"
    return "connection-lost"
