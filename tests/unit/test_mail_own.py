"""The short way for our own mails: it says what the general reader says."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handset.courier import sale_mail
from schemas.envelope import armour
from schemas.errors import WireError
from schemas.mail import own, read
from schemas.mail.find import find_block, plain
from schemas.mail.read import Mail, read_mail

BLOCK = armour.block(armour.SALE, bytes(range(200)))
OURS = [
    sale_mail(BLOCK, "shop@carrier.example", "sale@pay.example", date=date, language=language)
    for date in ("", "Sat, 21 Nov 2026 03:00:00 +0900")
    for language in ("en", "ja")
]
CARRIED = (
    b"Return-Path: <shop@carrier.example>\r\n"
    b"Received: from phone (phone [192.0.2.7])\r\n\tby mx.carrier.example with ESMTP id 1A;\r\n"
    b"\tSat, 21 Nov 2026 03:00:01 +0900\r\n"
    b"DKIM-Signature: v=1; a=rsa-sha256; d=carrier.example;\r\n b=AbCd==\r\n"
)
CORPUS = sorted((Path(read.__file__).parent / "vectors").glob("*.eml"))


def lines(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def agrees(raw: bytes) -> bool:
    """Whether the short way took the mail; then it must say what the general reader says."""
    short = own.taken_apart(lines(raw))
    if short is None:
        return False
    assert read._over_limit(lines(raw)) is None
    assert read._mail(*short, short[1][0]) == read._parsed(lines(raw))
    return True


@pytest.mark.parametrize("raw", OURS)
def test_what_the_handset_writes_goes_the_short_way(raw: bytes) -> None:
    assert agrees(raw) and agrees(CARRIED + raw)
    mail = read_mail(CARRIED + raw)
    assert isinstance(mail, Mail)
    assert mail.from_address == "shop@carrier.example" and mail.message_id.endswith(".sale@carrier.example")
    assert find_block(mail, armour.SALE) == (armour.SALE, bytes(range(200)))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_every_vector_reads_the_same(path: Path) -> None:
    agrees(path.read_bytes())


@given(st.integers(0, 2**32), st.sampled_from(OURS), st.sampled_from([b"", CARRIED]))
def test_no_change_makes_the_two_ways_differ(seed: int, ours: bytes, carried: bytes) -> None:
    changes = random.Random(seed)
    raw = bytearray(carried + ours)
    for _ in range(changes.randint(1, 3)):
        at = changes.randrange(len(raw))
        spoiled = changes.choice(PIECES)
        raw[at : at + changes.choice((0, 1, len(spoiled), 40))] = spoiled
    agrees(bytes(raw))


PIECES = [
    *(bytes([code]) for code in (0, 9, 10, 12, 13, 32, 34, 45, 58, 59, 61, 65, 128, 255)),
    *(
        b"\r\n",
        b"\r\n\r\n",
        b"\r\n ",
        b"\r\n\t",
        b"\r\n--",
        b"\r\nFrom ",
        b"\r\nX:",
        b"\r\n: x",
        b"=?utf-8?q?=0A?=",
    ),
    *(
        b"\r\nFrom: other@carrier.example",
        b"\r\nContent-Type: text/plain",
        b"\r\nContent-Type: multipart/mixed",
    ),
    *(b"\r\nContent-Transfer-Encoding: base64", b"\r\nMessage-ID: <2@x>", b"END HAGAKI SALE", b"--=_", b"A"),
]


@pytest.mark.parametrize(
    "raw",
    [
        OURS[0].replace(b"7bit", b"8bit", 1),
        OURS[0].replace(b"charset=utf-8", b"charset=utf-16"),
        OURS[0].replace(b"END HAGAKI SALE", b"END HAGAKI SAL\xc3\x89"),
        OURS[0].replace(b"\r\nTo:", b"\r\nContent-Transfer-Encoding: base64\r\nTo:"),
        OURS[0].replace(b"\r\nTo:", b"\r\nContent-Type: text/plain\r\nTo:"),
        b"X: 1\r\n" * (own.HEADERS_MAX + 1) + OURS[0],
        b"X: " + b"1" * own.OWN_MAX + b"\r\n" + OURS[0],
    ],
)
def test_anything_else_is_left_to_the_general_reader(raw: bytes) -> None:
    assert own.taken_apart(lines(raw)) is None


@given(st.text(st.characters(max_codepoint=0x7F)))
def test_a_text_in_ascii_is_made_plain_as_any_other(text: str) -> None:
    assert plain(text + "\na")[:-1] == plain(text + "\nあ")[:-1]


def test_two_different_copies_are_still_two() -> None:
    other = armour.block(armour.SALE, bytes(range(100)))
    raw = OURS[0].replace(BLOCK.replace("\n", "\r\n").encode(), other.replace("\n", "\r\n").encode(), 1)
    mail = read_mail(raw)
    assert isinstance(mail, Mail)
    with pytest.raises(WireError, match="armour-two"):
        find_block(mail, armour.SALE)
