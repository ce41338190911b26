"""A desk reader's device file: created once with its initial key, opened by one process at a time."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from card_reader_fw import vault
from card_reader_fw.board.desk.flash_file import FlashFile
from card_reader_fw.board.desk.reader_error import ReaderError
from card_reader_fw.crypto import dukpt
from card_reader_fw.journal import Journal, JournalError
from card_reader_fw.shelf import CELLS, FIRST_BANK


def cipher(key: bytes):
    """The AES port of the firmware, on a desk: 16 bytes of key -> encrypt_block."""
    return Cipher(AES(key), ECB()).encryptor().update


def create(
    path: Path | str, initial_key_id: bytes, initial_key: bytes, language: str = "en", *, pin_on: bool = False
) -> None:
    """Write a new device file (mode 0600) with the 32 registers of the initial key; the initial key is not
    kept.

    initial_key_id: 8 bytes; initial_key: 16 bytes; language: en or ja; pin_on: PIN entry is allowed.
    Raises ReaderError device-exists, flash (then no file is left behind), ValueError.
    """
    _create(path, dukpt.load(cipher, initial_key_id, initial_key), language, pin_on=pin_on)


def create_blank(
    path: Path | str, serial: bytes, transport_key: bytes, language: str = "en", *, pin_on: bool = False
) -> None:
    """The same for a reader without keys: its serial (4 bytes), and what opens its first key block."""
    _create(path, dukpt.blank(serial, transport_key), language, pin_on=pin_on)


def _create(path: Path | str, keys: dukpt.Keys, language: str, *, pin_on: bool) -> None:
    flash = FlashFile.create(Path(path))
    try:
        for bank in range(FIRST_BANK + CELLS):
            flash.erase(bank)
        vault.create(Journal(flash), keys, language, pin_on=pin_on)
    except JournalError:
        Path(path).unlink()
        raise ReaderError("flash") from None
    finally:
        flash.close()


class Device:
    """An open, locked device file; a context manager. `flash` is the board's port."""

    def __init__(self, flash: FlashFile):
        self.flash = flash

    @classmethod
    def open(cls, path: Path | str) -> Device:
        """Raises ReaderError device-missing, device-busy, device-damaged, flash."""
        flash = FlashFile.open(Path(path))
        try:
            payload = Journal(flash).payload
        except JournalError:
            flash.close()
            raise ReaderError("flash") from None
        if payload is None:
            flash.close()
            raise ReaderError("device-damaged")
        return cls(flash)

    def __enter__(self) -> Device:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flash.close()
