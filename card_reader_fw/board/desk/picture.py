"""The desk reader's graphic display: a QR code as a PNG or SVG file, and as text for a terminal."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import segno

from card_reader_fw.board.desk.reader_error import ReaderError

SCALE = 4  # pixels a module
KINDS = (".png", ".svg")


def qr(text: str) -> segno.QRCode:
    """Bare armour, capitals and digits -> a QR code in alphanumeric mode (ISO/IEC 18004 section 7.4.5)."""
    return segno.make_qr(text, mode="alphanumeric", error="l", boost_error=False)


class Picture:
    """The firmware's `picture` port. path: *.png or *.svg. tell: gets the code as text, for a terminal.

    Raises ReaderError picture-kind.
    """

    def __init__(self, path: Path, tell: Callable[..., None]):
        if path.suffix not in KINDS:
            raise ReaderError("picture-kind")
        self._path = path
        self._tell = tell

    def show(self, text: str) -> None:
        """A code instead of the one before; "" clears it. Raises OSError."""
        if not text:
            self._path.unlink(missing_ok=True)
            self._tell("reader.picture", file="", text="")
            return
        code = qr(text)
        code.save(str(self._path), scale=SCALE)
        drawn = io.StringIO()
        code.terminal(drawn, compact=True)
        self._tell("reader.picture", file=str(self._path), text=drawn.getvalue())
