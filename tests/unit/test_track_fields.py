"""The fields of track 2: cut at the right places, check digit told, never printed."""

import pytest

from card_reader_fw.track import track2
from card_reader_fw.track.f2f import StripeError

CARD = "4111111111111111=27122010000012345678"


def test_fields():
    card = track2.from_text(CARD)
    assert card.pan == "4111111111111111"
    assert card.expiry == "2712"
    assert card.service_code == "201"
    assert card.discretionary == "0000012345678"
    assert card.luhn_ok


@pytest.mark.parametrize("pan", ["123456789012", "1234567890123456789"])
def test_shortest_and_longest_pan(pan):
    assert track2.from_text(f"{pan}=2712201").pan == pan


def test_discretionary_data_may_be_missing():
    assert track2.from_text("4111111111111111=2712201").discretionary == ""


def test_a_wrong_check_digit_is_told_and_not_refused():
    assert not track2.from_text("4111111111111112=2712201").luhn_ok


@pytest.mark.parametrize(
    "pan, ok", [("79927398713", True), ("79927398710", False), ("378282246310005", True)]
)
def test_luhn(pan, ok):
    assert track2.luhn(pan) is ok


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "12345678901=2712201",
        "12345678901234567890=2712201",
        "4111111111111111=271220",
        "4111111111111111=2700201",
        "4111111111111111=27a2201",
        "4111111111111111=2712201" + "0" * 14,
        "411111111111111a=2712201",
        "4111111111111111=2712201;",
        "４111111111111111=2712201",
    ],
)
def test_refuses_any_other_layout(text):
    with pytest.raises(StripeError) as caught:
        track2.from_text(text)
    assert caught.value.slug == "stripe-format"


def test_repr_masks():
    shown = repr(track2.from_text(CARD))
    assert shown == "<Track2 411111******1111 luhn_ok=True>"


@pytest.mark.parametrize("pan", ["123456789012", "1234567890123456789"])
def test_mask_keeps_six_and_four(pan):
    masked = track2.from_text(f"{pan}=2712201").masked()
    assert masked == pan[:6] + "*" * (len(pan) - 10) + pan[-4:]
