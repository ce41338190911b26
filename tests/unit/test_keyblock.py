"""Key blocks: the gateway wraps, the reader opens, psec agrees with both; anything else opens nothing."""

import random
import warnings
from pathlib import Path

import pytest
from Crypto.Cipher import AES

from card_reader_fw.crypto import aes, tr31
from mail_gateway.envelope import keyblock
from mail_gateway.envelope.keys import kcv
from schemas.errors import WireError
from schemas.keyblock import layout

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from psec import tr31 as oracle

PROTECTION = bytes.fromhex("89E88CF7931444F334BD7547FC3F380C")
KEY_ID = bytes.fromhex("1234567890123456")
KEY = bytes.fromhex("1273671EA26AC29AFA4D1084127652A1")


def wrapped(seed=1, protection=PROTECTION, key_id=KEY_ID, key=KEY):
    return keyblock.wrap(protection, key_id, key, random.Random(seed).randbytes)


def opened(block, protection=PROTECTION, cipher=aes.own, decipher=aes.own_decrypt):
    return bytes(tr31.unwrap(cipher, decipher, protection, layout.parse(block)))


def test_what_the_gateway_wraps_an_independent_implementation_opens():
    for seed in range(50):
        chance = random.Random(seed)
        protection, key_id, key = (chance.randbytes(length) for length in (16, 8, 16))
        header, found = oracle.unwrap(protection, wrapped(seed, protection, key_id, key))
        assert found == key
        assert (header.version_id, header.key_usage, header.algorithm) == ("D", "B1", "A")
        assert (header.mode_of_use, header.exportability) == ("X", "N")
        assert header.blocks["IK"] == key_id.hex().upper()


def test_what_an_independent_implementation_wraps_the_reader_opens():
    for seed in range(50):
        chance = random.Random(seed)
        protection, key_id, key = (chance.randbytes(length) for length in (16, 8, 16))
        header = oracle.Header("D", "B1", "A", "X", "00", "N")
        header.blocks["IK"] = key_id.hex().upper()
        block = oracle.wrap(protection, header, key, masked_key_len=16)
        assert opened(block, protection) == key
        assert layout.parse(block).key_id == key_id


@pytest.mark.parametrize("chip", [False, True], ids=["own", "library"])
def test_the_reader_opens_what_the_gateway_wraps(chip):
    ciphers = (
        (lambda key: AES.new(key, AES.MODE_ECB).encrypt, lambda key: AES.new(key, AES.MODE_ECB).decrypt)
        if chip
        else (aes.own, aes.own_decrypt)
    )
    assert opened(wrapped(), PROTECTION, *ciphers) == KEY


def test_check_values_agree():
    for seed in range(20):
        key = random.Random(seed).randbytes(16)
        assert tr31.check_value(aes.own, key) == kcv(key)


def test_another_protection_key_opens_nothing():
    with pytest.raises(WireError, match="keyblock-mac"):
        opened(wrapped(), bytes(16))


def test_any_change_opens_nothing():
    block = wrapped()
    for place, letter in enumerate(block):
        for other in "0F1AN":
            if other == letter:
                continue
            with pytest.raises(WireError, match="keyblock-"):
                opened(block[:place] + other + block[place + 1 :])


@pytest.mark.parametrize("length", [0, 1, 16, 143])
def test_a_cut_block_is_none(length):
    with pytest.raises(WireError, match="keyblock-length"):
        layout.parse(wrapped()[:length])


@pytest.mark.parametrize(
    ("field", "at", "letters"),
    [
        ("version B", 0, "B"),
        ("usage: PIN key", 5, "P0"),
        ("algorithm: TDES", 7, "T"),
        ("mode: encrypt", 8, "E"),
        ("exportable", 11, "E"),
        ("a key set instead of the key's ID", 16, "KS"),
    ],
)
def test_a_block_for_another_use_is_not_taken(field, at, letters):
    block = wrapped()
    with pytest.raises(WireError, match="keyblock-head"):
        layout.parse(block[:at] + letters + block[at + len(letters) :])


def test_a_key_of_another_length_is_not_taken():
    protect = PROTECTION
    header = oracle.Header("D", "B1", "A", "X", "00", "N")
    header.blocks["IK"] = KEY_ID.hex().upper()
    block = oracle.wrap(protect, header, KEY[:8], masked_key_len=16)
    with pytest.raises(WireError, match="keyblock-"):
        opened(block)


def test_two_wraps_of_one_key_are_different():
    assert wrapped(1)[48:] != wrapped(2)[48:]


def test_the_example_of_the_paper():
    paper = (Path(layout.__file__).parent / "SPEC.md").read_text()
    block = keyblock.wrap(PROTECTION, KEY_ID, KEY, bytes)
    assert f"\n{block}\n" in paper
    assert f"(KCV `{kcv(KEY)}`)" in paper
    for line in (layout.ENCRYPTION, layout.AUTHENTICATION):
        message = layout.derivation(line).hex()
        assert f"`{message[:2]} {message[2:6]} {message[6:8]} {message[8:12]} {message[12:]}`" in paper
