"""A serial NOR flash (W25Q and its like) on SPI: the firmware's `flash` port.

A chip of its own, for MicroPython's file system takes all of the flash on a Pico. The journal goes round in
its two banks and erases one only when it is full; the sealed sales take their cells in turn. So all sectors
wear alike.
"""

import time

import machine

SECTOR = 4096
PAGE = 256
BANK = 65536
_READ, _PROGRAM, _ERASE_SECTOR, _WRITE_ENABLE, _STATUS, _IDENTIFY = 0x03, 0x02, 0x20, 0x06, 0x05, 0x9F
_ERASE_MS_MAX = 400  # W25Q data sheet, section 9.6: sector erase time


class NorError(Exception):
    """The chip does not answer, or does not become ready."""


class NorFlash:
    """Banks 0 and 1 at the chip's beginning, behind them a sector for each bank from 2 on.

    Raises NorError where there is no chip.
    """

    bank_size = BANK
    cell_size = SECTOR

    def __init__(self, spi, select):
        """spi: a machine.SPI; select: GPIO number of the chip's select line."""
        self._spi = spi
        self._select = machine.Pin(select, machine.Pin.OUT, value=1)
        identity = self._command(bytes((_IDENTIFY,)), 3)
        if identity in (bytes(3), b"\xff\xff\xff"):
            raise NorError("no flash chip answers")

    def read(self, bank, offset, length):
        """bytearray of `length` bytes."""
        return self._command(_addressed(_READ, _begin(bank) + offset), length)

    def write(self, bank, offset, data):
        """Program bytes; ones can become zeros only. A page at a time, none across a page's end."""
        at, done = _begin(bank) + offset, 0
        while done < len(data):
            length = min(PAGE - (at + done) % PAGE, len(data) - done)
            self._change(_addressed(_PROGRAM, at + done) + bytes(data[done : done + length]))
            done += length

    def erase(self, bank):
        """A whole bank to FF bytes."""
        for at in range(_begin(bank), _begin(bank + 1), SECTOR):
            self._change(_addressed(_ERASE_SECTOR, at))

    def _change(self, command):
        self._command(bytes((_WRITE_ENABLE,)), 0)
        self._command(command, 0)
        began_ms = time.ticks_ms()
        while self._command(bytes((_STATUS,)), 1)[0] & 1:
            if time.ticks_diff(time.ticks_ms(), began_ms) > _ERASE_MS_MAX:
                raise NorError("the flash chip stays busy")

    def _command(self, command, length):
        answer = bytearray(length)
        self._select.value(0)
        self._spi.write(command)
        if length:
            self._spi.readinto(answer)
        self._select.value(1)
        return answer


def _begin(bank):
    return bank * BANK if bank < 2 else 2 * BANK + (bank - 2) * SECTOR


def _addressed(command, at):
    return bytes((command, at >> 16 & 0xFF, at >> 8 & 0xFF, at & 0xFF))
