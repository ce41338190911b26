"""The flash port on one file (mode 0600): banks and cells, synced at each write, locked against others."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from card_reader_fw.board.desk.reader_error import ReaderError
from card_reader_fw.journal import SLOT, JournalError
from card_reader_fw.shelf import CELLS, FIRST_BANK

SLOTS = 4
BANK_SIZE = SLOT * SLOTS
CELL_SIZE = 1024
FILE_SIZE = FIRST_BANK * BANK_SIZE + CELLS * CELL_SIZE
BLANK = b"\xff"


class FlashFile:
    """Port of `card_reader_fw.journal` and `card_reader_fw.shelf`.

    Raises ReaderError device-busy, device-missing, device-damaged.
    """

    bank_size = BANK_SIZE

    def __init__(self, fd: int):
        self._fd = fd

    @classmethod
    def create(cls, path: Path) -> FlashFile:
        """A new file, to be erased before use. Raises ReaderError device-exists."""
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise ReaderError("device-exists") from None
        _sync_folder(path)
        return cls(_locked(fd))

    @classmethod
    def open(cls, path: Path) -> FlashFile:
        """An existing file, locked until `close`."""
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            raise ReaderError("device-missing") from None
        if os.fstat(fd).st_size != FILE_SIZE:
            os.close(fd)
            raise ReaderError("device-damaged")
        return cls(_locked(fd))

    def read(self, bank: int, offset: int, length: int) -> bytes:
        """Bytes of a bank."""
        return os.pread(self._fd, length, _start(bank) + offset)

    def write(self, bank: int, offset: int, data: bytes) -> None:
        """Durable when it returns. Raises JournalError when the disk does not take it."""
        at = _start(bank) + offset
        try:
            while data:
                done = os.pwrite(self._fd, data, at)
                data, at = data[done:], at + done
            os.fsync(self._fd)
        except OSError as error:
            raise JournalError(os.strerror(error.errno or 0)) from None

    def erase(self, bank: int) -> None:
        """All bits of a bank to one."""
        self.write(bank, 0, BLANK * (BANK_SIZE if bank < FIRST_BANK else CELL_SIZE))

    def close(self) -> None:
        """Unlock and close."""
        os.close(self._fd)


def _start(bank: int) -> int:
    """The banks of the journal come first, then the cells."""
    return min(bank, FIRST_BANK) * BANK_SIZE + max(0, bank - FIRST_BANK) * CELL_SIZE


def _locked(fd: int) -> int:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise ReaderError("device-busy") from None
    return fd


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
