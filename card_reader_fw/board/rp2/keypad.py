"""A 4 x 4 key matrix: rows driven low one at a time, columns read with their pull-ups, bounces waited out."""

import time

import machine

STEADY_MS = 25  # a contact bounces for less
KEYS = (
    ("1", "2", "3", "CANCEL"),
    ("4", "5", "6", "CLEAR"),
    ("7", "8", "9", "HELP"),
    ("ENTER", "0", "ENTER", "TRANSFER"),
)


class Keypad:
    """The firmware's `keypad` port. A key counts once, when it has been down for a while, and no second key
    before all are up: two at once would read as a third."""

    def __init__(self, rows, columns):
        """Four GPIO numbers each."""
        self._rows = [machine.Pin(number, machine.Pin.OUT, value=1) for number in rows]
        self._columns = [machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_UP) for number in columns]
        self._down = None
        self._since_ms = 0
        self._taken = False

    def read(self):
        """The key that has just been pressed, or None."""
        down = self._pressed()
        now_ms = time.ticks_ms()
        if down != self._down:
            self._taken = self._taken and down is not None
            self._down, self._since_ms = down, now_ms
            return None
        if down is None or self._taken or time.ticks_diff(now_ms, self._since_ms) < STEADY_MS:
            return None
        self._taken = True
        return down

    def _pressed(self):
        """The one key that is down, or None."""
        found = []
        for row, pin in enumerate(self._rows):
            pin.value(0)
            for column, line in enumerate(self._columns):
                if not line.value():
                    found.append(KEYS[row][column])
            pin.value(1)
        return found[0] if len(found) == 1 else None
