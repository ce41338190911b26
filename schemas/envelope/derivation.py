"""Derivation data of AES-128 DUKPT (ANSI X9.24-3:2017 tables 2 and 3): what both ends encrypt."""

from schemas.errors import WireError

UPDATE = 0x0002
PIN = 0x1000
MAC_VERIFY = 0x2001
SEAL_SALE = 0x3000
SEAL_RESULT = 0x3001
KEY_DERIVATION = 0x8000
INITIAL = 0x8001

_VERSION, _BLOCK = 1, 1
_AES_128, _BITS = 0x0002, 0x0080


def data(usage, ident):
    """Key usage and 8 bytes -> the 16 bytes to encrypt under the parent key; the result is the derived key.

    ident: the initial key ID (usage INITIAL); else derivation ID 4 bytes and counter 4 bytes.
    Raises WireError: derivation-length.
    """
    if len(ident) != 8:
        raise WireError("derivation-length", "ident")
    head = bytes([_VERSION, _BLOCK])
    for number in (usage, _AES_128, _BITS):
        head += number.to_bytes(2, "big")
    return head + ident
