"""Derivation data of AES DUKPT (ANSI X9.24-3:2017 tables 2 and 3): what both ends encrypt."""

from schemas.errors import WireError

UPDATE = 0x0002
PIN = 0x1000
MAC_VERIFY = 0x2001
SEAL_SALE = 0x3000
SEAL_RESULT = 0x3001
KEY_DERIVATION = 0x8000
INITIAL = 0x8001

AES_128 = 0x0002

_VERSION = 1


def data(usage, ident, algorithm=AES_128, bits=128, block=1):
    """Key usage and 8 bytes -> the 16 bytes to encrypt under the parent key; the result is the derived key.

    ident: the initial key ID (usage INITIAL); else derivation ID 4 bytes and counter 4 bytes.
    algorithm, bits: of the derived key; block: counts its 16 bytes from 1. Readers use AES-128 alone.
    Raises WireError: derivation-length.
    """
    if len(ident) != 8:
        raise WireError("derivation-length", "ident")
    head = bytes([_VERSION, block])
    for number in (usage, algorithm, bits):
        head += number.to_bytes(2, "big")
    return head + ident
