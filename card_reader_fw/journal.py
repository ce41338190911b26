"""A journal of whole records on two banks of flash: after power loss at any byte the last saved record
stands.

Each save goes to the next blank slot with a CRC, is read back, and only then is the record before it zeroed
(NOR flash can write zeros without erasing), so that used keys do not outlive their use. A full bank goes on
in the other one. Flash port: `bank_size` of the banks 0 and 1; `read(bank, offset, length)`; `write(bank,
offset, data)`; `erase(bank)` to FF bytes. It raises JournalError where it can tell that it failed.
"""

from binascii import crc32

SLOT = 4096
MAGIC = b"HGK1"
HEADER = 10  # magic 4, sequence 4, length 2
PAYLOAD_MAX = SLOT - HEADER - 4


class JournalError(Exception):
    """The flash did not keep what was written; slug for the display."""

    slug = "flash"


class Journal:
    """`payload`: the last record saved (bytes), or None on a flash that holds none; `flash`: the port."""

    def __init__(self, flash):
        self.flash = flash
        self._slots = flash.bank_size // SLOT
        self._at = None
        self._sequence = self._length = 0
        self.payload = None
        for at in self._everywhere():
            self._consider(at)
        for at in self._everywhere():
            self._zero_leftover(at)

    def save(self, payload):
        """Write bytes (at most PAYLOAD_MAX) durably. Raises JournalError if they do not read back."""
        if len(payload) > PAYLOAD_MAX:
            raise JournalError("record too long")
        at = self._next_blank()
        record = MAGIC + (self._sequence + 1).to_bytes(4, "big") + len(payload).to_bytes(2, "big") + payload
        record += crc32(record).to_bytes(4, "big")
        self.flash.write(at[0], at[1] * SLOT, record)
        if self._slot(at)[: len(record)] != record:
            raise JournalError("record not kept")
        old, length = self._at, self._length
        self._at, self._sequence, self.payload = at, self._sequence + 1, payload
        self._length = len(record)
        if old:
            self.flash.write(old[0], old[1] * SLOT, bytes(length))

    def _everywhere(self):
        return [(bank, slot) for bank in (0, 1) for slot in range(self._slots)]

    def _slot(self, at):
        return bytes(self.flash.read(at[0], at[1] * SLOT, SLOT))

    def _consider(self, at):
        """Take the record at this slot if it is whole and newer than what was found so far."""
        data = self._slot(at)
        end = HEADER + int.from_bytes(data[8:HEADER], "big")
        if data[:4] != MAGIC or end > SLOT - 4:
            return
        if crc32(data[:end]).to_bytes(4, "big") != data[end : end + 4]:
            return
        sequence = int.from_bytes(data[4:8], "big")
        if sequence > self._sequence:
            self._at, self._sequence, self.payload = at, sequence, data[HEADER:end]
            self._length = end + 4

    def _zero_leftover(self, at):
        """A save that was cut short leaves an old or a torn record; both hold key material."""
        if at != self._at and self._slot(at).strip(b"\x00").strip(b"\xff"):
            self.flash.write(at[0], at[1] * SLOT, bytes(SLOT))

    def _next_blank(self):
        bank, slot = self._at or (1, self._slots)
        for later in range(slot + 1, self._slots):
            if not self._slot((bank, later)).strip(b"\xff"):
                return bank, later
        self.flash.erase(1 - bank)
        return 1 - bank, 0
