"""Frames of the link: the check sum of the standard, limits, and no wrong frame ever accepted."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import WireError
from schemas.link import frames
from schemas.link.frames import Damaged, Decoder, Frame, encode

BODIES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=frames.BODY_MAX)
TYPES = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def test_check_value_of_crc16_x25() -> None:
    assert frames.crc16(b"123456789") == 0x906E


@given(TYPES, st.integers(0, 9), BODIES, st.binary(max_size=40), st.integers(1, 50))
def test_what_is_encoded_is_decoded_after_any_garbage(kind, seq, body, garbage, portion) -> None:
    data = garbage.replace(b"\x02", b"") + encode(kind, seq, body) + b"\r\n"
    decoder = Decoder()
    found = [item for i in range(0, len(data), portion) for item in decoder.feed(data[i : i + portion])]
    assert found == [Frame(kind, seq, body)]


@given(st.binary(max_size=300))
def test_a_frame_that_is_accepted_is_one_that_we_write(data) -> None:
    for item in Decoder().feed(b"\x02" + data):
        if isinstance(item, Frame):
            assert encode(item.type, item.seq, item.body) in b"\x02" + data


def damage(dice: random.Random, data: bytes) -> bytes:
    """Up to three flipped bits, a burst of two bytes, or a byte lost, doubled or put in."""
    at = dice.randrange(len(data))
    way = dice.randrange(5)
    if way == 0:
        out = bytearray(data)
        for _ in range(dice.randint(1, 3)):
            out[dice.randrange(len(out))] ^= 1 << dice.randrange(8)
        return bytes(out)
    middle = (
        dice.randbytes(2)
        if way == 1
        else b""
        if way == 2
        else data[at : at + 1] * 2
        if way == 3
        else dice.randbytes(1)
    )
    skipped = {1: 2, 2: 1, 3: 1, 4: 0}[way]
    return data[:at] + middle + data[at + skipped :]


def test_no_damaged_frame_is_ever_accepted() -> None:
    dice = random.Random(1)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    for _ in range(20_000):
        good = Frame(
            dice.choice("HSVPCGRW"), dice.randrange(10), "".join(dice.choices(letters, k=dice.randrange(60)))
        )
        data = damage(dice, encode(good.type, good.seq, good.body))
        assert all(item == good or isinstance(item, Damaged) for item in Decoder().feed(data + b"\x02"))


def test_memory_is_bounded_on_an_endless_frame() -> None:
    found = Decoder().feed(b"\x02S1" + b"A" * 100_000)
    assert found == [Damaged("frame-length", 1 + 2 + frames.BODY_MAX)]


def test_damage_says_where() -> None:
    decoder = Decoder()
    assert decoder.feed(b"noise") == []
    assert decoder.feed(b"\x02A0\x00") == [Damaged("frame-text", 8)]


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        (("a", 1, ""), "frame-type"),
        (("", 1, ""), "frame-type"),
        (("AB", 1, ""), "frame-type"),
        (("A", 10, ""), "frame-seq"),
        (("A", -1, ""), "frame-seq"),
        (("A", 1, "\x03"), "frame-text"),
        (("A", 1, "\u30ab"), "frame-text"),
        (("A", 1, "x" * 1201), "frame-length"),
    ],
)
def test_what_cannot_be_a_frame_is_refused(arguments, slug) -> None:
    with pytest.raises(WireError) as caught:
        encode(*arguments)
    assert caught.value.slug == slug


def test_no_frame_shows_its_body() -> None:
    assert "SECRET" not in repr(Frame("S", 1, "SECRET"))
