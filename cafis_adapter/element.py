"""One data element, as the notation of the standard says it: n6, n..19, ans...999."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from cafis_adapter.part import Part

_NOTATION: Final = re.compile(r"(n|an|ans|z|b)(\.{0,3})([1-9][0-9]{0,3})")
_TEXT: Final = {
    "n": re.compile(r"[0-9]*"),
    "an": re.compile(r"[0-9A-Za-z ]*"),
    "ans": re.compile(r"[\x20-\x7e]*"),
    "z": re.compile(r"[0-9=D]*"),
    "b": re.compile(r"([0-9A-F]{2})*"),
}


@dataclass(frozen=True, slots=True)
class Element:
    """kind: n, an, ans, z, b; length_digits: 0 = fixed; size_max: characters or bytes."""

    kind: str
    length_digits: int
    size_max: int
    name: str

    def accepts(self, value: str) -> bool:
        """Are these characters of the right kind? (bytes are written as capital hexadecimal)"""
        return _TEXT[self.kind].fullmatch(value) is not None

    def fitted(self, value: str) -> str:
        """A fixed field padded as the standard says: digits with zeros in front, text with spaces behind."""
        if self.length_digits or self.kind == "b":
            return value
        return value.zfill(self.size_max) if self.kind == "n" else value.ljust(self.size_max)

    def fits(self, value: str) -> bool:
        """Could it be written as it is, but for padding?"""
        size = len(value) // 2 if self.kind == "b" else len(value)
        return self.accepts(value) and size <= self.size_max


def read_element(part: Part, key: str) -> Element:
    """A row ``["n..19", "primary account number"]`` -> the element. Raises ProfileError."""
    row = part.value(key, list)
    if not (len(row) == 2 and all(isinstance(word, str) for word in row)):
        raise part.wrong(key, 'must be ["notation", "name"]')
    found = _NOTATION.fullmatch(row[0])
    if found is None or len(found[2]) == 1:
        raise part.wrong(key, 'notation must be like "n6", "n..19" or "ans...999"')
    element = Element(found[1], len(found[2]), int(found[3]), row[1])
    if element.length_digits and element.size_max >= 10**element.length_digits:
        raise part.wrong(
            key, f"{element.size_max} does not fit into {element.length_digits} digits of length"
        )
    return element
