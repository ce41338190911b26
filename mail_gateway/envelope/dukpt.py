"""AES DUKPT, receiving side (ANSI X9.24-3:2017 6.1 to 6.3): from the BDK to one sale's keys."""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from math import comb
from typing import Final, NoReturn

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from schemas.envelope import derivation

KSN_LENGTH: Final = 12
KEY_ID_LENGTH: Final = 8
COUNTER_LAST: Final = 0xFFFF0000
COUNTER_UPDATE: Final = 0xFFFFFFFF
COUNTER_NEAR_END: Final = 0xFFF00000
"""From here on a reader asks for new keys: 6,196 sales are left."""
ONES_MAX: Final = 16
KEPT_MAX: Final = 8192
"""Inner keys of a tree in memory, the latest used ones."""

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


def left(counter: int) -> int:
    """How many sales a reader has left whose next counter this is; 0 after the last (6.5).

    Those are the counters from this one on with at most 16 ones: itself, and for each of its zeros that
    becomes a one, whatever may stand below that.
    """
    if not 0 < counter <= COUNTER_LAST:
        return 0
    total, above = 1, counter.bit_count()
    for bit in range(32):
        if counter >> bit & 1:
            above -= 1
        else:
            total += sum(comb(bit, ones) for ones in range(ONES_MAX - above))
    return total


class Tree:
    """All keys under one BDK (16 or 32 bytes).

    The inner keys used last are kept: a sale's key is derived once and not for each use, and the next sale's
    from near by. Each is as secret as the BDK, which is in the same memory for as long; none is written.
    """

    __slots__ = ("_bdk", "transaction_key")

    def __init__(self, bdk: bytes) -> None:
        self._bdk = bdk
        self.transaction_key = lru_cache(KEPT_MAX)(self._transaction_key)
        """12-byte KSN -> the key that only this sale's working keys come from."""

    def __repr__(self) -> str:
        return "Tree(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are never serialised")

    def working_key(self, ksn: bytes, usage: Usage, *, length: int = 16, hmac: bool = False) -> bytes:
        """KSN -> the working key of that usage. ValueError: stronger than the BDK (6.1.3)."""
        if length > len(self._bdk):
            raise ValueError("a working key is never stronger than the key it comes from")
        return _derive(self.transaction_key(ksn), usage, ksn[4:], length, hmac=hmac)

    def update_key(self, key_id: bytes) -> bytes:
        """8-byte initial key ID -> what that reader's next key block is wrapped under (6.5)."""
        return self.working_key(key_id + COUNTER_UPDATE.to_bytes(4, "big"), Usage.KEY_ENCRYPTION)

    def _transaction_key(self, ksn: bytes) -> bytes:
        """One step down from the key of the counter without its lowest bit; counter 0 is the initial key."""
        counter = int.from_bytes(ksn[8:], "big")
        if not counter:
            return initial_key(self._bdk, ksn[:8])
        above = self.transaction_key(ksn[:8] + (counter & (counter - 1)).to_bytes(4, "big"))
        return _derive(above, Usage.KEY_DERIVATION, ksn[4:], len(self._bdk))


def _derive(parent: bytes, usage: Usage, ident: bytes, length: int, *, hmac: bool = False) -> bytes:
    blocks = range(1, (length + 15) // 16 + 1)
    data = b"".join(derivation_data(usage, ident, length=length, block=block, hmac=hmac) for block in blocks)
    return Cipher(AES(parent), ECB()).encryptor().update(data)[:length]
