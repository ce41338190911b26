"""Writes the key block's vectors: python -m schemas.keyblock.vectors.generate. The same files every time.

The blocks themselves stand here: they are sealed with the gateway's code and opened with psec's.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent
PROTECTION = "89E88CF7931444F334BD7547FC3F380C"
KEY = "1273671EA26AC29AFA4D1084127652A1"
HEAD = "D0144B1AX00N0200IK141234567890123456PB0C00000000"
SEALED = "B65C92CBECBC381BF1F246A9B7FB759304CAE1F9656067FD0CD36BD6777423BF"
MAC = "FEC3CF70286365D02FC3401903D6CD80"
BLOCK = HEAD + SEALED + MAC
SHORT_KEY = "0836A28DDF8C95D1883A24609EC7A32B63A22FD620B61324F82CF00F36D8BE8B" + (
    "BD129723D03EB6D20CEBB93BA2C58063"
)

# name, expect, comment, block
CASES = (
    ("ok", "ok", "an initial key", BLOCK),
    ("bad-length-cut", "keyblock-length", "143 characters", BLOCK[:-1]),
    ("bad-length-more", "keyblock-length", "145 characters", BLOCK + "0"),
    ("bad-head-version", "keyblock-head", "version B: TDES", "B" + BLOCK[1:]),
    ("bad-head-usage", "keyblock-head", "usage P0: a key for PINs", BLOCK.replace("B1A", "P0A")),
    ("bad-head-algorithm", "keyblock-head", "algorithm T: TDES", BLOCK.replace("B1A", "B1T")),
    ("bad-head-mode", "keyblock-head", "mode E: encrypts only", BLOCK.replace("AX00", "AE00")),
    ("bad-head-export", "keyblock-head", "exportable", BLOCK.replace("00N02", "00E02")),
    ("bad-head-block", "keyblock-head", "a TDES key set for the key ID", BLOCK.replace("IK14", "KS14")),
    ("bad-head-padding", "keyblock-head", "padding of another length", BLOCK.replace("PB0C", "PB0D")),
    ("bad-hex-small", "keyblock-hex", "small letters", HEAD + SEALED.lower() + MAC),
    ("bad-hex-id", "keyblock-hex", "key ID is no hex", BLOCK.replace("12345678901", "1234567890X")),
    ("bad-mac-id", "keyblock-mac", "another key ID", BLOCK.replace("123456789012", "123456789013")),
    ("bad-mac-padding", "keyblock-mac", "another padding", BLOCK.replace("00000000", "00000001")),
    ("bad-mac-data", "keyblock-mac", "one bit of the data changed", HEAD + "C" + SEALED[1:] + MAC),
    ("bad-mac", "keyblock-mac", "one bit of the MAC changed", BLOCK[:-1] + "1"),
    ("bad-key-short", "keyblock-key", "a key of 64 bits under a good MAC", HEAD + SHORT_KEY),
)


def files() -> Iterator[tuple[str, str]]:
    """-> (path below the folder, content) of every vector. Headers, an empty line, the block."""
    for name, expect, comment, block in CASES:
        head = f"expect: {expect}\ncomment: {comment}\nprotection: {PROTECTION}\nkey: {KEY}\n"
        yield f"block/{name}.txt", f"{head}\n{block}\n"


def main() -> None:
    """Write all, and remove what no case writes any more."""
    content = dict(files())
    for old in FOLDER.glob("*/*.txt"):
        if str(old.relative_to(FOLDER)) not in content:
            old.unlink()
    for name, text in content.items():
        (FOLDER / name).write_bytes(text.encode())


if __name__ == "__main__":
    main()
