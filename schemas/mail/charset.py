"""Bytes of a text part to text: allowed charsets, Japanese as carriers really send it, format=flowed."""

from __future__ import annotations

import re
from typing import Final

_CODECS: Final = {
    "": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-15": "iso-8859-15",
    "windows-1252": "cp1252",
    "utf-16": "utf-16",
    "shift_jis": "cp932",  # carriers' and Windows' extra characters come under the plain name
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "cp932": "cp932",
    "euc-jp": "euc_jp",
}
"""A label that is not here is not looked up in Python's registry: punycode takes seconds for 200 KB."""

_ISO_2022_JP: Final = frozenset({"iso-2022-jp", "iso-2022-jp-1", "cp50220", "cp50221", "csiso2022jp"})
_ESCAPE: Final = re.compile(rb"\x1b(\([BJHI]|\$[@B]|\$\([@BD])")
_CONTROLS: Final = re.compile(rb"([\x00-\x20]+)")
_REPLACEMENT: Final = "\ufffd"


def decode(data: bytes, charset: str) -> str:
    """Text of `data`; `charset` is the label as sent. Never raises: an unknown label is read as UTF-8,
    what does not decode becomes U+FFFD."""
    label = charset.strip().lower()
    if label in _ISO_2022_JP:
        return decode_cp50221(data)
    codec = _CODECS.get(label, "utf-8")
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return data.decode("cp1252" if codec == "utf-8" else codec, "replace")


def decode_cp50221(data: bytes) -> str:
    """ISO-2022-JP with half-width kana, NEC and IBM rows and JIS X 0212 (code page 50221); linear, never
    raises."""
    return "".join(_decode_line(line) for line in data.splitlines(keepends=True))


def _decode_line(line: bytes) -> str:
    # RFC 1468: every line starts in ASCII, so one cut escape sequence spoils one line only
    out, mode, start = [], b"(B", 0
    for escape in _ESCAPE.finditer(line):
        out.append(_decode_run(line[start : escape.start()], mode))
        mode, start = escape.group(1), escape.end()
    out.append(_decode_run(line[start:], mode))
    return "".join(out)


def _decode_run(run: bytes, mode: bytes) -> str:
    if mode == b"(I":
        return bytes(byte | 0x80 if 0x21 <= byte <= 0x5F else byte for byte in run).decode("cp932", "replace")
    if mode[:1] == b"(":
        return run.decode("cp932", "replace")
    pairs = _pair_0212 if mode == b"$(D" else _pair_0208
    pieces = _CONTROLS.split(run)
    return "".join(
        piece.decode("ascii")
        if index % 2
        else "".join(pairs(piece[at : at + 2]) for at in range(0, len(piece), 2))
        for index, piece in enumerate(pieces)
    )


def _pair_0208(pair: bytes) -> str:
    """One JIS X 0208 pair by way of its Shift_JIS form, where Python knows the NEC and IBM rows."""
    if len(pair) != 2 or max(pair) > 0x7E:
        return _REPLACEMENT
    row, cell = pair[0] - 0x21, pair[1]
    lead = row // 2 + 0x81
    trail = cell + 0x7E if row % 2 else cell + (0x20 if cell >= 0x60 else 0x1F)
    return _one(bytes((lead if lead <= 0x9F else lead + 0x40, trail)), "cp932")


def _pair_0212(pair: bytes) -> str:
    if len(pair) != 2 or max(pair) > 0x7E:
        return _REPLACEMENT
    return _one(bytes((0x8F, pair[0] | 0x80, pair[1] | 0x80)), "euc_jp")


def _one(code: bytes, codec: str) -> str:
    text = code.decode(codec, "replace")
    return text if len(text) == 1 else _REPLACEMENT


def unflow(text: str, *, delsp: bool) -> str:
    """Undo format=flowed (RFC 3676 section 4): join soft-broken lines of one quote depth; delsp: without
    their last space."""
    out: list[list[str]] = []
    joining, depth_before = False, 0
    for line in text.splitlines():
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        content = bare.removeprefix(" ")
        soft = content.endswith(" ") and content != "-- "
        piece = content[:-1] if soft and delsp else content
        if joining and depth == depth_before:
            out[-1].append(piece)
        else:
            out.append([">" * depth + (" " if depth else ""), piece])
        joining, depth_before = soft, depth
    return "\n".join(map("".join, out))
