"""Cases of the armour: what mail does to a block and is forgiven, and what is not."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from schemas.envelope import armour

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.envelope.vectors.binary_cases import Case

BODY = bytes((7 * i + 3) % 256 for i in range(100))
BLOCK = armour.block(armour.SALE, BODY)
TEXT = armour.to_text(armour.SALE, BODY)
RESULT = armour.block(armour.RESULT, BODY[:50])
FULL = bytes(i % 251 for i in range(armour.BODY_MAX))


def framed(head: bytes, body: bytes = BODY, flip: int = 0) -> str:
    """Any head and body under a right (flip 0) or a wrong check sum, as bare base32."""
    data = head + body
    crc = binascii.crc32(data) ^ flip
    return base64.b32encode(data + crc.to_bytes(4, "big")).decode().rstrip("=")


def between(text: str, begin: str = "SALE", end: str = "SALE") -> str:
    """Markers around a text."""
    return f"BEGIN HAGAKI {begin}\n{text}\nEND HAGAKI {end}\n"


HEAD = b"\x01\x01" + len(BODY).to_bytes(2, "big")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
LAST_BITS = TEXT[:-1] + LETTERS[LETTERS.index(TEXT[-1]) + 1]
CHANGED = TEXT[:50] + "AB"[TEXT[50] == "A"] + TEXT[51:]
HYPHENS = "\n".join(f"-----{line}-----" if "HAGAKI" in line else line for line in BLOCK.splitlines())
GOOD = (
    ("plain", "as it is written", BLOCK),
    ("in-prose", "text before and after", "Please charge this:\n" + BLOCK + "Regards\n"),
    ("in-japanese", "other letters around it", "\u58f2\u4e0a\n" + BLOCK + "\u4ee5\u4e0a\n"),
    ("lower-case", "all in lower case", BLOCK.lower()),
    ("quoted", "quoted twice", "".join(f">> {line}\n" for line in BLOCK.splitlines())),
    ("quoted-bars", "quoted with bars", "".join(f"| {line}\n" for line in BLOCK.splitlines())),
    ("quoted-joined", "quoted, then joined", "> ".join(BLOCK.splitlines())),
    ("one-line", "all line breaks became spaces", BLOCK.replace("\n", " ")),
    ("no-space", "all white space is lost", "".join(BLOCK.split())),
    ("crlf", "lines end in CR LF", BLOCK.replace("\n", "\r\n")),
    ("spaced", "a space after every character", " ".join(BLOCK)),
    ("rewrapped", "lines of 17", "\n".join(BLOCK[i : i + 17] for i in range(0, len(BLOCK), 17))),
    ("hyphens", "hyphens around the markers", HYPHENS),
    ("twice", "the same block twice", BLOCK + "\n" + BLOCK.lower()),
    ("beside-result", "a result in the same mail is not looked at", RESULT + BLOCK),
)  # fmt: skip
BAD = (
    ("missing", "armour-missing", "no block", "Good morning\n"),
    ("other-kind", "armour-missing", "only a result", RESULT),
    ("no-end", "armour-unfinished", "cut before the end marker", BLOCK[:-20]),
    ("begin-twice", "armour-unfinished", "a cut block, then a whole one", BLOCK[:90] + "\n" + BLOCK),
    ("end-of-result", "armour-unfinished", "the end marker of the other kind", between(TEXT, end="RESULT")),
    ("two", "armour-two", "two different sales", BLOCK + armour.block(armour.SALE, BODY[:-1])),
    ("empty", "armour-length", "nothing between the markers", between("")),
    ("headers", "armour-alphabet", "a header line", between("Version: 1\n\n" + TEXT)),
    ("digit-one", "armour-alphabet", "1 is no base32", between(TEXT[:50] + "1" + TEXT[51:])),
    ("padding", "armour-alphabet", "padding is never written", between(TEXT + "=")),
    ("hyphen-inside", "armour-alphabet", "a hyphen inside", between(TEXT[:50] + "-" + TEXT[50:])),
    ("long-s", "armour-alphabet", "U+017F is not S", between(TEXT.replace("S", "\u017f", 1))),
    ("letters-lost", "armour-length", "eight letters less", between(TEXT[:50] + TEXT[58:])),
    ("letter-more", "armour-length", "one letter more", between(TEXT[:50] + "A" + TEXT[50:])),
    ("last-bits", "armour-bits", "the unused bits of the last letter are not zero", between(LAST_BITS)),
    ("crc", "armour-crc", "one bit of the check sum", between(framed(HEAD, flip=1))),
    ("letter-changed", "armour-crc", "one letter changed", between(CHANGED)),
    ("version-2", "armour-version", "a version to come", between(framed(b"\x02\x01\x00\x64"))),
    ("kind-3", "armour-kind", "a kind to come", between(framed(b"\x01\x03\x00\x64"))),
    ("result-as-sale", "armour-kind", "a result as a sale", between(framed(b"\x01\x02\x00\x64"))),
    ("length-99", "armour-length", "100 bytes under a length of 99", between(framed(b"\x01\x01\x00\x63"))),
    ("no-body", "armour-length", "a right frame around nothing", between(framed(b"\x01\x01\x00\x00", b""))),
    ("too-long", "armour-length", "743 bytes", between(framed(b"\x01\x01\x02\xe7", FULL + b"\x00"))),
)  # fmt: skip
TEXT_GOOD = (
    ("plain", "as it is written", TEXT, BODY),
    ("spaced", "white space and lower case", " ".join(TEXT.lower()) + "\n", BODY),
    ("one-byte", "the shortest", armour.to_text(armour.SALE, b"\x00"), b"\x00"),
    ("full", "the longest, 1200 characters", armour.to_text(armour.SALE, FULL), FULL),
)
TEXT_BAD = (
    ("empty", "armour-length", "nothing", ""),
    ("quoted", "armour-alphabet", "a quote mark: only a mail may have them", "> " + TEXT),
    ("markers", "armour-length", "markers: only a mail may have them", BLOCK),
    ("crc", "armour-crc", "one bit of the check sum", framed(HEAD, flip=0x80000000)),
)


def cases() -> Iterator[Case]:
    """-> (name, expect, comment, headers, data) of each."""
    good = {"kind": "sale", "body": BODY.hex()}
    for name, comment, text in GOOD:
        yield f"armour/ok-{name}", "ok", comment, dict(good), text
    yield "armour/ok-result", "ok", "a result", {"kind": "result", "body": BODY[:50].hex()}, RESULT
    for name, slug, comment, text in BAD:
        yield f"armour/bad-{name}", slug, comment, {"kind": "sale"}, text
    for name, comment, text, body in TEXT_GOOD:
        yield f"armourtext/ok-{name}", "ok", comment, {"kind": "sale", "body": body.hex()}, text
    for name, slug, comment, text in TEXT_BAD:
        yield f"armourtext/bad-{name}", slug, comment, {}, text
