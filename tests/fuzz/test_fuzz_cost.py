"""What one mail may cost: four times the bytes, about four times the work, and never more than 64 MB."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import pytest
from cost import cost_s
from dice import TIMES

from cafis_adapter.codec import MessageError
from cafis_adapter.framing import Framer
from mail_gateway.domain import saying
from mail_gateway.intake.remains import ksn_of
from schemas.envelope import armour, cbor
from schemas.errors import WireError
from schemas.link import frames
from schemas.mail import headers, html, robots, said
from schemas.mail.find import find_block
from schemas.mail.read import HEADER_MAX, RAW_MAX, Unreadable, read_mail
from schemas.mail.subjects import is_no_answer

MEMORY_MAX = 64 * 1024 * 1024
RATIO_MAX = 10
"""Of four times the bytes: 4 where the work is linear, 16 where it is the square."""

NOTHING_S = 0.02
"""So little at the larger size needs no ratio: a clock cannot tell it from noise."""

LARGE = RAW_MAX - 20_000 if TIMES > 1 else 200_000
SMALL = LARGE // 4


def part(head: str, inside: str | bytes, *, times: int = 0) -> Callable[[int], bytes]:
    """A mail of n bytes with this head, filled with one thing over and over. times: at most so often."""
    piece = inside if isinstance(inside, bytes) else inside.encode()

    def make(size: int) -> bytes:
        count = min(size // len(piece), times or size)
        return head.replace("\n", "\r\n").encode() + b"\r\n" + piece * count

    return make


def plain(charset: str, inside: str | bytes, more: str = "") -> Callable[[int], bytes]:
    return part(f"Content-Type: text/plain; charset={charset}{more}\n", inside)


def nested(levels: int, inside: bytes, named: bytes = b"=b%d") -> Callable[[int], bytes]:
    opening = b"Content-Type: multipart/mixed; boundary" + named + b"\r\n\r\n--b%d\r\n"
    head = b"".join(opening % (level, level) for level in range(levels))
    return lambda size: head + b"\r\n" + inside * (size // len(inside))


def split(inside: str, kind: str = "text/plain; charset=utf-8") -> Callable[[int], bytes]:
    """48 parts that share the bytes."""
    piece = inside.encode()

    def make(size: int) -> bytes:
        one = f"--b\r\nContent-Type: {kind}\r\n\r\n".encode() + piece * (size // 48 // len(piece)) + b"\r\n"
        return b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + one * 48

    return make


HTML = "Content-Type: text/html; charset=utf-8\n"
SHAPES = {
    "lines": part("", "\r\n"),
    "lines of three": part("", "x\r\n"),
    "one line": part("", "x"),
    "carriage returns": part("", "\r"),
    "flowed": plain("utf-8", "x \r\n" * 1, "; format=flowed; delsp=yes"),
    "flowed long": plain("utf-8", "x" * 60 + " \r\n", "; format=flowed"),
    "quotes": plain("utf-8", ">" * 60 + "\r\n", "; format=flowed"),
    "combining marks": plain("utf-8", "\u0315\u0300"),
    "ligatures": plain("utf-8", "\ufdfa"),
    "ligatures in parts": split("\ufdfa"),
    "Hangul": plain("utf-8", "\u1112\u1161\u11ab"),
    "invisible": plain("utf-8", "\u200b"),
    "every sign": plain("utf-8", "".join(map(chr, range(0x3000, 0x6000)))),
    "escapes": plain("iso-2022-jp", b"\x1b$B"),
    "escaped pairs": plain("iso-2022-jp", b"\x1b$B!!\r\n" + b"x" * 20),
    "shift_jis": plain("shift_jis", b"\x81"),
    "utf-16": plain("utf-16", b"\xd8\x00"),
    "broken utf-8": plain("utf-8", b"\xf0\x9f"),
    "uncommon charset": plain("punycode", b"a-9999"),
    "base64": part("Content-Transfer-Encoding: base64\n", "=A=\r\n" + "A" * 60),
    "quoted-printable": part("Content-Transfer-Encoding: quoted-printable\n", "=\r\n" + "=3D" * 20),
    "uuencode": part("Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n", "#1" * 20 + "\r\n"),
    "tags": part(HTML, "<b>"),
    "opening": part(HTML, "<"),
    "comments": part(HTML, "<!--"),
    "styles": part(HTML, "<style>"),
    "closed styles": part(HTML, "<style></style"),
    "entities": part(HTML, "&#1"),
    "long entity": part(HTML, "&" + "a" * 40),
    "attributes": part(HTML, "<a \"'"),
    "nested 19": nested(19, b"--x\r\n" + b"y" * 20),
    "nested 60": nested(60, b"\r\n"),
    "nested 300 RFC 2231": nested(300, b"xxxxxxxxxxxxxxxx\r\n", b"*0=b%d"),
    "nested 300 spaced": nested(300, b"xxxxxxxxxxxxxxxx\r\n", b" " * 90 + b"=b%d"),
    "messages in messages": part("", "Content-Type: message/rfc822\r\n\r\n"),
    "parts": part("Content-Type: multipart/mixed; boundary=b\n", "--b\r\n\r\nx\r\n"),
    "parts RFC 2231": part("Content-Type: multipart/mixed; boundary*0=b\n", "--b\r\n\r\nx\r\n"),
    "closing lines": part("Content-Type: multipart/mixed; boundary=b\n", "--b--\r\n" + "x" * 20),
    "boundaries": part("", "boundary=b\r\n" + "x" * 20),
    "headers of parts": part("Content-Type: multipart/mixed; boundary=b\n\n--b\n", "X: y\r\n" + "Z" * 20),
    "folded header of a part": part(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nX: y\n", " z" * 20 + "\r\n"
    ),
    "type over lines": part("Content-Type:\n", "\n content-type:" + "x" * 30),
    "reports": part(
        "Content-Type: multipart/report; report-type=delivery-status\n", "Action: x\r\nStatus: 4.0.0\r\n"
    ),
    "folded report": part("Content-Type: multipart/report;\n", " report-type\t\r\n"),
    "begin": part("", "BEGIN HAGAKI SALE "),
    "begin and spaces": part("", "BEGIN" + " " * 300),
    "blocks": part("", "BEGIN HAGAKI SALE AA END HAGAKI SALE "),
    "one block over and over": part("", armour.block(armour.SALE, bytes(40))),
}
HEADERS = {
    "parameters": "Content-Type: text/plain" + ";" * 8000,
    "RFC 2231": "Content-Type: text/plain" + "".join(f";a*{n}*=b" for n in range(600)),
    "RFC 2231 backwards": "Content-Type: text/plain" + "".join(f";a*{n}=b" for n in range(600, 0, -1)),
    "quotes": "Content-Type: text/plain; a=" + '"' * 8000,
    "escaped": 'Content-Type: text/plain; a="' + "\\" * 8000,
    "encoded words": "Subject: " + "=?utf-8?B?YQ==?= " * 480,
    "two charsets": "Subject: " + "=?utf-8?B?YQ==?= =?ascii?Q?a?= " * 240,
    "unfinished words": "Subject: " + "=?a?Q?" * 1300,
    "comments": "From: " + "(" * 8000,
    "quoted pairs": 'From: "' + '\\"' * 4000,
    "quoted names": "From: " + '""' * 4000 + "<",
    "angles": "From: " + "<" * 8000,
    "ids": "References: " + "<a@b>" * 1600,
    "unfinished ids": "References: " + "<a" * 4000,
}


def read(raw: bytes) -> None:
    """What the door does with a mail before it is stored."""
    robots.is_automatic(raw, "a@b.jp")
    robots.undelivered(raw, "")
    found = read_mail(raw)
    if isinstance(found, Unreadable):
        return
    try:
        find_block(found, armour.SALE)
    except WireError:
        ksn_of(found)


@pytest.mark.parametrize("shape", SHAPES)
def test_four_times_the_mail_is_about_four_times_the_work(shape: str) -> None:
    raw = SHAPES[shape](LARGE)
    large = cost_s(lambda: read(raw), enough_s=NOTHING_S)
    if large > NOTHING_S:
        raw = SHAPES[shape](SMALL)
        assert large / cost_s(lambda: read(raw)) < RATIO_MAX, f"{large:.2f} s"
    if TIMES > 1:
        assert large < 1


@pytest.mark.parametrize("header", HEADERS)
def test_no_header_within_its_cap_is_dear(header: str) -> None:
    """The longest header there may be costs no more than an ordinary mail as long as may be."""
    raw = f"{HEADERS[header][:8190]}\r\n\r\n".encode()
    many = b"".join(b"%s-%d: %s\r\n" % (b"X", n, b"a" * 300) for n in range(150))
    plain = b"Subject: x\r\n" + many + b"\r\n" + b"line of text\r\n" * 20_000
    plainest = cost_s(lambda: read(plain))
    assert cost_s(lambda: read(raw), enough_s=2 * NOTHING_S) < max(plainest, NOTHING_S) * 2


@pytest.mark.parametrize("shape", SHAPES)
def test_no_mail_takes_more_memory_than_its_share(shape: str) -> None:
    raw = SHAPES[shape](LARGE)
    tracemalloc.start()
    try:
        read(raw)
        assert tracemalloc.get_traced_memory()[1] < MEMORY_MAX * LARGE // RAW_MAX
    finally:
        tracemalloc.stop()


def dear(work: Callable[[bytes], object], piece: bytes) -> float:
    """How much more four times as many pieces cost; 0 if too little to tell."""
    spent = []
    for size in (LARGE // 4, LARGE):
        data = piece * (size // len(piece))

        def done(data: bytes = data) -> None:
            with suppress(WireError, MessageError):
                work(data)

        spent.append(cost_s(done))
    return spent[1] / spent[0] if spent[1] > NOTHING_S else 0


def as_text(work: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: work(data.decode())


LETTERS = ["a line of ours, of many lines that all begin in the same way\n" * 800, "x" * 60_000]
READERS: dict[str, tuple[Callable[[bytes], object], tuple[bytes, ...]]] = {
    "armour": (as_text(armour.find), (b"BEGIN HAGAKI SALE", b"A", b"-", b"END HAGAKI SALE")),
    "typed armour": (as_text(armour.from_text), (b"A", b" ", b"1")),
    "cbor": (
        cbor.decode,
        (b"\x81", b"\x9b" + bytes(3) + b"\1" + bytes(4), b"\xa1\x00", b"\xc0", b"\x1a\xff"),
    ),
    "cbor list": (lambda data: cbor.decode(cbor.encode(list(data))), (b"\x00",)),
    "cbor text": (lambda data: cbor.decode(cbor.encode(data.decode())), ("山".encode(), b"a")),
    "host line": (lambda data: list(Framer(2048).feed(data)), (b"\x00\x01x", b"\x08\x00", b"\x00\x10")),
    "html": (as_text(html.strip), (b"<p", b"<!-", b"&", b"<style>x</style>", b"</")),
    "unquoted html": (
        as_text(html.unquoted),
        (b"<blockquote>", b"<div class=gmail_quote>", b"<s", b"<s>x</s>"),
    ),
    "an answer's lines": (
        as_text(lambda text: said.said(text, LETTERS, ["pay.example"])),
        (
            *(
                b"From: a\n",
                b"On 21 Nov 2026 18:05\n",
                b"a> x\n",
                "さんは書きました".encode(),
                b"18:05 wrote",
            ),
            *(
                b"-- \n",
                b"----- Original Message\n",
                b"a line of ours, of many\n",
                b"2026-1-1 1:1",
                b"x wrote:\n",
            ),
        ),
    ),
    "an answer": (
        as_text(
            lambda text: saying.read(
                said.said(text, LETTERS, ["pay.example"]), "BCDFH", passed_on=is_no_answer(text)
            )
        ),
        (
            b"yes\n",
            b"yes ",
            b"no BCDFH ",
            b"1-",
            b"Re: ",
            b"Re[",
            b"sent from a ",
            "はい、".encode(),
            b"https://a",
        ),
    ),
    "address": (
        as_text(lambda text: headers.single_address(text[:HEADER_MAX])),
        (b'"\\', b"<", b'""', b"a@"),
    ),
}


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_is_linear(reader: str) -> None:
    work, pieces = READERS[reader]
    assert {piece: ratio for piece in pieces if (ratio := dear(work, piece)) >= RATIO_MAX} == {}


def test_the_cables_decoder_is_linear_and_holds_one_frame() -> None:
    def feed(size: int) -> None:
        decoder = frames.Decoder()
        for _ in range(size // 1000):
            for _ in decoder.feed(b"\x02" * 500 + b"A1" + b"x" * 498):
                pass

    large = cost_s(lambda: feed(LARGE), enough_s=NOTHING_S)
    assert large <= NOTHING_S or large / cost_s(lambda: feed(SMALL)) < RATIO_MAX
