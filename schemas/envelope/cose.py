"""COSE_Encrypt0 (RFC 9052 section 5.2), AES-CCM-16-128-128 (RFC 9053 section 4.2), in exactly one shape."""

from schemas.envelope import cbor
from schemas.errors import WireError

KSN_LENGTH = 12
TAG_LENGTH = 16
"""Bytes of authentication tag at the end of every ciphertext."""
AAD_SALE = b"hagaki envelope 1 reader to centre"
AAD_RESULT = b"hagaki envelope 1 centre to reader"

_ENCRYPT0 = 16
_ALG, _KID, _IV = 1, 4, 5
_PROTECTED = cbor.encode({_ALG: 30})


def nonce(ksn, index):
    """KSN (12 bytes) and index (0 a sale, 1..255 the result's version) -> 13 bytes of nonce.

    Raises WireError: cose-ksn, cose-nonce.
    """
    if type(ksn) is not bytes or len(ksn) != KSN_LENGTH:
        raise WireError("cose-ksn", "cose.unprotected.4")
    if not 0 <= index <= 255:
        raise WireError("cose-nonce", "cose.unprotected.5")
    return ksn + bytes([index])


def enc_structure(aad):
    """External AAD -> the bytes that CCM authenticates beside the plaintext (RFC 9052 section 5.3)."""
    return cbor.encode(["Encrypt0", _PROTECTED, aad])


def pack(ksn, index, ciphertext):
    """KSN, index and ciphertext with its tag -> the tagged COSE_Encrypt0.

    Raises WireError: cose-ksn, cose-nonce, cose-ciphertext.
    """
    unprotected = {_KID: ksn, _IV: nonce(ksn, index)}
    if type(ciphertext) is not bytes or len(ciphertext) <= TAG_LENGTH:
        raise WireError("cose-ciphertext", "cose.ciphertext")
    return cbor.encode(cbor.Tag(_ENCRYPT0, [_PROTECTED, unprotected, ciphertext]))


def unpack(data):
    """A tagged COSE_Encrypt0 -> (ksn, index, ciphertext with its tag). Nothing is authentic yet.

    Raises WireError: cbor-* (where = offset), cose-tag, cose-shape, cose-protected, cose-unprotected,
    cose-ksn, cose-nonce, cose-ciphertext (where = field path).
    """
    message = cbor.decode(data)
    if type(message) is not cbor.Tag or message.number != _ENCRYPT0:
        raise WireError("cose-tag", "cose")
    if type(message.value) is not list or len(message.value) != 3:
        raise WireError("cose-shape", "cose")
    protected, unprotected, ciphertext = message.value
    if protected != _PROTECTED:
        raise WireError("cose-protected", "cose.protected")
    if type(unprotected) is not dict or sorted(unprotected) != [_KID, _IV]:
        raise WireError("cose-unprotected", "cose.unprotected")
    ksn, iv = unprotected[_KID], unprotected[_IV]
    stem = nonce(ksn, 0)[:-1]
    if type(iv) is not bytes or len(iv) != KSN_LENGTH + 1 or iv[:-1] != stem:
        raise WireError("cose-nonce", "cose.unprotected.5")
    if type(ciphertext) is not bytes or len(ciphertext) <= TAG_LENGTH:
        raise WireError("cose-ciphertext", "cose.ciphertext")
    return ksn, iv[-1], ciphertext
