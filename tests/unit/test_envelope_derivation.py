"""Derivation data and check code against the published values of AES DUKPT (ANSI X9.24-3:2017)."""

from __future__ import annotations

import pytest
from Crypto.Cipher import AES

from schemas.envelope import checkcode, derivation

BDK = bytes.fromhex("FEDCBA9876543210F1F1F1F1F1F1F1F1")
KEY_ID = bytes.fromhex("1234567890123456")
COUNTER_1 = bytes.fromhex("9012345600000001")
TRANSACTION_KEY = "4f21b565bad9835e112b6465635eae44"


def child(parent: str, usage: int, ident: bytes) -> str:
    return AES.new(bytes.fromhex(parent), AES.MODE_ECB).encrypt(derivation.data(usage, ident)).hex()


@pytest.mark.parametrize(
    ("usage", "ident", "expected"),
    [
        (derivation.INITIAL, KEY_ID, "01018001000200801234567890123456"),
        (derivation.KEY_DERIVATION, COUNTER_1, "01018000000200809012345600000001"),
        (derivation.PIN, COUNTER_1, "01011000000200809012345600000001"),
    ],
)
def test_published_data(usage, ident, expected) -> None:
    assert derivation.data(usage, ident).hex() == expected


@pytest.mark.parametrize(
    ("usage", "key"),
    [
        (derivation.PIN, "af8cb133a78f8dc2d1359f18527593fb"),
        (derivation.MAC_VERIFY, "dbb463945b286c07cd3ad82ee96fd9c9"),
        (derivation.SEAL_SALE, "a35c412efd41fdb98b69797c02dcd08f"),
        (derivation.SEAL_RESULT, "16292c6ea8f64c5420a0584bfbc577be"),
        (derivation.UPDATE, "36a724b7befa5a25f5e7b5782a4554a2"),
    ],
)
def test_working_keys_of_counter_1(usage, key) -> None:
    assert child(TRANSACTION_KEY, usage, COUNTER_1) == key


def test_from_the_base_key_down() -> None:
    initial = child(BDK.hex(), derivation.INITIAL, KEY_ID)
    assert initial == "1273671ea26ac29afa4d1084127652a1"
    assert child(initial, derivation.KEY_DERIVATION, COUNTER_1) == TRANSACTION_KEY


def test_a_check_code_has_eight_digits_even_when_small() -> None:
    assert checkcode.digits(bytes(16)) == "00000000"
    assert checkcode.digits(bytes(7) + b"\x2a" + b"\xff" * 8) == "00000042"
    assert checkcode.digits(b"\xff" * 16) == "09551615"  # 2**64 - 1


def test_a_check_codes_message_separates_everything_it_says() -> None:
    ksn = KEY_ID + bytes([0, 0, 0, 1])
    said = [(1, 1, 1200), (1, 2, 1200), (2, 1, 1200), (1, 1, 1201), (1, 1, 1200 << 8)]
    assert len({checkcode.message(ksn, *words) for words in said}) == len(said)
    assert {len(checkcode.message(ksn, *words)) for words in said} == {22}
