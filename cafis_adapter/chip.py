"""A chip's data (DE55): one data object out of BER-TLV, and what a host wants to find there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cafis_adapter.part import Part

SEQUENCE: Final = 0x5F34
"""Card sequence number, which DE23 carries too."""

_TAG: Final = re.compile(r"[0-9A-F]{2}([0-9A-F]{2})?")


@dataclass(frozen=True, slots=True)
class Rules:
    """required, forbidden: tags. bytes_max: of the whole element."""

    required: tuple[int, ...]
    forbidden: frozenset[int]
    bytes_max: int

    def fault(self, emv: bytes) -> tuple[str, str] | None:
        """What is wrong with DE55 -> a slug and where; None for good data. Never holds the data."""
        if len(emv) > self.bytes_max:
            return "chip-too-long", "DE55"
        try:
            tags = [tag for tag, _ in objects(emv)]
        except ValueError:
            return "chip-broken", "DE55"
        for tag in self.required:
            if tag not in tags:
                return "chip-tag-missing", f"DE55.{tag:X}"
        for tag in tags:
            if tag in self.forbidden:
                return "chip-tag-forbidden", f"DE55.{tag:X}"
        return None


def objects(emv: bytes) -> Iterator[tuple[int, bytes]]:
    """DE55 -> tag and value of each data object (tags of one or two bytes, lengths up to 127).

    Raises ValueError where the data are broken.
    """
    at = 0
    while at < len(emv):
        size = 2 if emv[at] & 0x1F == 0x1F else 1
        start = at + size + 1
        length = emv[start - 1] if start <= len(emv) else 0x80
        if length > 0x7F or start + length > len(emv):
            raise ValueError
        yield int.from_bytes(emv[at : at + size], "big"), emv[start : start + length]
        at = start + length


def value(emv: bytes, tag: int) -> bytes:
    """The value of one tag, b"" if there is none or the data before it are broken."""
    try:
        return next((value for found, value in objects(emv) if found == tag), b"")
    except ValueError:
        return b""


def read_rules(part: Part) -> Rules:
    """The table [chip]. Raises ProfileError."""
    part.known("required", "forbidden", "bytes_max")
    return Rules(
        tuple(_tags(part, "required")), frozenset(_tags(part, "forbidden")), part.value("bytes_max", int)
    )


def _tags(part: Part, key: str) -> Iterator[int]:
    for tag in part.value(key, list):
        if not (isinstance(tag, str) and _TAG.fullmatch(tag)):
            raise part.wrong(key, f'{tag!r} is no tag, such as "9F26"')
        yield int(tag, 16)
