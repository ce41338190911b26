"""A new reader's first record: a device file for the desk, a script for the interpreter on a chip."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hagaki.problem import Problem

if TYPE_CHECKING:
    from mail_gateway.admin.loading import NewReader

_SCRIPT: Final = """\
# The first record of reader {number}. It holds a key: mpremote run it once, then shred it.
from card_reader_fw import keyload
from card_reader_fw.board.rp2.board import Board

keyload.first_record(Board().flash, bytes.fromhex("{serial}"), bytes.fromhex("{key}"), "{language}")
"""


def assert_free(path: Path) -> None:
    """Raises Problem where something is already."""
    if path.exists():
        sentence = f"{path} exists; a transport key is written once, choose another file"
        raise Problem(sentence, "device-exists")


@contextmanager
def gone_if_it_fails() -> Iterator[list[Path]]:
    """Files named in the list are taken away again where the rest of the body fails."""
    written: list[Path] = []
    try:
        yield written
    except BaseException:
        for path in written:
            path.unlink()
        raise


def device_file(path: Path, made: NewReader, language: str) -> None:
    """For `hagaki reader run`; mode 0600. Raises ReaderError."""
    from card_reader_fw.board.desk import device

    device.create_blank(path, made.serial, made.transport_key, language=language)


def chip_script(path: Path, made: NewReader, language: str) -> None:
    """For `mpremote run`; mode 0600."""
    number = int.from_bytes(made.serial, "big")
    key = made.transport_key.hex()
    text = _SCRIPT.format(number=number, serial=made.serial.hex(), key=key, language=language)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with gone_if_it_fails() as written, os.fdopen(descriptor, "w") as file:
        written.append(path)
        file.write(text)
