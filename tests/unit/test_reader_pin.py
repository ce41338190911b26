"""PIN blocks, ISO 9564 format 4: published vectors, and another implementation (psec) opens ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psec.pinblock import decipher_pinblock_iso_4

from card_reader_fw.board.desk.device import cipher
from card_reader_fw.crypto import aes, dukpt, pin
from schemas.envelope import derivation

KEY_ID = bytes.fromhex("1234567890123456")
INITIAL_KEY = bytes.fromhex("1273671EA26AC29AFA4D1084127652A1")
PAN = b"4111111111111111"
BLOCKS = (
    "A912150391AB65A67E52883D81CE2D15",
    "52A00503BD34BA1383F6A7EE9FE2547F",
    "A5A27E82B43A9A866A93D7ABE89CEF93",
    "71B3D0528669498777555A8BE6698E44",
    "881A7F77A2E04E5BEA985E342FD0B628",
    "BDC1C3871AFB0B340AA5B5CEFD08695E",
    "4A8E6B8C7DBEE6CBA6DC774F0CB83396",
    "8308BB857C17F390369F761F8EB358FA",
)
"""Of PIN 1234 and PAN at the counters 1 to 8 of the X9.24 test key (tests of openemv/dukpt)."""


def digits(text):
    return bytearray(int(digit) for digit in text)


def pin_keys(count):
    """The PIN keys of the counters from 1 on."""
    keys = dukpt.load(cipher, KEY_ID, INITIAL_KEY)
    for _ in range(count):
        keys, ksn, key = dukpt.advance(cipher, keys)
        yield dukpt.working_key(cipher, key, derivation.PIN, ksn)


def test_the_published_block_with_its_fill():
    key = next(pin_keys(1))
    fill = bytes.fromhex("2F69ADDE2E9E7ACE")
    assert pin.block(cipher(key), digits("1234"), PAN, fill).hex().upper() == BLOCKS[0]


def test_the_published_blocks_hold_the_pin_under_our_keys():
    for key, block in zip(pin_keys(8), BLOCKS, strict=True):
        assert decipher_pinblock_iso_4(key, bytes.fromhex(block), PAN.decode()) == "1234"


@given(
    st.text("0123456789", min_size=4, max_size=12),
    st.text("0123456789", min_size=12, max_size=19),
    st.binary(min_size=8, max_size=8),
    st.binary(min_size=16, max_size=16),
)
def test_psec_opens_every_block(typed, number, fill, key):
    for port in (cipher, aes.own):
        block = pin.block(port(key), digits(typed), number.encode(), fill)
        assert decipher_pinblock_iso_4(key, bytes(block), number) == typed


@pytest.mark.parametrize(
    "typed, number", [("123", PAN), ("1234567890123", PAN), ("1234", PAN[:11]), ("1234", PAN + b"1111")]
)
def test_other_lengths_are_refused(typed, number):
    with pytest.raises(ValueError, match="4 to 12"):
        pin.block(cipher(bytes(16)), digits(typed), number, bytes(8))
