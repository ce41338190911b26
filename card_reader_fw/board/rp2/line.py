"""The serial line to the phone: a UART, or the USB port as the phone's serial device."""

import select
import sys

import machine
import micropython

BAUD = 9600
ROOM = 512


class UartLine:
    """The firmware's `serial` port on a UART, 9600 8N1."""

    def __init__(self, number, send_pin, receive_pin):
        """number: of the UART; the pins are GPIO numbers."""
        pins = {"tx": machine.Pin(send_pin), "rx": machine.Pin(receive_pin)}
        self._uart = machine.UART(number, BAUD, rxbuf=2 * ROOM, txbuf=2 * ROOM, **pins)

    def read(self):
        """What has come."""
        return self._uart.read() or b""

    def write(self, data):
        """What does not fit is lost, and the link sends it again."""
        self._uart.write(data)


class UsbLine:
    """The same on USB. Takes the interpreter's console: Ctrl-C no longer stops the firmware; to get it back
    hold CANCEL while plugging in (see `main`)."""

    def __init__(self):
        micropython.kbd_intr(-1)
        self._ready = select.poll()
        self._ready.register(sys.stdin, select.POLLIN)

    def read(self):
        """What has come."""
        data = bytearray()
        while len(data) < ROOM and self._ready.poll(0):
            data += sys.stdin.buffer.read(1)
        return bytes(data)

    def write(self, data):
        """What nobody takes is lost, and the link sends it again."""
        sys.stdout.buffer.write(data)
