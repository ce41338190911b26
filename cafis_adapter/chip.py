"""What the adapter itself needs from a chip's data (DE55): one data object out of BER-TLV."""

from __future__ import annotations

from typing import Final

SEQUENCE: Final = 0x5F34
"""Card sequence number, which DE23 carries too."""


def value(emv: bytes, tag: int) -> bytes:
    """DE55 and a tag of one or two bytes -> its value, b"" if there is none or the data are broken."""
    at = 0
    while at + 2 <= len(emv):
        size = 2 if emv[at] & 0x1F == 0x1F else 1
        length = emv[at + size] if at + size < len(emv) else 0x80
        start = at + size + 1
        if length > 0x7F or start + length > len(emv):
            return b""
        if int.from_bytes(emv[at : at + size], "big") == tag:
            return emv[start : start + length]
        at = start + length
    return b""
