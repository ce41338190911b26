"""The slot port of a board that has the card's one wire and nothing between: ATR, T=0 and T=1 are done here.

The wire port: `present()`; `power(True)` = voltage, clock, end of reset, and silence until the card speaks,
`power(False)`; `write(bytes)`, the echo left out; `read(count, wait_ms)` -> bytearray, fewer bytes if the
card was silent for so long; `bit(us)` sets the length of a bit. Characters are in the direct convention.
"""

from card_reader_fw.emv import atr, t0, t1
from card_reader_fw.emv.errors import FINAL, TECHNICAL, SlotError

ATR_WAIT_MS = 1000  # between two of its characters; the first one comes within 40,000 clocks
QUIET_MS = 100
STEPS_MAX = 20000  # of one command: more than 256 bytes one by one, each after many requests for time


class UartSlot:
    """One card behind a wire."""

    def __init__(self, wire):
        self._wire = wire
        self._wait_ms = ATR_WAIT_MS
        self._link = None  # of T=1

    def present(self):
        """Is a card in it."""
        return self._wire.present()

    def on(self):
        """Power on -> ATR. Raises SlotError chip-mute, chip-atr, chip-io, chip-removed."""
        self._wire.power(True)
        self._wait_ms, self._link = ATR_WAIT_MS, None
        answer = self._run(atr.read_atr())
        known = atr.parse(answer)
        self._wire.bit(known.bit_us())
        self._wait_ms = known.wait_ms()
        if known.protocol == 1:
            self._link = t1.Link(known)
            self._run(self._link.start())
        return bytes(answer)

    def send(self, apdu):
        """Command -> data and status word, a bytearray. Raises SlotError chip-io, chip-removed."""
        return self._run(self._link.transmit(apdu) if self._link else t0.transmit(apdu))

    def off(self):
        """Power off."""
        self._link = None
        self._wire.power(False)

    def _run(self, dialogue):
        came = None
        try:
            for _ in range(STEPS_MAX):
                if not self._wire.present():
                    raise SlotError("chip-removed", FINAL)
                came = self._do(dialogue.send(came))
        except StopIteration as end:
            return end.value
        dialogue.close()
        raise SlotError("chip-io", TECHNICAL)

    def _do(self, step):
        if step[0] == "write":
            return self._wire.write(step[1])
        if step[0] == "read":
            return self._wire.read(step[1], self._wait_ms * step[2])
        while self._wire.read(1, QUIET_MS):
            pass
        return None
