"""The Pico as a USB keyboard, beside its serial device: the firmware's `typist` port.

Needs `usb-device-keyboard` of micropython-lib on the chip (`mpremote mip install usb-device-keyboard`).
"""

import time

import usb.device
from usb.device.keyboard import KeyboardInterface

from card_reader_fw.keyboard import reports

PAUSE_MS = 8  # between two reports: a full-speed host asks as often


class Typist:
    """A text is typed report by report as `tick` is called, so nothing waits for it."""

    def __init__(self):
        self._keyboard = KeyboardInterface()
        usb.device.get().init(self._keyboard, builtin_driver=True)
        self._left = None
        self._last_ms = 0

    def type(self, text):
        """Begin to type; a text under way is given up."""
        self._left = reports(text)

    def tick(self):
        """Send the next report when its time has come."""
        now_ms = time.ticks_ms()
        if self._left is None or self._keyboard.busy() or time.ticks_diff(now_ms, self._last_ms) < PAUSE_MS:
            return
        self._last_ms = now_ms
        for report in self._left:
            self._keyboard.send_report(report)
            return
        self._left = None
