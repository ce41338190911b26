"""A 16 x 2 character display with an HD44780 (ROM A00) on four data lines.

Its character generator holds half-width kana at the codes of JIS X 0201, A1..DF, and a yen sign at 5C.
"""

import time

import machine

COLUMNS = 16
_LINE_AT = (0x80, 0xC0)  # set DDRAM address, data sheet table 6
_KANA = 0xFF61 - 0xA1


class Lcd:
    """The firmware's `lcd` port. Only what changed is written: a whole screen takes two milliseconds."""

    def __init__(self, register_select, enable, data):
        """GPIO numbers; data: those of D4..D7."""
        self._register_select = machine.Pin(register_select, machine.Pin.OUT, value=0)
        self._enable = machine.Pin(enable, machine.Pin.OUT, value=0)
        self._data = [machine.Pin(number, machine.Pin.OUT, value=0) for number in data]
        self._shown = [bytearray(b" " * COLUMNS), bytearray(b" " * COLUMNS)]
        self._begin()

    def show(self, first, second, _state):
        """Two lines of text."""
        for line, text in enumerate((first, second)):
            wanted = codes(text)
            if wanted != self._shown[line]:
                self._shown[line] = wanted
                self._send(_LINE_AT[line], 0)
                for code in wanted:
                    self._send(code, 1)

    def _begin(self):
        """Initialising by instruction (data sheet figure 24), which also works while the power is rising."""
        time.sleep_ms(50)
        for nibble in (3, 3, 3, 2):
            self._nibble(nibble)
            time.sleep_ms(5)
        for instruction in (0x28, 0x0C, 0x06, 0x01):  # 4 bits and 2 lines, on, to the right, clear
            self._send(instruction, 0)
        time.sleep_ms(2)

    def _send(self, value, is_text):
        self._register_select.value(is_text)
        self._nibble(value >> 4)
        self._nibble(value & 15)
        time.sleep_us(50)

    def _nibble(self, value):
        for place, pin in enumerate(self._data):
            pin.value(value >> place & 1)
        self._enable.value(1)
        time.sleep_us(1)
        self._enable.value(0)
        time.sleep_us(1)


def codes(text):
    """Text -> COLUMNS character codes; what the display does not have is a question mark."""
    found = bytearray(b" " * COLUMNS)
    for at, letter in enumerate(text[:COLUMNS]):
        code = ord(letter)
        if 0xFF61 <= code <= 0xFF9F:
            found[at] = code - _KANA
        elif code == 0xA5:
            found[at] = 0x5C
        else:
            found[at] = code if 0x20 <= code <= 0x7D and code != 0x5C else 0x3F
    return found
