"""A card reader on a Raspberry Pi Pico: which part hangs on which pin. See docs/build-a-reader.md."""

import os
import time

import machine

from card_reader_fw.board.rp2.beeper import Beeper
from card_reader_fw.board.rp2.head import FluxHead, Heads
from card_reader_fw.board.rp2.keypad import Keypad
from card_reader_fw.board.rp2.lcd import Lcd
from card_reader_fw.board.rp2.line import UartLine, UsbLine
from card_reader_fw.board.rp2.nor import NorFlash

UART = (0, 0, 1)  # UART number, TX, RX
ROWS = (2, 3, 4, 5)
COLUMNS = (6, 7, 8, 9)
LCD = (10, 11, (12, 13, 14, 15))  # RS, E, D4..D7
SPI = (0, 18, 19, 16, 17)  # SPI number, SCK, MOSI, MISO, CS
SPI_HZ = 10_000_000
BEEPER = 20
HEADS = ((0, 21), (1, 22))  # state machine, pin: the ISO stripe's head, the front stripe's
USB = False  # True: the phone is on USB instead of the UART
KEYBOARD = False  # True: the reader is a USB keyboard too; needs usb-device-keyboard (see `typist`)


class Board:
    """All ports of `card_reader_fw.reader`."""

    def __init__(self):
        number, clock, out, back, chip_select = SPI
        pins = {"sck": machine.Pin(clock), "mosi": machine.Pin(out), "miso": machine.Pin(back)}
        self.lcd = Lcd(*LCD)
        self.keypad = Keypad(ROWS, COLUMNS)
        self.head = Heads([FluxHead(machine_number, pin) for machine_number, pin in HEADS])
        self.flash = NorFlash(machine.SPI(number, SPI_HZ, **pins), chip_select)
        self.serial = UsbLine() if USB else UartLine(*UART)
        self.beeper = Beeper(BEEPER)
        self.cipher = None  # the firmware chooses: the chip's AES where the interpreter has it
        self.slot = self.picture = None
        self.typist = _typist() if KEYBOARD else None
        self.random = os.urandom
        self._ticks = time.ticks_ms()
        self._ms = 0

    def clock(self):
        """Milliseconds since power-on; the interpreter's own count begins anew every twelve days."""
        now = time.ticks_ms()
        self._ms += time.ticks_diff(now, self._ticks)
        self._ticks = now
        return self._ms

    def tick(self):
        """Go on with what takes its time: a tune, a text that is typed."""
        self.beeper.tick()
        if self.typist is not None:
            self.typist.tick()

    def tell(self, verb, **facts):
        """Nobody listens."""


def _typist():
    from card_reader_fw.board.rp2.typist import Typist  # its library is on the chip only where it is wanted

    return Typist()
