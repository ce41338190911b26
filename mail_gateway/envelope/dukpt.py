"""AES DUKPT, receiving side (ANSI X9.24-3:2017 6.1 to 6.3): from the BDK to one sale's keys."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from Crypto.Cipher import AES

from schemas.envelope import derivation

KSN_LENGTH: Final = 12
KEY_ID_LENGTH: Final = 8
_AES: Final = {16: 2, 24: 3, 32: 4}
_HMAC: Final = 5


class Usage(IntEnum):
    """Key usages of table 2, seen from the reader: it encrypts sales under DATA_ENCRYPTION."""

    KEY_ENCRYPTION = 0x0002
    PIN = 0x1000
    MAC_GENERATION = 0x2000
    MAC_VERIFICATION = 0x2001
    MAC_BOTH = 0x2002
    DATA_ENCRYPTION = 0x3000
    DATA_DECRYPTION = 0x3001
    DATA_BOTH = 0x3002
    KEY_DERIVATION = 0x8000
    INITIAL_KEY = 0x8001


def derivation_data(
    usage: Usage, ident: bytes, *, length: int = 16, block: int = 1, hmac: bool = False
) -> bytes:
    """The block that is encrypted to derive a key of `length` bytes; ident is its last half (table 3).

    hmac: the key is for an HMAC, else for AES.
    """
    algorithm = _HMAC if hmac else _AES[length]
    return bytes(derivation.data(usage, ident, algorithm, length * 8, block))


def initial_key(bdk: bytes, key_id: bytes) -> bytes:
    """BDK (16 or 32 bytes) and 8-byte initial key ID -> the reader's initial key, as long as the BDK."""
    return _derive(bdk, Usage.INITIAL_KEY, key_id, len(bdk))


def transaction_key(bdk: bytes, ksn: bytes) -> bytes:
    """BDK and 12-byte KSN -> the key that only this sale's working keys come from."""
    key_id, derivation_id, counter = ksn[:8], ksn[4:8], int.from_bytes(ksn[8:], "big")
    key, so_far = initial_key(bdk, key_id), 0
    for bit in reversed(range(32)):
        if counter >> bit & 1:
            so_far |= 1 << bit
            ident = derivation_id + so_far.to_bytes(4, "big")
            key = _derive(key, Usage.KEY_DERIVATION, ident, len(bdk))
    return key


def working_key(bdk: bytes, ksn: bytes, usage: Usage, *, length: int = 16, hmac: bool = False) -> bytes:
    """BDK and KSN -> the working key of that usage. ValueError: stronger than the BDK (6.1.3)."""
    if length > len(bdk):
        raise ValueError("a working key is never stronger than the key it comes from")
    return _derive(transaction_key(bdk, ksn), usage, ksn[4:], length, hmac=hmac)


def _derive(parent: bytes, usage: Usage, ident: bytes, length: int, *, hmac: bool = False) -> bytes:
    blocks = range(1, (length + 15) // 16 + 1)
    data = b"".join(derivation_data(usage, ident, length=length, block=block, hmac=hmac) for block in blocks)
    return AES.new(parent, AES.MODE_ECB).encrypt(data)[:length]
