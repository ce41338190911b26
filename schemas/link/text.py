"""Text for the LCD in printable ASCII: half-width kana and the yen sign as JIS X 0201 bytes, escaped."""

from schemas.errors import WireError

_KANA = 0xFF61 - 0xA1  # Unicode's half-width block keeps the order of JIS X 0201
_YEN, _YEN_BYTE = "\u00a5", 0x5C
PRINTABLE = "".join([chr(i) for i in range(0x20, 0x7F)])
_HEX = "0123456789ABCDEF"


def escape(text):
    r"""Printable ASCII, U+FF61..U+FF9F, yen sign and LF -> printable ASCII with ``\\``, ``\n`` and ``\xHH``.

    Raises WireError: link-text (where = offset in the text).
    """
    return "".join([_escape(text[at], at) for at in range(len(text))])


def unescape(text):
    """The inverse of ``escape`` on exactly what that writes. Raises WireError: link-text (where = offset)."""
    out = []
    at = 0
    while at < len(text):
        letter, size = _unescape(text, at)
        out.append(letter)
        at += size
    return "".join(out)


def _escape(letter, at):
    if letter == "\\":
        return "\\\\"
    if letter == "\n":
        return "\\n"
    if letter == _YEN:
        return "\\x%02X" % _YEN_BYTE
    if 0xFF61 <= ord(letter) <= 0xFF9F:
        return "\\x%02X" % (ord(letter) - _KANA)
    if letter in PRINTABLE:
        return letter
    raise WireError("link-text", at)


def _unescape(text, at):
    """-> character, how many characters it took."""
    letter, after = text[at], text[at + 1 : at + 2]
    if letter != "\\" and letter in PRINTABLE:
        return letter, 1
    if letter == "\\" and after == "\\":
        return "\\", 2
    if letter == "\\" and after == "n":
        return "\n", 2
    digits = text[at + 2 : at + 4]
    if letter == "\\" and after == "x" and len(digits) == 2 and digits[0] in _HEX and digits[1] in _HEX:
        byte = int(digits, 16)
        if byte == _YEN_BYTE:
            return _YEN, 4
        if 0xA1 <= byte <= 0xDF:
            return chr(byte + _KANA), 4
    raise WireError("link-text", at)
