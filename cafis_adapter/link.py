"""The TCP stream under a line: connects, moves bytes, waits for answers. It decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from cafis_adapter.codec import Message
from cafis_adapter.framing import frame
from cafis_adapter.line import Answer, Broken, Forged, HostAsks, Key, Line, Stray


@dataclass(frozen=True, slots=True)
class Unsent:
    """Not one byte was handed to the kernel."""

    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Sent, and no answer came."""

    reason: str


Exchanged = Message | Unsent | Lost
Waiter = asyncio.Future[Message | Lost]


@dataclass(frozen=True, slots=True)
class Address:
    """Where the host listens, and how long connecting may take."""

    host: str
    port: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Hooks:
    """Whom a link tells: strays, messages without their MAC and broken streams, and what to answer to the
    host's own 0800 (packed)."""

    stray: Callable[[Stray], None]
    forged: Callable[[Message], None]
    broken: Callable[[Broken], None]
    answer_host: Callable[[Message], bytes]


class Link:
    """Owns the socket. Every byte goes through the line, which says what it means."""

    def __init__(self, line: Line[Waiter], hooks: Hooks) -> None:
        self._line = line
        self._hooks = hooks
        self._writer: asyncio.StreamWriter | None = None
        self._unsaid: list[bytes] = []

    def is_open(self) -> bool:
        """Can anything leave? The line hears a little later that its stream is gone."""
        return self._writer is not None and not self._writer.is_closing()

    async def exchange(self, key: Key, body: bytes, *, timeout_s: float) -> Exchanged:
        """Send one packed request and wait for its answer. From here on it counts as sent; what is asked
        in one turn of the loop leaves in one write."""
        if not self.is_open():
            return Unsent("not-connected")
        waiter: Waiter = asyncio.get_running_loop().create_future()
        refused = self._line.expect(key, waiter)
        if refused is not None:
            return Unsent(refused)
        if not self._unsaid:
            asyncio.get_running_loop().call_soon(self._say)
        self._unsaid.append(frame(body))
        return await self._wait(key, waiter, timeout_s)

    def _say(self) -> None:
        if self._writer is not None and self._unsaid:
            self._writer.write(b"".join(self._unsaid))
        self._unsaid.clear()

    async def _wait(self, key: Key, waiter: Waiter, timeout_s: float) -> Exchanged:
        timer = asyncio.get_running_loop().call_later(timeout_s, self._give_up, key, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled() and isinstance(answer := waiter.result(), Message):
                self._hooks.stray(Stray(answer, near=False))
            raise
        finally:
            timer.cancel()
            self._line.forget(key, waiter)

    def _give_up(self, key: Key, waiter: Waiter) -> None:
        """From now on an answer is late; one that arrived together with the time-out is still an answer."""
        if not waiter.done():
            self._line.forget(key, waiter)
            waiter.set_result(Lost("no-answer"))

    async def session(self, to: Address, keep: Callable[[], asyncio.Task[None]]) -> None:
        """One connection from beginning to end; keep starts what runs beside it. Raises OSError."""
        async with asyncio.timeout(to.timeout_s):
            reader, self._writer = await asyncio.open_connection(to.host, to.port)
        self._line.up()
        keeper = keep()
        keeper.add_done_callback(lambda _: self.drop())
        reason = "connection-lost"
        try:
            reason = await self._read(reader)
        finally:
            keeper.cancel()
            self.drop()
            for waiter in self._line.down():
                if not waiter.done():
                    waiter.set_result(Lost(reason))
            await asyncio.wait({keeper})
        if not keeper.cancelled():
            keeper.result()

    def drop(self) -> None:
        """Close at once: what is still in the buffer must not leave after its time-out."""
        writer, self._writer = self._writer, None
        self._unsaid.clear()
        if writer is not None:
            writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader) -> str:
        """Pass on what comes until the stream ends -> the slug that those still waiting get."""
        try:
            while data := await reader.read(65536):
                broken = self._pass_on(data)
                if broken is not None:
                    return broken
        except OSError:
            pass
        return "connection-lost"

    def _pass_on(self, data: bytes) -> str | None:
        """Give every event to whom it belongs -> the slug of why the stream has to end, or None."""
        for event in self._line.receive(data):
            match event:
                case Answer(waiter, message) if not waiter.done():
                    waiter.set_result(message)
                case Answer(_, message):  # whoever asked has just been cancelled
                    self._hooks.stray(Stray(message, near=False))
                case Forged(waiter, message):
                    if waiter is not None and not waiter.done():
                        waiter.set_result(Lost("mac-wrong"))
                    self._hooks.forged(message)
                case Stray():
                    self._hooks.stray(event)
                case HostAsks(message) if self._writer is not None:
                    self._writer.write(frame(self._hooks.answer_host(message)))
                case Broken(slug):
                    self._hooks.broken(event)
                    return slug
        return None
