"""Writes the vectors of the mail wire. Everything is fixed: the same files on every run."""

from __future__ import annotations

import base64
import hashlib
import quopri
from pathlib import Path
from typing import Final

from schemas.envelope import armour
from schemas.mail import token

FOLDER: Final = Path(__file__).parent
SEALED: Final = b"".join(hashlib.sha256(b"hagaki mail vector %d" % number).digest() for number in range(4))[
    :120
]
OTHER: Final = SEALED[::-1]
BLOCK: Final[str] = armour.block(armour.SALE, SEALED)
KEY: Final = hashlib.sha256(b"hagaki token vector").digest()
IDENT: Final = 0x0102030405060708
RECIPIENT: Final = "a..b@docomo.ne.jp"
EXPIRY_S: Final = 1_800_000_000

_ROUTE: Final = "From: shop@example.jp\r\nMessage-ID: <1@example.jp>\r\nMIME-Version: 1.0\r\n"


def _mail(text: bytes, kind: str = "text/plain; charset=us-ascii", encoding: str = "7bit") -> bytes:
    head = f"{_ROUTE}Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + text.replace(b"\n", b"\r\n")


def _mixed(*parts: bytes, kind: str = "multipart/mixed") -> bytes:
    body = b"".join(b"--x\n" + part + b"\n" for part in parts) + b"--x--\n"
    return _mail(body, f'{kind}; boundary="x"')


def _part(text: str, kind: str = "text/plain", more: str = "") -> bytes:
    return f"Content-Type: {kind}\n{more}\n{text}".encode()


def _wide(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


def _iso_2022_jp(text: str) -> bytes:
    return _wide(text).encode("iso-2022-jp")


def _quoted(mark: str, text: str = BLOCK) -> str:
    return "".join(f"{mark}{line}\n" for line in text.splitlines())


def _nested(depth: int) -> bytes:
    body = _part(BLOCK)
    for level in range(depth):
        mark = f"level{level}"
        body = f'Content-Type: multipart/mixed; boundary="{mark}"\n\n--{mark}\n'.encode() + body
        body += f"\n--{mark}--\n".encode()
    return _ROUTE.encode() + body.replace(b"\n", b"\r\n")


def _html() -> str:
    return f"<html><style>p{{x}}</style><p>&gt;{'<br>&gt;'.join(BLOCK.splitlines())}</p></html>"


def _found() -> dict[str, tuple[str, bytes]]:
    """Mails whose block is found: name -> (comment, raw)."""
    return {**_mangled(), **_encoded(), **_in_parts()}


def _mangled() -> dict[str, tuple[str, bytes]]:
    """What mail programs, carriers and keyboards do to a text."""
    return {
        "plain": ("the block as it is written", _mail(BLOCK.encode())),
        "joined": ("all line ends lost", _mail(BLOCK.replace("\n", " ").encode())),
        "wrapped": ("every line broken again", _mail(BLOCK.replace("A", "A\n").encode())),
        "lower": ("lower case", _mail(BLOCK.lower().encode())),
        "quoted": ("quoted twice", _mail(_quoted("> > ").encode())),
        "bar": ("quoted with a bar", _mail(_quoted("| ").encode())),
        "wide-quote": (
            "quoted with full-width marks",
            _mail(_quoted("＞｜").encode(), "text/plain; charset=utf-8", "8bit"),
        ),
        "wide": ("full-width letters", _mail(_wide(BLOCK).encode(), "text/plain; charset=utf-8", "8bit")),
        "iso-2022-jp": (
            "full-width letters, ISO-2022-JP",
            _mail(_iso_2022_jp(BLOCK), "text/plain; charset=ISO-2022-JP"),
        ),
        "shift-jis": (
            "emoji of a carrier beside it",
            _mail(b"\xf8\x9f\n" + BLOCK.encode(), "text/plain; charset=Shift_JIS", "8bit"),
        ),
        "zero-width": (
            "invisible characters inside",
            _mail(BLOCK.replace("B", "B\u200b").encode(), "text/plain; charset=utf-8", "8bit"),
        ),
    }


def _encoded() -> dict[str, tuple[str, bytes]]:
    """How a text is written into a mail."""
    flowed = BLOCK.replace("\n", " \n")
    return {
        "quoted-printable": (
            "quoted-printable",
            _mail(quopri.encodestring(BLOCK.replace("\n", "  \n").encode()), encoding="quoted-printable"),
        ),
        "undecoded": (
            "quoted-printable line ends that nobody decoded",
            _mail(BLOCK.replace("\n", "=20\n").encode()),
        ),
        "base64": ("base64", _mail(base64.encodebytes(BLOCK.encode()), encoding="base64")),
        "html": ("HTML only, quoted, line ends as <br>", _mail(_html().encode(), "text/html")),
        "flowed": (
            "format=flowed with delsp",
            _mail(flowed.encode(), "text/plain; format=flowed; delsp=yes"),
        ),
        "dashes": (
            "hyphens around the markers made long dashes",
            _mail(_dashed().encode(), "text/plain; charset=utf-8", "8bit"),
        ),
    }


def _in_parts() -> dict[str, tuple[str, bytes]]:
    """Where in a mail the block may stand."""
    attached = 'Content-Disposition: attachment; filename="sale.txt"\n'
    octets = f"Content-Transfer-Encoding: base64\n{attached}"
    return {
        "alternative": (
            "plain text and HTML",
            _mixed(_part(BLOCK), _part(_html(), "text/html"), kind="multipart/alternative"),
        ),
        "attachment": ("in body and attachment", _mixed(_part(BLOCK), _part(BLOCK, "text/plain", attached))),
        "octets": (
            "only in an attachment of no type",
            _mixed(
                _part("see file"),
                _part(base64.b64encode(BLOCK.encode()).decode(), "application/octet-stream", octets),
            ),
        ),
        "one-damaged": (
            "the body cut short, the attachment whole",
            _mixed(_part(BLOCK[:90]), _part(BLOCK, "text/plain", attached)),
        ),
        "charset-unknown": (
            "a charset label that nobody knows",
            _mail(BLOCK.encode(), "text/plain; charset=punycode"),
        ),
        "depth-20": ("as deep as is read", _nested(19)),
    }


def _dashed() -> str:
    return "".join(f"—{line}—\n" if "HAGAKI" in line else f"{line}\n" for line in BLOCK.splitlines())


def _refused() -> dict[str, tuple[str, str, bytes]]:
    """Mails with one fault: name -> (slug, comment, raw)."""
    plain = _mail(BLOCK.encode())
    other = armour.block(armour.SALE, OTHER)
    many = _mixed(*(_part("x") for _ in range(80)))
    return {
        "missing": ("armour-missing", "no block", _mail(b"hello\n")),
        "unfinished": ("armour-unfinished", "cut short", _mail(BLOCK[:100].encode())),
        "changed": ("armour-crc", "one letter changed", _mail(_changed().encode())),
        "two": ("armour-two", "two different blocks in one text", _mail((BLOCK + other).encode())),
        "two-parts": (
            "armour-two",
            "different blocks in body and attachment",
            _mixed(_part(BLOCK), _part(other)),
        ),
        "result": (
            "armour-missing",
            "a result is no sale",
            _mail(armour.block(armour.RESULT, SEALED).encode()),
        ),
        "header-long": (
            "mail-header-long",
            "one header of 9,000 bytes",
            b"Subject: " + b"x" * 9000 + b"\r\n" + plain,
        ),
        "part-header-long": (
            "mail-header-long",
            "one header of a part",
            _mixed(_part("x", "text/plain;\n " + "; " * 5000)),
        ),
        "headers-many": ("mail-headers-many", "201 headers and more", b"X: 1\r\n" * 200 + plain),
        "header-block": (
            "mail-header-block",
            "headers of more than 64 KB",
            (b"X: " + b"x" * 900 + b"\r\n") * 80 + plain,
        ),
        "parts-many": ("mail-parts-many", "81 parts", many),
        "too-deep": ("mail-too-deep", "parts in parts, 21 deep", _nested(20)),
    }


def _changed() -> str:
    letter: str = BLOCK.splitlines()[1][30]
    at = BLOCK.index("\n") + 31
    return BLOCK[:at] + ("B" if letter != "B" else "C") + BLOCK[at + 1 :]


def _tokens() -> dict[str, tuple[str, str, str]]:
    """Tokens: name -> (expect, comment, token)."""
    good = token.make(KEY, token.REPLY, IDENT, RECIPIENT, EXPIRY_S)
    body = good[2:].upper() + "==="
    other = base64.b32encode(base64.b32decode(body)[:-1] + b"\0").decode().rstrip("=").lower()
    return {
        "good": ("ok", "a reply token", good),
        "upper": ("ok", "capitals, as some mail programs make them", good.upper()),
        "forged": ("not-verified", "the last byte of the HMAC changed", good[:2] + other),
        "bounce": ("not-verified", "the same bytes called a bounce", "b" + good[1:]),
        "desk": ("ok", "a merchant's desk", token.make(KEY, token.DESK, IDENT, RECIPIENT, EXPIRY_S)),
        "order": ("ok", "a customer's answer", token.make(KEY, token.ORDER, IDENT, RECIPIENT, EXPIRY_S)),
        "order-bounce": (
            "ok",
            "the bounce of an order's letter",
            token.make(KEY, token.ORDER_BOUNCE, IDENT, RECIPIENT, EXPIRY_S),
        ),
        "order-reply": ("not-verified", "a reply's bytes called an order's", "o" + good[1:]),
        "length": ("token-length", "one character short", good[:-1]),
        "kind": ("token-kind", "a kind that does not exist", "x" + good[1:]),
        "version": ("token-version", "a version that does not exist", good[0] + "2" + good[2:]),
        "alphabet": ("token-alphabet", "a character outside base32", good[:5] + "0" + good[6:]),
        "bits": ("token-bits", "a spare bit set", good[:-1] + _bit_set(good[-1])),
    }


def _bit_set(letter: str) -> str:
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    return alphabet[alphabet.index(letter) | 1]


def _headers() -> dict[str, tuple[str, str, str]]:
    """Values for `safe` and `address`: name -> (expect, comment, value as Python writes it)."""
    return {
        "header-plain": ("ok", "what may stand in a header", ascii("結果 OK")),
        "header-newline": ("header-unsafe", "a line of its own", ascii("x\r\nBcc: y@example.net")),
        "header-word": ("header-unsafe", "a line hidden in an encoded-word", ascii("=?UTF-8?Q?=0A?=Bcc: y")),
        "header-hidden": ("header-unsafe", "an invisible character", ascii("x\u202ey")),
        "address-dots": ("ok", "as old carriers issued them", ascii("a..b@docomo.ne.jp")),
        "address-last-dot": ("ok", "a dot before the sign", ascii("ab.@docomo.ne.jp")),
        "address-route": ("address-form", "a source route", ascii("@r1,@r2:u@example.jp")),
        "address-comment": ("address-form", "a comment", ascii("a(comment)@example.jp")),
        "address-nul": ("address-form", "NUL", ascii("a\0b@example.jp")),
        "address-newline": ("address-form", "CR", ascii("a\rb@example.jp")),
        "address-word": ("address-form", "an encoded-word", ascii("=?utf-8?q?a?=@example.jp")),
        "address-domain": ("address-form", "a label that ends in a hyphen", ascii("a@b-.jp")),
    }


def vectors() -> dict[str, bytes]:
    """File name to content."""
    files: dict[str, bytes] = {}
    for name, (comment, raw) in _found().items():
        files[f"mail-{name}.eml"] = _file("ok", comment, raw, sealed=SEALED.hex())
    for name, (slug, comment, raw) in _refused().items():
        files[f"mail-{name}.eml"] = _file(slug, comment, raw)
    about = {"key": KEY.hex(), "ident": str(IDENT), "recipient": RECIPIENT, "expiry_s": str(EXPIRY_S)}
    for name, (expect, comment, value) in _tokens().items():
        files[f"token-{name}.txt"] = _file(expect, comment, value.encode(), **about)
    for name, (expect, comment, value) in _headers().items():
        files[f"{name}.txt"] = _file(expect, comment, value.encode())
    return files


def _file(expect: str, comment: str, content: bytes, **more: str) -> bytes:
    head = {"expect": expect, "comment": comment, **more}
    return "".join(f"{name}: {value}\n" for name, value in head.items()).encode() + b"\n" + content


if __name__ == "__main__":
    for name, content in vectors().items():
        (FOLDER / name).write_bytes(content)
