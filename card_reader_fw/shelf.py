"""The sealed sales that have no answer yet, in flash, each in a cell of its own: a sale can be sent again.

A cell is written before the journal's record names it, and cleared after the record has let it go: whenever
the power goes, the record stands and all it names is there. Flash port beside the journal's: banks 2 to 12 of
`cell_size` bytes each.
"""

from binascii import crc32

from card_reader_fw.journal import JournalError

CELLS = 11  # ten sales, and the one that pushes the oldest out
FIRST_BANK = 2
HEADER = 2
SEALED_MAX = 900  # a chip sale has 560 bytes


class Shelf:
    """Cells 1..CELLS; 0 stands for none."""

    def __init__(self, flash):
        self._flash = flash
        self._last = 0
        self._filled = [cell for cell in range(1, CELLS + 1) if self._holds_something(cell)]

    def put(self, sealed, used):
        """Bytes into a cell that is not among `used`, in turn -> the cell. Raises JournalError."""
        cell = self._next(used)
        record = len(sealed).to_bytes(HEADER, "big") + sealed
        record += crc32(record).to_bytes(4, "big")
        bank = FIRST_BANK + cell - 1
        self._flash.erase(bank)
        self._filled.append(cell)
        self._flash.write(bank, 0, record)
        if bytes(self._flash.read(bank, 0, len(record))) != record:
            raise JournalError("sale not kept")
        self._last = cell
        return cell

    def get(self, cell):
        """The bytes in a cell, or None if it holds none."""
        if not cell:
            return None
        bank = FIRST_BANK + cell - 1
        length = int.from_bytes(self._flash.read(bank, 0, HEADER), "big")
        if not 0 < length <= SEALED_MAX:
            return None
        record = bytes(self._flash.read(bank, 0, HEADER + length + 4))
        fits = crc32(record[:-4]).to_bytes(4, "big") == record[-4:]
        return record[HEADER:-4] if fits else None

    def keep_only(self, used):
        """Clear every cell that is not among `used`."""
        for cell in [cell for cell in self._filled if cell not in used]:
            self._flash.write(FIRST_BANK + cell - 1, 0, bytes(HEADER + SEALED_MAX + 4))
            self._filled.remove(cell)

    def _next(self, used):
        cell = self._last
        while True:
            cell = cell % CELLS + 1
            if cell not in used:
                return cell

    def _holds_something(self, cell):
        data = bytes(self._flash.read(FIRST_BANK + cell - 1, 0, HEADER + SEALED_MAX + 4))
        return bool(data.strip(b"\x00").strip(b"\xff"))
