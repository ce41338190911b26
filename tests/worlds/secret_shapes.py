"""A secret is looked for in all that was written, in each shape that it could stand there in."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path


def files_below(folder: Path) -> dict[str, bytes]:
    """All that stands on the disk there."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def nowhere(secret: bytes, written: Mapping[str, bytes]) -> None:
    """written: where -> what."""
    for shape in _shapes(secret):
        for place, data in written.items():
            assert shape not in data and shape not in data.upper(), f"{place} holds a secret"


def _shapes(secret: bytes) -> Iterator[bytes]:
    """As it is, in hex, packed two digits a byte, in UTF-16, and in the three alignments of base64."""
    yield secret
    yield secret.hex().upper().encode()
    text = secret.decode("ascii", "replace").replace("=", "D")
    if text.replace("D", "").isdigit():
        yield bytes.fromhex(text[: len(text) // 2 * 2])
        yield secret.decode().encode("utf-16-le")
    for shift in range(3):
        coded = base64.b64encode(b"\x00" * shift + secret)
        yield coded[4:-4]
