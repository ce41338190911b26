"""A set of elements, worked out once: how each is written, and the one pattern that all of them keep to."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cafis_adapter.element import Element
from cafis_adapter.profile import Profile

PLANS_MAX: Final = 256
SEPARATOR: Final = "\uffff"
"""Between written elements when they are held against the pattern: none can hold it, not even binary."""

_LAST: Final = 128
_HALF: Final = 64
_SECOND_HALF: Final = (1 << _HALF) - 1
_CHARACTERS: Final = {
    "n": "[0-9]",
    "an": "[0-9A-Za-z ]",
    "ans": "[\\x20-\\x7e]",
    "z": "[0-9=D]",
    "b": "[\\0-\\xff]",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """bitmap: bytes as Latin-1, as all text here. writers: by element. pattern: what they may write.

    A writer raises ValueError for binary that is no hexadecimal; all else is the pattern's to find.
    """

    bitmap: str
    writers: tuple[tuple[int, Callable[[str], str]], ...]
    pattern: re.Pattern[str]


@lru_cache(PLANS_MAX)
def plan_of(profile: Profile, numbers: tuple[int, ...]) -> Plan:
    """The plan for elements, ascending. Raises KeyError for one that the profile does not have."""
    elements = [(number, profile.elements[number]) for number in numbers]
    return Plan(
        bitmap=_bitmap(numbers, both=profile.secondary_bitmap_always).decode("latin-1"),
        writers=tuple((number, _writer(element)) for number, element in elements),
        pattern=re.compile(SEPARATOR.join(_pattern(element) for _, element in elements)),
    )


def _bitmap(numbers: tuple[int, ...], *, both: bool) -> bytes:
    """Bit 1 says that a second half follows; that half may be empty."""
    bits = sum(1 << _LAST - number for number in numbers)
    if both or bits & _SECOND_HALF:
        return (bits | 1 << _LAST - 1).to_bytes(_LAST // 8, "big")
    return (bits >> _HALF).to_bytes(_HALF // 8, "big")


def _pattern(element: Element) -> str:
    if element.length_digits:
        length = f"[0-9]{{{element.length_digits}}}"
        return f"{length}{_CHARACTERS[element.kind]}{{0,{element.size_max}}}"
    return f"{_CHARACTERS[element.kind]}{{{element.size_max}}}"


def _writer(element: Element) -> Callable[[str], str]:
    digits, size = element.length_digits, element.size_max
    if element.kind == "b":
        return lambda value: _binary(element, value)
    if digits:
        return lambda value: f"{len(value):0{digits}d}{value}"
    if element.kind == "n":
        return lambda value: value.zfill(size)
    return lambda value: value.ljust(size)


def _binary(element: Element, value: str) -> str:
    if not element.accepts(value):
        raise ValueError("no hexadecimal")
    data = bytes.fromhex(value).decode("latin-1")
    return f"{len(data):0{element.length_digits}d}{data}" if element.length_digits else data
