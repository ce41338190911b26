"""The desk's board: head, keypad and display that a program works instead of a hand."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from card_reader_fw.board.desk.device import Device, cipher
from card_reader_fw.terminal import KEYS

KEYPAD = frozenset("0123456789") | frozenset(KEYS)


class Hand:
    """What a hand has done and the firmware has not seen, in order: a key waits for the swipe before it."""

    def __init__(self) -> None:
        self.doings: deque[tuple[Finger, Any]] = deque()


class Finger:
    """The head or the keypad: one kind of a hand's doings."""

    def __init__(self, hand: Hand):
        self._doings = hand.doings

    def put(self, what: Any) -> None:
        """One swipe (intervals) or one key."""
        self._doings.append((self, what))

    def read(self) -> Any:
        """The next doing if it is of this kind, else None."""
        if self._doings and self._doings[0][0] is self:
            return self._doings.popleft()[1]
        return None


class Beeper:
    """Each beep is told."""

    def __init__(self, tell: Callable[..., None]):
        self._tell = tell

    def beep(self, code: str) -> None:
        """code: one of `card_reader_fw.beeps`."""
        self._tell("reader.beep", code=code)


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
        self.hand = Hand()
        self.head = Finger(self.hand)
        self.keypad = Finger(self.hand)
        self.lcd = Lcd(tell)
        self.beeper: Beeper | None = Beeper(tell)
        self.slot: Any = None
        self.typist: Any = None
        self.picture: Any = None
        self.random = os.urandom
        self.flash = device.flash
        self.serial = serial
        self.clock = clock
        self.tell = tell
        self.cipher = cipher


def monotonic_ms() -> int:
    """The clock port of a real bench."""
    return time.monotonic_ns() // 1_000_000
