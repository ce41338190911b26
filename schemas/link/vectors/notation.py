"""Bytes as one line of text: printable ASCII as itself, <STX>, <ETX>, <HH> for any other and for <."""

from __future__ import annotations

import re

_NAMES = {0x02: "<STX>", 0x03: "<ETX>"}
_VALUES = {name: code for code, name in _NAMES.items()}


def line_text(data: bytes) -> str:
    """Bytes -> text."""
    return "".join(
        chr(byte) if 0x20 <= byte <= 0x7E and byte != 0x3C else _NAMES.get(byte, f"<{byte:02X}>")
        for byte in data
    )


def line_bytes(text: str) -> bytes:
    """Text -> bytes."""
    tokens = re.findall(r"<[^>]+>|[^<]", text)
    return bytes(
        ord(token) if len(token) == 1 else _VALUES.get(token) or int(token[1:-1], 16) for token in tokens
    )
