"""A sale is short enough for a keyboard, a QR code and a mailto: link, whatever is in it."""

from __future__ import annotations

import pytest
from reader_centre import KEY_ID

from schemas.envelope import armour, cose, payload

STRIPE_MAX, CHIP_MAX = 500, 900
"""Characters."""

USUAL = {
    "kind": payload.SALE,
    "amount_minor": 99_999_999,
    "currency": 392,
    "reader_time_s": 0xFFFFFFFF,
    "track2": "9" * 19 + "=" + "9" * 17,
    "pin_block": b"\xff" * 16,
    "condition": 110,
    "slip": 99_999,
    "reentry": 3,
}
BACK = {**USUAL, "kind": payload.REFUND, "original_ksn": b"\xff" * 12}


@pytest.mark.parametrize(
    "fields, most",
    [
        ({**USUAL, "entry_mode": payload.STRIPE_JIS2, "jis2": "~" * 69}, STRIPE_MAX),
        ({**BACK, "entry_mode": payload.STRIPE_JIS2, "jis2": "~" * 69}, STRIPE_MAX),
        ({**USUAL, "entry_mode": payload.CHIP, "emv": b"\xff" * 199}, CHIP_MAX),
        ({**BACK, "entry_mode": payload.CHIP, "emv": b"\xff" * 199}, CHIP_MAX),
    ],
    ids=["both stripes and PIN", "the same given back", "chip and PIN", "the same given back by chip"],
)
def test_the_longest_sale(fields: dict[str, object], most: int) -> None:
    sealed = payload.encode_sale(payload.Sale(**fields)) + bytes(cose.TAG_LENGTH)
    body = cose.pack(KEY_ID + b"\xff\xff\x00\x00", 0, sealed)
    assert len(armour.to_text(armour.SALE, body)) <= most
    assert len(armour.block(armour.SALE, body)) <= most
