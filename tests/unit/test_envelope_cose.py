"""COSE_Encrypt0: the example of the standard's own algorithm, independent oracles, and one shape only."""

from __future__ import annotations

import cbor2
import pytest
from Crypto.Cipher import AES
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import cose
from schemas.errors import WireError

KEY = bytes.fromhex("A35C412EFD41FDB98B69797C02DCD08F")
KSN = bytes.fromhex("123456789012345600000001")
PLAIN = b";4111111111111111=27122010000012345678?"
KNOWN = (
    "d08344a101181ea2044c123456789012345600000001054d1234567890123456000000010058373bae5274ebe1fecb47e74d7590dd"
    "4ca8532cec4d182df83451a23cacf48add89021154b94040b5264c20cfaaa10d7018784c26bb61b4f6"
)
KSNS = st.binary(min_size=12, max_size=12)


def ccm(index: int, aad: bytes):
    cipher = AES.new(KEY, AES.MODE_CCM, nonce=cose.nonce(KSN, index), mac_len=cose.TAG_LENGTH)
    cipher.update(cose.enc_structure(aad))
    return cipher


def test_known_answer() -> None:
    sealed = b"".join(ccm(0, b"").encrypt_and_digest(PLAIN))
    assert cose.pack(KSN, 0, sealed).hex() == KNOWN
    ksn, index, ciphertext = cose.unpack(bytes.fromhex(KNOWN))
    assert (ksn, index) == (KSN, 0)
    assert ccm(0, b"").decrypt_and_verify(ciphertext[:-16], ciphertext[-16:]) == PLAIN


def test_another_library_reads_the_same_structure() -> None:
    tag = cbor2.loads(bytes.fromhex(KNOWN))
    protected, unprotected, _ = tag.value
    assert tag.tag == 16
    assert cbor2.loads(protected) == {1: 30}
    assert dict(unprotected) == {4: KSN, 5: KSN + b"\x00"}
    assert cbor2.loads(cose.enc_structure(cose.AAD_SALE)) == ["Encrypt0", protected, cose.AAD_SALE]


def test_a_seal_is_bound_to_its_direction() -> None:
    body, tag = ccm(0, cose.AAD_SALE).encrypt_and_digest(PLAIN)
    with pytest.raises(ValueError, match="MAC"):
        ccm(0, cose.AAD_RESULT).decrypt_and_verify(body, tag)


@given(KSNS, st.integers(0, 255), st.binary(min_size=17, max_size=600))
def test_pack_and_unpack(ksn, index, ciphertext) -> None:
    assert cose.unpack(cose.pack(ksn, index, ciphertext)) == (ksn, index, ciphertext)


@given(st.integers(0, len(KNOWN) // 2 - 1), st.integers(0, 255))
def test_no_change_of_one_byte_gives_a_second_form(place, byte) -> None:
    data = bytearray.fromhex(KNOWN)
    data[place] = byte
    try:
        parts = cose.unpack(bytes(data))
    except WireError:
        return
    assert cose.pack(*parts) == bytes(data)


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        ((KSN[:-1], 0, b"x" * 17), "cose-ksn"),
        ((KSN, 256, b"x" * 17), "cose-nonce"),
        ((KSN, -1, b"x" * 17), "cose-nonce"),
        ((KSN, 0, b"x" * 16), "cose-ciphertext"),
    ],
)
def test_what_cannot_be_packed(arguments, slug) -> None:
    with pytest.raises(WireError) as caught:
        cose.pack(*arguments)
    assert caught.value.slug == slug
