"""The desk's board: head, keypad and display as queues that a program fills and reads."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from card_reader_fw.board.desk.device import Device, cipher
from card_reader_fw.terminal import KEYS

KEYPAD = frozenset("0123456789") | frozenset(KEYS)


class Queue:
    """What a hand has done and the firmware has not seen yet."""

    def __init__(self) -> None:
        self._items: deque[Any] = deque()

    def put(self, item: Any) -> None:
        """One swipe (intervals) or one key."""
        self._items.append(item)

    def read(self) -> Any:
        """The next, or None."""
        return self._items.popleft() if self._items else None

    def __len__(self) -> int:
        return len(self._items)


class Lcd:
    """Two lines of 16; each change is told."""

    def __init__(self, tell: Callable[..., None]):
        self._tell = tell
        self.lines = ["", ""]

    def show(self, first: str, second: str, state: str) -> None:
        """The firmware's text and the terminal's state."""
        self.lines = [first, second]
        self._tell("reader.lcd", line1=first, line2=second, state=state)


class Board:
    """All ports of `card_reader_fw.reader`. serial: read() -> bytes, write(bytes)."""

    def __init__(self, device: Device, serial: Any, tell: Callable[..., None], clock: Callable[[], int]):
        self.head = Queue()
        self.keypad = Queue()
        self.lcd = Lcd(tell)
        self.flash = device.flash
        self.serial = serial
        self.clock = clock
        self.tell = tell
        self.cipher = cipher


def monotonic_ms() -> int:
    """The clock port of a real bench."""
    return time.monotonic_ns() // 1_000_000
