"""Armour: whatever a mail program does to a block is forgiven, and no change of a character ever passes."""

from __future__ import annotations

import base64
import binascii
import string

import pytest
from cost import cost_s
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import armour, cose
from schemas.envelope.vectors import key_cases
from schemas.errors import WireError

BODIES = st.binary(min_size=1, max_size=armour.BODY_MAX)
KINDS = st.sampled_from([armour.SALE, armour.RESULT])
SEALED = bytes.fromhex(next(data for name, _, _, _, data in key_cases.cases() if name == "seal/ok-sale"))
BLOCK = armour.block(armour.SALE, SEALED)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
FORGIVEN = " \t\r\n\v\f>|"


def refused(text: str, kind: int | None = armour.SALE) -> str:
    with pytest.raises(WireError) as caught:
        armour.find(text, kind)
    return caught.value.slug


@given(KINDS, BODIES)
def test_there_and_back_and_the_same_as_base64(kind, body) -> None:
    text = armour.to_text(kind, body)
    framed = bytes([1, kind]) + len(body).to_bytes(2, "big") + body
    framed += binascii.crc32(framed).to_bytes(4, "big")
    assert text == base64.b32encode(framed).decode().rstrip("=")
    assert armour.from_text(text) == (kind, body)
    assert armour.find(armour.block(kind, body)) == (kind, body)


@st.composite
def mangled(draw, block: str) -> str:
    """A block as it may come out of a mail program."""
    text = draw(st.sampled_from([block, block.lower(), block.title(), block.swapcase()]))
    width = draw(st.integers(1, 100))
    if draw(st.booleans()):
        text = "".join(text.split())
        text = "\n".join(text[i : i + width] for i in range(0, len(text), width))
    text = draw(st.sampled_from(["", "> ", ">", ">> ", "| ", "\t"])).join(
        ["", *text.splitlines(keepends=True)]
    )
    text = text.replace("\n", draw(st.sampled_from(["\n", "\r\n", " ", "", "\n\n", " \n"])))
    before = draw(st.sampled_from(["", "-", "-----", "\u58f2\u4e0a ", "Hello. ", "\ud800", "*"]))
    after = draw(st.sampled_from(["", "-----", "\n-- \nShop", "\u4ee5\u4e0a"]))
    return before + text + after


@given(KINDS, BODIES, st.data())
def test_what_mail_does_is_forgiven(kind, body, data) -> None:
    text = data.draw(mangled(armour.block(kind, body)))
    assert armour.find(text) == (kind, body)
    assert armour.find(text + text.lower(), kind) == (kind, body)


@given(st.binary(min_size=1, max_size=80), st.binary(min_size=1, max_size=80), st.data())
def test_a_second_different_block_is_refused(one, other, data) -> None:
    first, second = armour.block(armour.SALE, one), data.draw(mangled(armour.block(armour.SALE, other)))
    if one == other:
        assert armour.find(first + second) == (armour.SALE, one)
    else:
        assert refused(first + second) == "armour-two"


def test_blocks_of_the_other_kind_are_not_looked_at() -> None:
    broken_result = armour.block(armour.RESULT, b"x").replace("A", "B")
    assert armour.find(broken_result + BLOCK, armour.SALE) == (armour.SALE, SEALED)
    assert armour.find(BLOCK + broken_result) == (armour.SALE, SEALED)


def outcome_of(text: str) -> bytes | None:
    try:
        return armour.find(text, armour.SALE)[1]
    except WireError as error:
        assert error.slug.startswith("armour-")
        return None


REPLACEMENTS = (
    ALPHABET + ALPHABET.lower() + "0189=+/-_*.,:;<&%#\"'\u017f\u0131\uff21\u2014\u200b\x00\xa0" + FORGIVEN
)


@pytest.mark.parametrize("way", ["replace", "insert", "delete", "swap"])
def test_no_change_of_one_character_passes(way: str) -> None:
    """Every place of a real sale between its markers' first and last letter, every kind of character."""
    for place in range(len(BLOCK) - 1):
        here = BLOCK[place]
        for letter in REPLACEMENTS if way in ("replace", "insert") else [""]:
            changed = {
                "replace": BLOCK[:place] + letter + BLOCK[place + 1 :],
                "insert": BLOCK[: place + 1] + letter + BLOCK[place + 1 :],
                "delete": BLOCK[:place] + BLOCK[place + 1 :],
                "swap": BLOCK[:place] + BLOCK[place + 1 : place + 2] + here + BLOCK[place + 2 :],
            }[way]
            body = outcome_of(changed)
            assert body in (None, SEALED)
            if body is not None:
                assert meaning(changed) == meaning(BLOCK), (way, place, letter)


def meaning(text: str) -> str:
    """What is left of a block without what is forgiven: white space, quotes, case, hyphens at the markers."""
    upper = str.maketrans(string.ascii_lowercase, string.ascii_uppercase, FORGIVEN)
    text = text.translate(upper)
    text = text[text.index("BEGINHAGAKI") : text.index("ENDHAGAKISALE") + len("ENDHAGAKISALE")]
    return text.replace("SALE-", "SALE").replace("-END", "END").replace("-BEGIN", "BEGIN")


@given(st.text(max_size=200))
def test_from_text_has_one_form(text) -> None:
    try:
        kind, body = armour.from_text(text)
    except WireError as error:
        assert error.slug.startswith("armour-")
    else:
        assert armour.to_text(kind, body) == "".join(text.split()).upper()


@pytest.mark.parametrize("text", ["> " + armour.to_text(1, b"x"), BLOCK, armour.to_text(1, b"x") + "="])
def test_from_text_takes_no_mail(text) -> None:
    with pytest.raises(WireError):
        armour.from_text(text)


def test_an_error_names_the_line() -> None:
    text = armour.to_text(armour.SALE, SEALED)
    lines = [text[i : i + 60] for i in range(0, len(text), 60)]
    lines[2] = lines[2][:10] + "1" + lines[2][11:]
    with pytest.raises(WireError) as caught:
        armour.find("\n".join(["Hello", "BEGIN HAGAKI SALE", *lines, "END HAGAKI SALE"]))
    assert (caught.value.slug, caught.value.where // 60 + 1) == ("armour-alphabet", 3)


@pytest.mark.parametrize(("kind", "body"), [(1, b""), (1, bytes(743)), (3, b"x"), (0, b"x")])
def test_what_cannot_be_armoured(kind, body) -> None:
    with pytest.raises(WireError):
        armour.to_text(kind, body)


MIB = 1 << 20
CROWDS = {
    "space": " " * MIB,
    "begin": "BEGIN HAGAKI SALE " * (MIB // 18),
    "begin-hyphens": "BEGIN HAGAKI SALE" + "-" * MIB,
    "end": "END HAGAKI SALE " * (MIB // 16),
    "letters": "BEGIN HAGAKI SALE" + "A" * MIB + "END HAGAKI SALE",
    "half-markers": "BEGIN HAGAKI " * (MIB // 13),
    "results": "BEGIN HAGAKI RESULT " * (MIB // 20),
    "blocks": BLOCK * (MIB // len(BLOCK)),
}


@pytest.mark.parametrize("crowd", CROWDS)
def test_a_mebibyte_takes_linear_time(crowd: str) -> None:
    """Ratio of a whole to a quarter: 4 if linear, 16 if quadratic; the machine's own speed cancels out."""
    text = CROWDS[crowd]
    quarter = cost_s(lambda: outcome_of(text[: len(text) // 4]))
    assert cost_s(lambda: outcome_of(text), enough_s=0.05) < 10 * quarter + 0.05


def test_a_magnetic_sale_is_short() -> None:
    assert len(SEALED) == 118
    assert len(armour.to_text(armour.SALE, SEALED)) == 202
    assert cose.unpack(SEALED)[1] == 0
