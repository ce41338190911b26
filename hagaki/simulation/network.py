"""The network between the programs: in memory, slow, in segments, broken at any byte, all by the seed."""

from __future__ import annotations

import asyncio
import errno
import random
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from hagaki.simulation.loop import PROCESS, Process

_ADDRESS: Final = "192.0.2.1"
_SMALLEST_S: Final = 1e-6


class Weather(Protocol):
    """What a connection meets; drawn once when it is made."""

    def refuses(self, port: int) -> bool:
        """Nobody answers there now."""

    def sky(self, port: int) -> Sky:
        """For one new connection."""


@dataclass(slots=True)
class Sky:
    """delay_s: of a segment, at most. left: bytes until the line is cut, None: never. segments: to one write.

    silent: the cut makes no noise, both ends go on waiting.
    """

    random: random.Random
    delay_s: float = 0.02
    left: int | None = None
    silent: bool = False
    segments: int = 1


class Wire:
    """One connection: two ends and what is under way between them."""

    def __init__(self, sky: Sky, port: int) -> None:
        self._sky = sky
        self._loop = asyncio.get_running_loop()
        self.port = port
        self.is_cut = False

    def carry(self, end: End, data: bytes) -> None:
        """Bytes from that end on their way to the other one, until the line is cut."""
        if self.is_cut:
            return
        left = self._sky.left
        if left is not None:
            self._sky.left = left - len(data)
            data = data[:left]
        for piece in self._pieces(data):
            end.peer.at(self.arrival(end), end.peer.receive, piece)
        if left is not None and self._sky.left is not None and self._sky.left < 0:
            self._cut(end)

    def arrival(self, end: End) -> float:
        """When what leaves now comes to the other end: never before what left earlier."""
        soon = self._loop.time() + self._sky.random.random() * self._sky.delay_s
        end.last_s = max(end.last_s + _SMALLEST_S, soon)
        return end.last_s

    def survives(self) -> bool:
        """Whether what is under way when an end dies still arrives."""
        return self._sky.random.random() < 0.7

    def _pieces(self, data: bytes) -> list[bytes]:
        most = min(self._sky.segments, len(data))
        if most <= 1:
            return [data] if data else []
        cuts = sorted(self._sky.random.sample(range(1, len(data) + 1), self._sky.random.randint(1, most)))
        starts = [0, *(cut for cut in cuts if cut < len(data))]
        return [data[a:b] for a, b in zip(starts, [*starts[1:], len(data)], strict=True)]

    def _cut(self, end: End) -> None:
        self.is_cut = True
        if not self._sky.silent:
            end.peer.at(self.arrival(end), end.peer.lose, ConnectionResetError(errno.ECONNRESET, "cut"))
            end.at(self.arrival(end.peer), end.lose, ConnectionResetError(errno.ECONNRESET, "cut"))


class End(asyncio.Transport):
    """One end of a wire, as asyncio's protocols know it."""

    peer: End

    def __init__(self, wire: Wire, process: Process, context: Context, protocol: Any) -> None:
        super().__init__({"peername": (_ADDRESS, wire.port), "sockname": (_ADDRESS, wire.port)})
        self._wire = wire
        self._loop = asyncio.get_running_loop()
        self._context = context
        self._protocol = protocol
        self._closing = self._lost = self._paused = False
        self._held: list[bytes | None] = []
        self.process = process
        self.last_s = 0.0

    def at(self, when_s: float, callback: Callable[..., None], *args: Any) -> None:
        """Something happens to this end then."""
        self._loop.call_at(when_s, callback, *args, context=self._context)

    @property
    def port(self) -> int:
        """Of the listener."""
        return self._wire.port

    def now_s(self) -> float:
        """The loop's time."""
        return self._loop.time()

    def begin(self) -> None:
        """The connection is there."""
        self._context.copy().run(self._protocol.connection_made, self)

    def receive(self, data: bytes | None) -> None:
        """A segment came, None: the other end will send no more."""
        if self._closing:
            return
        if self._paused:
            self._held.append(data)
        elif data is not None:
            self._protocol.data_received(data)
        elif not self._protocol.eof_received():
            self.close()

    def lose(self, error: Exception | None) -> None:
        """The connection is gone."""
        if not self._lost:
            self._lost = self._closing = True
            self._protocol.connection_lost(error)

    def vanish(self) -> None:
        """The program at this end died; the system ends the connection for it."""
        if not self._lost:
            self._lost = self._closing = True
            self._end_peer()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._closing and self.process.alive:
            self._wire.carry(self, bytes(data))

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            if not self._wire.is_cut:
                self.peer.at(self._wire.arrival(self), self.peer.receive, None)
            self._loop.call_soon(self.lose, None, context=self._context)

    def abort(self) -> None:
        if not self._lost:
            self._closing = True
            self._end_peer()
            self._loop.call_soon(self.lose, None, context=self._context)

    def _end_peer(self) -> None:
        if not self._wire.is_cut:
            self._wire.is_cut = True
            now_s = self._loop.time()
            when_s = self._wire.arrival(self) if self._wire.survives() else now_s
            self.peer.at(when_s, self.peer.lose, ConnectionResetError(errno.ECONNRESET, "reset"))

    def is_closing(self) -> bool:
        return self._closing

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_protocol(self) -> Any:
        return self._protocol

    def is_reading(self) -> bool:
        return not self._paused and not self._closing

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        held, self._held = self._held, []
        for data in held:
            self.receive(data)

    def can_write_eof(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:  # noqa: ARG002
        return None


class _Name:
    """Stands for a listening socket."""

    def __init__(self, port: int) -> None:
        self._port = port

    def getsockname(self) -> tuple[str, int]:
        return _ADDRESS, self._port


@dataclass(eq=False)
class Listener:
    """What create_server gives back."""

    network: Network
    factory: Callable[[], Any]
    port: int
    process: Process
    context: Context

    @property
    def sockets(self) -> tuple[_Name, ...]:
        return (_Name(self.port),)

    def close(self) -> None:
        """Take no more connections."""
        if self.network.listeners.get(self.port) is self:
            del self.network.listeners[self.port]

    async def wait_closed(self) -> None:
        return None


@dataclass(eq=False)
class Network:
    """All listeners and all ends of connections."""

    weather: Weather
    listeners: dict[int, Listener] = field(default_factory=dict)
    ends: list[End] = field(default_factory=list)

    def listen(self, factory: Callable[[], Any], port: int) -> Listener:
        """Raises OSError where the port is taken."""
        if port in self.listeners:
            raise OSError(errno.EADDRINUSE, "in use")
        self.listeners[port] = Listener(self, factory, port, PROCESS.get(), copy_context())
        return self.listeners[port]

    async def connect(self, factory: Callable[[], Any], port: int) -> tuple[End, Any]:
        """Raises ConnectionRefusedError, after a while."""
        sky = self.weather.sky(port)
        await asyncio.sleep(sky.random.random() * sky.delay_s)
        listener = self.listeners.get(port)
        if listener is None or not PROCESS.get().alive or self.weather.refuses(port):
            raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")
        wire = Wire(sky, port)
        protocol = factory()
        server = End(wire, listener.process, listener.context, listener.context.copy().run(listener.factory))
        client = End(wire, PROCESS.get(), copy_context(), protocol)
        server.peer, client.peer = client, server
        self._keep(server, client)
        server.begin()
        client.begin()
        return client, protocol

    def cut_all(self, port: int) -> None:
        """Every connection to that port is lost, at both its ends."""
        for end in [end for end in self.ends if end.port == port and not end.is_closing()]:
            end.at(end.now_s(), end.lose, ConnectionResetError(errno.ECONNRESET, "reset"))

    def forget(self, process: Process) -> None:
        """That program died."""
        for listener in [one for one in self.listeners.values() if one.process is process]:
            listener.close()
        for end in self.ends:
            if end.process is process:
                end.vanish()

    def _keep(self, *ends: End) -> None:
        if len(self.ends) > 200:
            self.ends = [end for end in self.ends if not end.is_closing()]
        self.ends.extend(ends)
