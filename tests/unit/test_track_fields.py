"""The fields of track 2: cut at the right places, check digit told, never printed."""

import pytest

from card_reader_fw.track import card, track2
from card_reader_fw.track.f2f import StripeError

TEXT = "4111111111111111=27122010000012345678"


def parsed(text):
    return track2.from_text(bytearray(text.encode()))


def test_fields():
    found = parsed(TEXT)
    assert (found.text.decode(), found.separator, found.luhn_ok) == (TEXT, 16, True)


@pytest.mark.parametrize("pan", ["123456789012", "1234567890123456789"])
def test_shortest_and_longest_pan(pan):
    assert parsed(f"{pan}=2712201").separator == len(pan)


@pytest.mark.parametrize("code, chip", [("201", True), ("601", True), ("101", False), ("226", True)])
def test_the_service_code_says_whether_there_is_a_chip(code, chip):
    assert parsed(f"4111111111111111=2712{code}").has_chip() is chip


def test_a_wrong_check_digit_is_told_and_not_refused():
    assert not parsed("4111111111111112=2712201").luhn_ok


@pytest.mark.parametrize(
    "pan, ok", [("79927398713", True), ("79927398710", False), ("378282246310005", True)]
)
def test_luhn(pan, ok):
    assert track2.luhn(pan.encode(), len(pan)) is ok


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "12345678901=2712201",
        "12345678901234567890=2712201",
        "4111111111111111=271220",
        "4111111111111111=2700201",
        "4111111111111111=2713201",
        "4111111111111111=27a2201",
        "4111111111111111=2712201" + "0" * 14,
        "411111111111111a=2712201",
        "4111111111111111=2712201;",
        "4111111111111111=2712201?",
        "４111111111111111=2712201",
    ],
)
def test_refuses_any_other_layout(text):
    with pytest.raises(StripeError) as caught:
        parsed(text)
    assert caught.value.slug == "stripe-format"


def test_repr_masks():
    swiped = card.Card(parsed(TEXT), bytearray(b"a" * 69))
    assert repr(swiped) == "<Card <Track2 411111******1111 luhn_ok=True> jis2=69>"


@pytest.mark.parametrize("pan", ["123456789012", "1234567890123456789"])
def test_mask_keeps_six_and_four(pan):
    masked = parsed(f"{pan}=2712201").masked()
    assert masked == pan[:6] + "*" * (len(pan) - 10) + pan[-4:]


def test_a_wiped_card_holds_nothing():
    swiped = card.Card(parsed(TEXT), bytearray(b"a" * 69))
    swiped.wipe()
    assert set(swiped.track2.text + swiped.jis2) == {0}
