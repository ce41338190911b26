"""Zone keys in software: PIN blocks, MACs and key blocks as an independent library makes them."""

from __future__ import annotations

import warnings

import pytest

from acquirer_sdk import keyblock, zone
from acquirer_sdk.keyblock import Usage
from acquirer_sdk.keyport import KeyFault
from acquirer_sdk.zone import Algorithm, ZoneKey

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from psec import mac as psec_mac
    from psec import pinblock, tr31

AES_KEY = ZoneKey(Algorithm.AES, bytes(range(16)))
TDES_KEY = ZoneKey(Algorithm.TDES, bytes(range(1, 17)))
PAN = "4111111111111111"
quietly = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("key", [AES_KEY, TDES_KEY], ids=["aes", "tdes"])
@pytest.mark.parametrize("pin", [b"1234", b"123456789012", b"0000"])
@pytest.mark.parametrize("pan", [PAN, "4012345678909", "6212345678901234567"])
def test_a_pin_comes_out_as_it_went_in(key: ZoneKey, pin: bytes, pan: str) -> None:
    assert zone.open_pin(key, zone.seal_pin(key, pin, pan, b"\x5a" * 8), pan) == pin


@quietly
def test_pin_blocks_are_those_of_another_library() -> None:
    four = zone.seal_pin(AES_KEY, b"1234", PAN, b"\x5a" * 8)
    assert pinblock.decipher_pinblock_iso_4(AES_KEY.value, four, PAN) == "1234"
    clear = zone.seal_pin(TDES_KEY, b"1234", "4012345678909", b"")
    assert zone._tdes_back(TDES_KEY.value, clear).hex().upper() == "041274EDCBA9876F"


def test_a_pin_under_another_card_or_key_is_no_pin() -> None:
    block = zone.seal_pin(AES_KEY, b"1234", PAN, b"\x5a" * 8)
    for key, wrong, pan in [
        (AES_KEY, block, "5454545454545454"),
        (ZoneKey(Algorithm.AES, bytes(16)), block, PAN),
        (AES_KEY, block[:-1], PAN),
        (TDES_KEY, block, PAN),
    ]:
        with pytest.raises(KeyFault, match="pin-broken"):
            zone.open_pin(key, wrong, pan)
    for pin in (b"123", b"1234567890123", b"12a4", b""):
        with pytest.raises(KeyFault, match="pin-broken"):
            zone.seal_pin(AES_KEY, pin, PAN, bytes(8))


@quietly
@pytest.mark.parametrize("length", [0, 1, 8, 9, 64, 300])
def test_the_retail_mac_is_that_of_another_library(length: int) -> None:
    message = bytes(index % 251 for index in range(length))
    left, right = TDES_KEY.value[:8], TDES_KEY.value[8:]
    wanted = psec_mac.generate_retail_mac(left, right, message or bytes(8), 1)
    assert zone.mac(TDES_KEY, message) == wanted[:8]


def test_the_other_mac_is_the_standard_s() -> None:
    key = ZoneKey(Algorithm.AES, bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"))  # SP 800-38B, D.1
    assert zone.mac(key, b"").hex() == "bb1d6929e9593728"


@quietly
@pytest.mark.parametrize("master", [bytes(range(16)), bytes(range(24)), bytes(range(32))])
@pytest.mark.parametrize("key", [AES_KEY, TDES_KEY], ids=["aes", "tdes"])
@pytest.mark.parametrize("usage", list(Usage))
def test_key_blocks_go_both_ways_with_another_library(master: bytes, key: ZoneKey, usage: Usage) -> None:
    head, value = tr31.unwrap(master, keyblock.wrap(master, usage, key, b"\x77" * 16))
    assert (head.key_usage, head.algorithm, value) == (usage.value, key.algorithm.value, key.value)
    theirs = tr31.Header("D", usage.value, key.algorithm.value, head.mode_of_use, "00", "N")
    theirs.blocks["KS"] = "00604B120F9292800000"
    got = keyblock.unwrap(master, tr31.wrap(master, theirs, key.value))
    assert (got.usage, got.key.algorithm, got.key.value) == (usage, key.algorithm, key.value)


def test_a_changed_block_is_refused_whole() -> None:
    master = bytes(range(16))
    block = keyblock.wrap(master, Usage.PIN, AES_KEY, b"\x77" * 16)
    changed = {block[:at] + letter + block[at + 1 :] for at in range(len(block)) for letter in "0AZ"}
    cut = {"", "D", block[:-1], block + "0", "é" * 20, "D99990" * 300}
    for wrong in (changed | cut) - {block}:
        with pytest.raises(KeyFault, match="block-refused"):
            keyblock.unwrap(master, wrong)


def test_a_key_cannot_be_shown() -> None:
    assert repr(AES_KEY) == "ZoneKey(AES)"
    assert zone.kcv(TDES_KEY) == zone._tdes(TDES_KEY.value, bytes(8))[:3].hex().upper()
