"""The magnetic head on an RP2040 or RP2350: flux intervals from a PIO, or bits from a decoder chip's lines.

A swipe has ended when a head that heard something has been quiet for a while. Buffers that held a stripe are
zeroed as soon as they were copied; the copy is the firmware's, which decodes it and lets it go.
"""

import time
from array import array

import machine
import rp2

from card_reader_fw.board.rp2.edges import PIO_HZ, edges
from card_reader_fw.track.f2f import BITS_MIN, INTERVALS_MAX

QUIET_MS = 60  # longer than a bit at the slowest hand, shorter than a merchant's patience
BIT = 200  # a bit as flux intervals, where a decoder chip has already made it one
_DREQ_RX = 4  # RP2040 datasheet table 118: PIO0 RX0 is 4, RX1 5 ...
_WORD = 2  # DMA transfers of 4 bytes


class FluxHead:
    """A head whose amplifier turns its output at each flux change (F2F). The DMA fills the buffer, so no edge
    is lost whatever the interpreter does."""

    def __init__(self, number, pin_number):
        """number: of the state machine, 0..3; pin_number: GPIO."""
        pin = machine.Pin(pin_number, machine.Pin.IN, machine.Pin.PULL_UP)
        self._machine = rp2.StateMachine(number, edges, freq=PIO_HZ, jmp_pin=pin)
        self._dma = rp2.DMA()
        self._control = self._dma.pack_ctrl(size=_WORD, inc_read=False, treq_sel=_DREQ_RX + number)
        self._times = array("I", bytes(4 * INTERVALS_MAX))
        self._begin()
        self._machine.active(1)

    def heard(self):
        """How many intervals there are by now."""
        return INTERVALS_MAX - self._dma.count

    def take(self):
        """The intervals so far, in microseconds; the head listens anew. The first may be the pause before."""
        self._dma.active(0)
        count = self.heard()
        intervals = list(self._times[1:count])
        for at in range(count):
            self._times[at] = 0
        self._begin()
        return intervals

    def _begin(self):
        self._dma.config(
            read=self._machine, write=self._times, count=INTERVALS_MAX, ctrl=self._control, trigger=True
        )


class ClockedHead:
    """A head behind a decoder chip: at a falling edge of its clock the data line holds one bit (low: 1)."""

    def __init__(self, clock_pin, data_pin):
        self._data = machine.Pin(data_pin, machine.Pin.IN, machine.Pin.PULL_UP)
        self._clock = machine.Pin(clock_pin, machine.Pin.IN, machine.Pin.PULL_UP)
        self._bits = bytearray(INTERVALS_MAX)
        self._count = 0
        self._clock.irq(self._strobe, machine.Pin.IRQ_FALLING, hard=True)

    def _strobe(self, _):
        if self._count < INTERVALS_MAX:
            self._bits[self._count] = 1 - self._data.value()
            self._count += 1

    def heard(self):
        """How many bits there are by now."""
        return self._count

    def take(self):
        """The bits so far as the flux intervals that they would have been."""
        intervals = []
        for at in range(self._count):
            intervals.extend((BIT // 2, BIT // 2) if self._bits[at] else (BIT,))
            self._bits[at] = 0
        self._count = 0
        return intervals


class Heads:
    """All heads along one slot: the firmware's `head` port."""

    def __init__(self, heads):
        self._heads = heads
        self._counts = [0] * len(heads)
        self._changed_ms = 0

    def read(self):
        """What each head heard of the swipe that has just ended, or None."""
        counts = [head.heard() for head in self._heads]
        now_ms = time.ticks_ms()
        if counts != self._counts:
            self._counts, self._changed_ms = counts, now_ms
            return None
        if not any(counts) or time.ticks_diff(now_ms, self._changed_ms) < QUIET_MS:
            return None
        self._counts = [0] * len(counts)
        stripes = [head.take() for head in self._heads]
        return stripes if max(counts) >= BITS_MIN else None  # a touch of the head is no swipe
