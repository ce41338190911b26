"""The reader's end of the serial line: its own pseudo terminal, or a device that may come and go."""

from __future__ import annotations

import os
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager

import serial

from card_reader_fw.board.desk.reader_error import ReaderError

BAUD = 9600
REOPEN_S = 1


class Pty:
    """A pseudo terminal. We keep its far end open too: then a phone may close and open it as it likes."""

    def __init__(self) -> None:
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        self.path = os.ttyname(self._far)

    def fileno(self) -> int | None:
        """To wait on."""
        return self._near

    def read(self) -> bytes:
        """What is there."""
        try:
            return os.read(self._near, 4096)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> None:
        """As on a cable: what nobody takes is lost, and the link sends it again."""
        try:
            os.write(self._near, data)
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Both ends."""
        os.close(self._near)
        os.close(self._far)


class SerialDevice:
    """A serial device; when it goes away it is tried again each second."""

    def __init__(self, path: str):
        self.path = path
        self._reopen_at = 0.0
        self._device: serial.Serial | None = None
        self._open()
        if self._device is None:
            raise ReaderError("port")

    def fileno(self) -> int | None:
        """To wait on; None while it is away."""
        return self._device.fileno() if self._device else None

    def read(self) -> bytes:
        """What is there."""
        if self._device is None and time.monotonic() >= self._reopen_at:
            self._open()
        try:
            return self._device.read(4096) if self._device else b""
        except OSError:
            self._lost()
            return b""

    def write(self, data: bytes) -> None:
        """What does not go out now is lost, and the link sends it again."""
        try:
            if self._device:
                self._device.write(data)
        except OSError:
            self._lost()

    def close(self) -> None:
        """Give the device back."""
        if self._device:
            self._device.close()

    def _open(self) -> None:
        self._reopen_at = time.monotonic() + REOPEN_S
        try:
            self._device = serial.Serial(self.path, BAUD, timeout=0, write_timeout=0)
        except (OSError, ValueError):
            self._device = None

    def _lost(self) -> None:
        self.close()
        self._device = None
        self._reopen_at = time.monotonic() + REOPEN_S


@contextmanager
def open_line(port: str) -> Iterator[Pty | SerialDevice]:
    """port: "pty" or the path of a serial device. Raises ReaderError port."""
    line = Pty() if port == "pty" else SerialDevice(port)
    try:
        yield line
    finally:
        line.close()
