"""A mail of exactly the shape that our own handset writes, taken apart in one pass; no other."""

from __future__ import annotations

import re
from typing import Final

OWN_MAX: Final = 8_192
"""Bytes; so short, a mail keeps within every limit of read.py on lengths."""

HEADERS_MAX: Final = 100
_PLAIN: Final = bytes((0x09, 0x0A, *range(0x20, 0x7F)))
_FIELD: Final = re.compile(r"([!-9;-~]+):(.*)")
_BOUNDARY: Final = re.compile(r'multipart/mixed; boundary="(=_[0-9a-f]{32})"')
_BODY: Final = re.compile(
    r"--(=_[0-9a-f]{32})\n"
    r"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 7bit\n\n"
    r"([A-Z2-7 \n]+)\n"
    r"--\1\n"
    r'Content-Type: text/plain; charset=us-ascii; name="sale\.txt"\n'
    r'Content-Disposition: attachment; filename="sale\.txt"\nContent-Transfer-Encoding: 7bit\n\n'
    r"([A-Z2-7 \n]+)\n"
    r"--\1--\n*"
)
"""handset/courier.py:sale_mail by schemas/mail/build.py. No letter of a text can begin another part."""


def taken_apart(raw: bytes) -> tuple[dict[str, list[str]], tuple[str, ...]] | None:
    """Mail with LF line ends -> (header values by small name, in order; texts), as the general reader finds
    them. None for any other mail. Headers that carriers put in front may be there, all in ASCII."""
    if len(raw) > OWN_MAX or raw.translate(None, _PLAIN):
        return None
    head, _, body = raw.decode("ascii").partition("\n\n")
    parts = _BODY.fullmatch(body)
    found = _headers(head) if parts else None
    if parts is None or found is None:
        return None
    declared = [_BOUNDARY.fullmatch(value) for value in found.get("content-type", ())]
    if len(declared) != 1 or declared[0] is None or declared[0][1] != parts[1]:
        return None
    if "content-transfer-encoding" in found:
        return None
    return found, (parts[2], parts[3])


def _headers(head: str) -> dict[str, list[str]] | None:
    """Values unfolded by name; None where a line is no header."""
    fields: list[list[str]] = []
    for line in head.split("\n"):
        field = _FIELD.fullmatch(line)
        if field is not None:
            fields.append([field[1].lower(), field[2]])
        elif line[:1] in (" ", "\t") and fields:
            fields[-1][1] += line
        else:
            return None
    if len(fields) > HEADERS_MAX:
        return None
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value.strip())
    return found
