"""The desk reader's USB keyboard: what it types is appended to a file, as a computer would have it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from card_reader_fw.keyboard import DIGIT_1, ENTER, LETTER_A, SPACE, reports

_KEYS = {ENTER: "\n", SPACE: " "}
_KEYS |= {LETTER_A + place: chr(ord("a") + place) for place in range(26)}
_KEYS |= {DIGIT_1 + place: chr(ord("1") + place) for place in range(9)}


class Typist:
    """The firmware's `typist` port. path: a file, or a terminal's device."""

    def __init__(self, path: Path):
        self._path = path

    def type(self, text: str) -> None:
        """Key by key through the HID reports. Raises OSError."""
        with self._path.open("a", encoding="ascii") as screen:
            screen.write(typed(reports(text)))


def typed(sent: Iterable[bytes]) -> str:
    """What a computer makes of the reports: small letters, for no shift key is pressed."""
    return "".join(_KEYS.get(report[2], "") for report in sent)
