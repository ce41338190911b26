"""One open serial port, or a simulated reader's pseudo-terminal: bytes in, bytes out, no decisions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import serial


class Line:
    """8N1, no waiting in any call. ring: called when there is something to read or the port is gone."""

    def __init__(self, port: str, baud: int, ring: Callable[[], None]) -> None:
        """Opens the port. Raises OSError (serial.SerialException is one)."""
        self._serial = serial.Serial(port, baud, timeout=0, write_timeout=0)
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._unsent = b""
        self._came = b""
        self._gone: OSError | None = None
        self._loop.add_reader(self._serial.fileno(), self._readable)

    def read(self) -> bytes:
        """What came since the last call. Raises OSError once the port is gone and all that came was read."""
        came, self._came = self._came, b""
        if self._gone is not None and not came:
            raise self._gone
        return came

    def write(self, data: bytes) -> None:
        """Write now what the port takes, the rest as soon as it takes more."""
        self._unsent += data
        if self._unsent:
            self._writable()

    def close(self) -> None:
        """Let go of the port."""
        self._loop.remove_reader(self._serial.fileno())
        self._loop.remove_writer(self._serial.fileno())
        self._serial.close()

    def _readable(self) -> None:
        try:
            self._came += self._serial.read(4096)
        except OSError as error:
            self._lose(error)
        self._ring()

    def _writable(self) -> None:
        try:
            self._unsent = self._unsent[self._serial.write(self._unsent) or 0 :]
        except OSError as error:
            self._lose(error)
        if self._unsent and self._gone is None:
            self._loop.add_writer(self._serial.fileno(), self._writable)
        else:
            self._loop.remove_writer(self._serial.fileno())

    def _lose(self, error: OSError) -> None:
        self._gone = error
        self._unsent = b""
        self._loop.remove_reader(self._serial.fileno())
        self._ring()
