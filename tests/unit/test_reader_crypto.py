"""The reader's cipher suite against FIPS 197, RFC 3610, RFC 4493, and pycryptodome on seeded inputs."""

import random
import sys
import types
from collections import Counter

import pytest
from Crypto.Cipher import AES
from Crypto.Hash import CMAC

from card_reader_fw.crypto import aes, ccm, cmac
from schemas.envelope import cose

FIPS_197 = [
    (
        "000102030405060708090a0b0c0d0e0f",
        "00112233445566778899aabbccddeeff",
        "69c4e0d86a7b0430d8cdb78070b4c55a",
    ),
    (
        "2b7e151628aed2a6abf7158809cf4f3c",
        "3243f6a8885a308d313198a2e0370734",
        "3925841d02dc09fbdc118597196a0b32",
    ),
]
RFC_4493_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
RFC_4493_TEXT = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
RFC_4493 = {
    0: "bb1d6929e95937287fa37d129b756746",
    16: "070a16b46b4d4144f79bdd9dd04a287c",
    40: "dfa66747de9ae63030ca32611497c827",
    64: "51f0bebf7e3b9d92fc49741779363cfe",
}
RFC_3610_KEY = bytes(range(0xC0, 0xD0))
# nonce, first and last byte of the counting text, header length, sealed (packet vectors 1 to 3, M = 8)
RFC_3610 = [
    ("00000003020100a0a1a2a3a4a5", 0x1F, 8, "588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0"),
    (
        "00000004030201a0a1a2a3a4a5",
        0x20,
        8,
        "72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3ba091d56e10400916",
    ),
    (
        "00000005040302a0a1a2a3a4a5",
        0x21,
        8,
        "51b1e5f44a197d1da46b0f8e2d282ae871e838bb64da8596574adaa76fbd9fb0c5",
    ),
]


def fast(key):
    return AES.new(key, AES.MODE_ECB).encrypt


@pytest.mark.parametrize("key, text, expected", FIPS_197)
def test_own_aes_fips_197(key, text, expected):
    assert aes.own(bytes.fromhex(key))(bytes.fromhex(text)).hex() == expected


def test_own_aes_agrees_with_the_library():
    chance = random.Random(197)
    for _ in range(200):
        key, block = chance.randbytes(16), chance.randbytes(16)
        assert aes.own(key)(block) == fast(key)(block)


@pytest.mark.parametrize("key, expected, text", FIPS_197)
def test_own_aes_backwards_fips_197(key, expected, text):
    assert aes.own_decrypt(bytes.fromhex(key))(bytes.fromhex(text)).hex() == expected


def test_own_aes_backwards_agrees_with_the_library():
    chance = random.Random(198)
    for _ in range(200):
        key, block = chance.randbytes(16), chance.randbytes(16)
        assert aes.own_decrypt(key)(block) == AES.new(key, AES.MODE_ECB).decrypt(block)
        assert aes.decipher(key)(aes.cipher(key)(block)) == block


def opcodes(work):
    """What the interpreter does in a call: how often each instruction of each function of ours runs."""
    done = Counter()

    def trace(frame, event, _):
        if "card_reader_fw" not in frame.f_code.co_filename:  # a callback of the garbage collector
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            done[frame.f_code.co_name, frame.f_lasti] += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return done


@pytest.mark.parametrize("direction", [aes.own, aes.own_decrypt])
def test_own_aes_does_the_same_whatever_key_and_block_are(direction):
    chance = random.Random(1)
    secrets = [(bytes(16), bytes(16)), (b"\xff" * 16, b"\xff" * 16)]
    secrets += [(chance.randbytes(16), chance.randbytes(16)) for _ in range(3)]
    runs = [opcodes(lambda key=key, block=block: direction(key)(block)) for key, block in secrets]
    assert all(run == runs[0] for run in runs)


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_own_aes_refuses_other_lengths(length):
    with pytest.raises(ValueError, match="16 bytes"):
        aes.own(bytes(length))
    with pytest.raises(ValueError, match="16 bytes"):
        aes.own(bytes(16))(bytes(length))


def test_the_chips_own_aes_is_taken_if_there_is_one(monkeypatch):
    chip = types.ModuleType("cryptolib")
    chip.aes = lambda key, mode: AES.new(key, {1: AES.MODE_ECB}[mode])
    monkeypatch.setitem(sys.modules, "cryptolib", chip)
    monkeypatch.delitem(sys.modules, "card_reader_fw.crypto.aes")
    import importlib

    fresh = importlib.import_module("card_reader_fw.crypto.aes")
    assert fresh.cipher(bytes(16))(bytes(16)) == fast(bytes(16))(bytes(16))
    assert fresh.cipher is not aes.cipher


def test_without_one_the_own_is_taken():
    assert aes.cipher(bytes(16))(bytes(16)) == fast(bytes(16))(bytes(16))


@pytest.mark.parametrize("length", RFC_4493)
@pytest.mark.parametrize("cipher", [aes.own, fast], ids=["own", "library"])
def test_cmac_rfc_4493(length, cipher):
    assert cmac.cmac(cipher(RFC_4493_KEY), RFC_4493_TEXT[:length]).hex() == RFC_4493[length]


def test_cmac_agrees_with_the_library_at_every_length():
    chance = random.Random(4493)
    for length in range(70):
        key, text = chance.randbytes(16), chance.randbytes(length)
        assert cmac.cmac(fast(key), text) == CMAC.new(key, text, ciphermod=AES).digest()


@pytest.mark.parametrize("nonce, end, header, sealed", RFC_3610)
def test_ccm_rfc_3610(nonce, end, header, sealed):
    packet = bytes(range(end))
    text = bytearray(packet[header:])
    ccm.seal(aes.own(RFC_3610_KEY), bytes.fromhex(nonce), packet[:header], text, 8)
    assert text.hex() == sealed
    opened = ccm.open_sealed(aes.own(RFC_3610_KEY), bytes.fromhex(nonce), packet[:header], text, 8)
    assert opened == packet[header:]


def test_ccm_agrees_with_the_library_at_every_length():
    chance = random.Random(3610)
    for length in range(80):
        key, nonce, aad, text = (chance.randbytes(n) for n in (16, 13, length % 40, length))
        sealed = bytearray(text)
        ccm.seal(fast(key), nonce, aad, sealed)
        sealer = AES.new(key, AES.MODE_CCM, nonce=nonce, mac_len=16)
        sealer.update(aad)
        assert bytes(sealed) == b"".join(sealer.encrypt_and_digest(text))
        assert ccm.open_sealed(fast(key), nonce, aad, bytes(sealed)) == text


def test_the_envelopes_cose_vector():
    ksn = bytes.fromhex("123456789012345600000001")
    key = bytes.fromhex("A35C412EFD41FDB98B69797C02DCD08F")
    text = bytearray(b";4111111111111111=27122010000012345678?")
    ccm.seal(aes.own(key), cose.nonce(ksn, 0), cose.enc_structure(b""), text)
    assert cose.pack(ksn, 0, bytes(text)).hex() == (
        "d08344a101181ea2044c123456789012345600000001054d1234567890123456000000010058373bae5274ebe1fecb47e74d7590dd"
        "4ca8532cec4d182df83451a23cacf48add89021154b94040b5264c20cfaaa10d7018784c26bb61b4f6"
    )


def test_every_flipped_bit_and_every_cut_is_noticed():
    block, nonce = fast(bytes(16)), bytes(13)
    sealed = bytearray(b"thirty-one bytes of some text..")
    ccm.seal(block, nonce, b"label", sealed)
    for bit in range(8 * len(sealed)):
        forged = bytearray(sealed)
        forged[bit // 8] ^= 1 << bit % 8
        assert ccm.open_sealed(block, nonce, b"label", forged) is None
    for length in range(len(sealed)):
        assert ccm.open_sealed(block, nonce, b"label", sealed[:length]) is None
    assert ccm.open_sealed(block, nonce, b"Label", sealed) is None
    assert ccm.open_sealed(block, bytes(12) + b"\x01", b"label", sealed) is None


def test_sealing_leaves_no_plaintext_in_the_buffer():
    text = bytearray(b"4111111111111111")
    ccm.seal(fast(bytes(16)), bytes(13), b"", text)
    assert b"4111" not in text


@pytest.mark.parametrize("nonce, length", [(12, 1), (14, 1), (13, 65536)])
def test_ccm_refuses_what_it_cannot_carry(nonce, length):
    with pytest.raises(ValueError, match="length"):
        ccm.seal(fast(bytes(16)), bytes(nonce), b"", bytearray(length))


@pytest.mark.parametrize("a, b, equal", [(b"ab", b"ab", True), (b"ab", b"aB", False), (b"ab", b"abc", False)])
def test_same(a, b, equal):
    assert ccm.same(a, b) is equal
