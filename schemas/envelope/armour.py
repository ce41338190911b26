"""Sealed bytes as text that mail programs, keyboards, QR codes and people carry: base32 (RFC 4648 section 6).

Time is linear in the length of the text. ``where`` in an error counts the base32 characters of the block that
came before, so ``where // 60 + 1`` is the line as it was written.
"""

import binascii

from schemas.errors import WireError

SALE = 1
RESULT = 2
VERSION = 1
BODY_MAX = 742
"""Bytes; framed and in base32 they are 1200 characters, one frame of the link."""
TEXT_MAX = 1200
LINE = 60

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_WORDS = {SALE: "SALE", RESULT: "RESULT"}
_HEAD, _CRC = 4, 4
_SPACE = " \t\r\n\v\f"
_QUOTES = ">|"
# ASCII only, by hand: CPython's str.upper() makes S of U+017F and I of U+0131, which would hide a change.
_UPPER = tuple([(chr(i + 32), chr(i)) for i in range(ord("A"), ord("Z") + 1)])
_TYPED = _UPPER + tuple([(letter, "") for letter in _SPACE])
_MAILED = _TYPED + tuple([(letter, "") for letter in _QUOTES])
# Base 32 as int() reads it, 0-9 then letters. In this order: what is written is never read again.
_DIGITS = tuple(zip("234567ABCDEFGHIJKLMNOPQRSTUVWXYZ", "qrstuv0123456789abcdefghijklmnop"))


def to_text(kind, body):
    """Kind and 1..742 bytes -> base32 capitals, no padding, no markers: for the link and a QR code.

    Raises WireError: armour-kind, armour-length.
    """
    if kind not in _WORDS:
        raise WireError("armour-kind", 0)
    if not 1 <= len(body) <= BODY_MAX:
        raise WireError("armour-length", 0)
    framed = bytes([VERSION, kind]) + len(body).to_bytes(2, "big") + body
    return _base32(framed + _crc(framed))


def from_text(text):
    """What ``to_text`` made -> (kind, body). Any case; white space is dropped; nothing else is forgiven.

    Raises WireError: armour-alphabet, armour-length, armour-bits, armour-version, armour-kind, armour-crc.
    """
    return _unframe(_fold(text, _TYPED))


def block(kind, body):
    """Kind and bytes -> the block for a mail: markers on lines of their own, lines of 60, ended by LF."""
    text = to_text(kind, body)
    lines = [text[i : i + LINE] for i in range(0, len(text), LINE)]
    return "\n".join(["BEGIN HAGAKI " + _WORDS[kind]] + lines + ["END HAGAKI " + _WORDS[kind], ""])


def find(text, kind=None):
    """The block of that kind (None: of the kind that comes first) anywhere in a text -> (kind, body).

    Forgives case, white space, quote marks, joined and re-wrapped lines, hyphens around the markers. Copies
    of the same block are one block. Characters must be ASCII: whoever reads the mail normalises them before.
    Raises WireError: armour-missing, armour-unfinished, armour-two, and all of ``from_text``.
    """
    text = _fold(text, _MAILED)
    if kind is None:
        kind = _first_kind(text)
    first, at = _read_block(text, kind, 0)
    if first is None:
        raise WireError("armour-missing", 0)
    other = first
    while other == first:
        other, at = _read_block(text, kind, at)
    if other is not None:
        raise WireError("armour-two", 0)
    return first


def _fold(text, table):
    """One pass over the text for each letter, each in C: several times as fast as letter by letter."""
    for letter, instead in table:
        text = text.replace(letter, instead)
    return text


def _first_kind(text):
    """The kind whose marker stands first; any kind if there is none."""
    places = [(text.find("BEGINHAGAKI" + _WORDS[kind]), kind) for kind in (SALE, RESULT)]
    return min([place for place in places if place[0] >= 0] or [(0, SALE)])[1]


def _read_block(text, kind, at):
    """-> ((kind, body) or None, the offset after it)."""
    begin, end = "BEGINHAGAKI" + _WORDS[kind], "ENDHAGAKI" + _WORDS[kind]
    start = text.find(begin, at)
    if start < 0:
        return None, len(text)
    start += len(begin)
    stop = text.find(end, start)
    if stop < 0 or text.find(begin, start, stop) >= 0:
        raise WireError("armour-unfinished", len(text[start:stop]) if stop >= 0 else len(text) - start)
    found = _unframe(text[start:stop].strip("-"))
    if found[0] != kind:
        raise WireError("armour-kind", 0)
    return found, stop + len(end)


def _unframe(text):
    """Folded base32 -> (kind, body); the inverse of ``to_text`` on exactly what that writes."""
    framed = _from_base32(text)
    if len(framed) < _HEAD + 1 + _CRC:
        raise WireError("armour-length", len(text))
    if framed[0] != VERSION:
        raise WireError("armour-version", 0)
    if framed[1] not in _WORDS:
        raise WireError("armour-kind", 1)
    if int.from_bytes(framed[2:_HEAD], "big") != len(framed) - _HEAD - _CRC:
        raise WireError("armour-length", 3)
    if _crc(framed[:-_CRC]) != framed[-_CRC:]:
        raise WireError("armour-crc", len(text))
    return framed[1], framed[_HEAD:-_CRC]


def _crc(data):
    """CRC-32 of ISO-HDLC, the one of zip and Ethernet."""
    return binascii.crc32(data).to_bytes(4, "big")


def _base32(data):
    text, bits, value = [], 0, 0
    for byte in data:
        value = (value << 8 | byte) & 0xFFF
        bits += 8
        while bits >= 5:
            bits -= 5
            text.append(_ALPHABET[value >> bits & 31])
    if bits:
        text.append(_ALPHABET[value << 5 - bits & 31])
    return "".join(text)


def _from_base32(text):
    if text.strip(_ALPHABET):
        at = 0
        while text[at] in _ALPHABET:
            at += 1
        raise WireError("armour-alphabet", at)
    if len(text) > TEXT_MAX or len(text) % 8 in (1, 3, 6):
        raise WireError("armour-length", len(text))
    value = int(_fold(text, _DIGITS) or "0", 32)
    over = len(text) * 5 % 8
    if value & (1 << over) - 1:
        raise WireError("armour-bits", len(text) - 1)
    return (value >> over).to_bytes(len(text) * 5 // 8, "big")
