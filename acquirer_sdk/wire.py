"""The cable between an adapter and its simulator: a TCP proxy that cuts, splits, joins and spoils bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_CHUNK: Final = 65536


class Way(StrEnum):
    """Which way bytes run."""

    OUT = "out"  # from the adapter to the far end
    BACK = "back"


@dataclass(slots=True)
class Fault:
    """What happens to the bytes of one way from now on.

    cut_at: the line ends after so many bytes. flip_at: that byte is spoiled. segment: bytes in one segment,
    0: as they come. held: nothing passes until it is let go, then all in one piece.
    """

    cut_at: int | None = None
    flip_at: int | None = None
    segment: int = 0
    held: bool = False
    passed: int = 0

    def spoil(self, data: bytes) -> tuple[bytes, bool]:
        """The next bytes -> what passes of them, and whether the line ends behind that."""
        if self.flip_at is not None and 0 <= (at := self.flip_at - self.passed) < len(data):
            data = data[:at] + bytes([data[at] ^ 0x5A]) + data[at + 1 :]
        ends = self.cut_at is not None and self.passed + len(data) >= self.cut_at
        if self.cut_at is not None:
            data = data[: max(0, self.cut_at - self.passed)]
        self.passed += len(data)
        return data, ends


@dataclass(slots=True)
class _Line:
    """One connection: where each way's bytes go, and those that are held."""

    writers: dict[Way, asyncio.StreamWriter]
    sent: bytearray
    held: dict[Way, bytearray]

    def close(self) -> None:
        for writer in self.writers.values():
            writer.close()


class Wire:
    """Listens on `port` and passes everything on to the far end. One fault at a time for each way."""

    def __init__(self, far_port: int) -> None:
        self.port = 0
        self.sent: list[bytearray] = []
        """Every byte that the adapter sent, one entry for each connection."""
        self._far_port = far_port
        self._faults = {way: Fault() for way in Way}
        self._lines: list[_Line] = []
        self._served: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    def fault(self, way: Way, fault: Fault) -> None:
        """From now on this happens to the bytes of that way."""
        self._faults[way] = fault

    def heal(self) -> None:
        """No fault any more; what was held passes now, in one piece."""
        self._faults = {way: Fault() for way in Way}
        for line in self._lines:
            for way, held in line.held.items():
                line.writers[way].write(bytes(held))
                held.clear()

    def passed(self, way: Way) -> int:
        """How many bytes ran that way since the last `fault` or `heal`."""
        return self._faults[way].passed

    def cut(self) -> None:
        """End every connection at once."""
        for line in self._lines:
            for writer in line.writers.values():
                writer.transport.abort()

    async def plug(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def unplug(self) -> None:
        """Refuse new connections and end those there are."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self.cut()
        await asyncio.gather(*self._served, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._served.add(task)
            task.add_done_callback(self._served.discard)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far_port)
        except OSError:
            writer.transport.abort()
            return
        if self._server is None:  # unplugged meanwhile
            writer.transport.abort()
            far_writer.transport.abort()
            return
        line = _Line({Way.OUT: far_writer, Way.BACK: writer}, bytearray(), {way: bytearray() for way in Way})
        self._lines.append(line)
        self.sent.append(line.sent)
        pumps = (self._pump(line, Way.OUT, reader), self._pump(line, Way.BACK, far_reader))
        await asyncio.gather(*pumps)
        self._lines.remove(line)

    async def _pump(self, line: _Line, way: Way, reader: asyncio.StreamReader) -> None:
        try:
            while data := await reader.read(_CHUNK):
                if way is Way.OUT:
                    line.sent.extend(data)
                if await self._pass_on(line, way, data):
                    break
        except OSError:
            pass
        finally:
            line.close()

    async def _pass_on(self, line: _Line, way: Way, data: bytes) -> bool:
        """Pass what may pass -> whether the line ends."""
        fault = self._faults[way]
        passing, ends = fault.spoil(data)
        if fault.held:
            line.held[way] += passing
            return ends
        size = fault.segment or len(passing) or 1
        for start in range(0, len(passing), size):
            if line.writers[way].is_closing():
                return True
            line.writers[way].write(passing[start : start + size])
            if fault.segment:
                await asyncio.sleep(0)  # the other end reads before the next segment leaves
        return ends


@asynccontextmanager
async def wire_to(far_port: int) -> AsyncIterator[Wire]:
    """A plugged cable to a port of this machine, for the life of a bench."""
    wire = Wire(far_port)
    await wire.plug()
    try:
        yield wire
    finally:
        await wire.unplug()
