"""HTTP to the processor: sends, waits, knows whether anything left. It decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from json_adapter.settings import Place
from json_adapter.signature import Headers

ANSWER_MAX: Final = 65_536
"""The longest body of an answer, in bytes."""
HEADERS_MAX: Final = 64
HEADER_MAX: Final = 4_096
IDLE_S: Final = 15
"""An idle connection older than this is not used: the other end may be about to close it."""

_QUIET: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


@dataclass(frozen=True, slots=True)
class Unsent:
    """Not one byte of the request was handed to the kernel."""

    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Sent, and no answer came."""

    reason: str


@dataclass(frozen=True, slots=True)
class Got:
    """What came back, not believed yet. It cannot be printed with its body."""

    status: int
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)


Exchanged = Got | Unsent | Lost


@dataclass(frozen=True, slots=True)
class Post:
    """One request as it goes out. It cannot be printed with its body."""

    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long connecting, an answer, and after it a late answer may take, in seconds."""

    connect_s: float
    answer_s: float
    late_s: float


Late = Callable[[Got], None]


@dataclass(slots=True)
class _Flight:
    """One request under way. sent: its first byte may have been handed to the kernel."""

    sent: bool = False


class _NoAnswer(Exception):
    """It came, and cannot be one."""


class Link:
    """Owns the connections. Nothing is asked twice; no redirects, no cookies, no guessed proxy."""

    def __init__(self, place: Place, patience: Patience) -> None:
        self._place = place
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None
        self._under_way: set[asyncio.Task[Got]] = set()

    def open(self) -> None:
        """From now on requests may leave."""
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_leaves)
        connector = aiohttp.TCPConnector(
            ssl=self._place.tls if self._place.tls is not None else True, limit=0, keepalive_timeout=IDLE_S
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._patience.connect_s),
            trace_configs=[trace],
            auto_decompress=False,
            max_field_size=HEADER_MAX,
            max_line_size=HEADER_MAX,
        )

    async def close(self) -> None:
        """End what is under way; whoever waits for it learns that it is lost, or was never sent."""
        session, self._session = self._session, None
        under_way = list(self._under_way)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        if session is not None:
            await session.close()

    async def exchange(self, post: Post, late: Late) -> Exchanged:
        """Send one request and wait. What comes after the time-out, or after the caller was cancelled, goes
        to late, as long as the connection lasts."""
        if self._session is None:
            return Unsent("not-connected")
        flight = _Flight()
        task = asyncio.create_task(self._post(self._session, post, flight))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            await asyncio.wait({task}, timeout=self._patience.answer_s)
        except asyncio.CancelledError:
            self._leave(task, flight, late)
            raise
        if task.done():
            return _result(task, flight)
        if flight.sent:
            self._leave(task, flight, late)
            return Lost("no-answer")
        task.cancel()
        await asyncio.wait({task})
        return _result(task, flight)

    def _leave(self, task: asyncio.Task[Got], flight: _Flight, late: Late) -> None:
        """Nobody waits any more. What was sent is listened for a little longer."""
        if not flight.sent:
            task.cancel()
        timer = asyncio.get_running_loop().call_later(self._patience.late_s, task.cancel)

        def ended(task: asyncio.Task[Got]) -> None:
            timer.cancel()
            got = _result(task, flight)
            if isinstance(got, Got):
                late(got)

        task.add_done_callback(ended)

    async def _post(self, session: aiohttp.ClientSession, post: Post, flight: _Flight) -> Got:
        async with session.post(
            self._place.origin + self._place.prefix + post.path,
            data=post.body,
            headers={**post.headers, "accept-encoding": "identity"},
            skip_auto_headers=_QUIET,
            allow_redirects=False,
            proxy=self._place.proxy or None,
            trace_request_ctx=flight,
        ) as response:
            if len(response.headers) > HEADERS_MAX:
                raise _NoAnswer("answer-too-long")
            headers = {name.lower(): response.headers.getall(name) for name in response.headers}
            return Got(response.status, headers, await _body(response))


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """The whole body. Raises _NoAnswer for one that is too long."""
    pieces: list[bytes] = []
    length = 0
    async for piece in response.content.iter_any():
        length += len(piece)
        if length > ANSWER_MAX:
            raise _NoAnswer("answer-too-long")
        pieces.append(piece)
    return b"".join(pieces)


async def _leaves(_: aiohttp.ClientSession, context: object, __: object) -> None:
    """aiohttp calls this right before it writes the first byte."""
    flight = getattr(context, "trace_request_ctx", None)
    if isinstance(flight, _Flight):
        flight.sent = True


def _result(task: asyncio.Task[Got], flight: _Flight) -> Exchanged:
    """A task that has ended -> what became of the exchange. A fault of ours is no answer either."""
    error = None if task.cancelled() else task.exception()
    if not task.cancelled() and error is None:
        return task.result()
    return Lost(_lost(error)) if flight.sent else Unsent(_unsent(error))


def _lost(error: BaseException | None) -> str:
    match error:
        case _NoAnswer():
            return str(error)
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError() | ValueError():
            return "answer-broken"
    return "connection-lost"


def _unsent(error: BaseException | None) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return "certificate"
        case aiohttp.ClientSSLError():
            return "tls"
        case aiohttp.ClientConnectorDNSError():
            return "name-unknown"
        case aiohttp.ClientHttpProxyError() | aiohttp.ClientProxyConnectionError():
            return "proxy"
        case TimeoutError():
            return "connect-timeout"
    return "not-connected"
