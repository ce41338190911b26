"""Key blocks of X9.143 (TR-31) version D: a zone key on its way, wrapped under a master key of AES."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from acquirer_sdk.keyport import KeyFault
from acquirer_sdk.zone import Algorithm, ZoneKey, cmac

HEAD_LENGTH: Final = 16
LENGTH_MAX: Final = 1024
_MAC_LENGTH: Final = 16
_ENCRYPTION, _AUTHENTICATION = 0, 1
_DERIVED: Final = {16: 0x0002, 24: 0x0003, 32: 0x0004}
"""Key length -> algorithm of the derivation data, table of X9.143 for version D."""

_MODES: Final = {"P0": "B", "M3": "C", "M6": "C"}


Cmac = Callable[[bytes], bytes]
"""A message -> its AES-CMAC of 16 bytes under a key that stays where it is."""


class _Master(NamedTuple):
    cmac: Cmac
    length: int


class Usage(StrEnum):
    """What a key is for, as the block's head says it."""

    PIN = "P0"
    MAC_X919 = "M3"
    MAC_CMAC = "M6"


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A key and what it is for."""

    usage: Usage
    key: ZoneKey


def wrap(master: bytes, usage: Usage, key: ZoneKey, filler: bytes) -> str:
    """Master key (16, 24 or 32 bytes) and a key -> the block. filler: at least 16 random bytes.

    The key cannot be exported again (N), and is used both ways (PIN) or to make and check (MAC).
    """
    data = (len(key.value) * 8).to_bytes(2, "big") + key.value
    data += filler[: -len(data) % 16]
    length = HEAD_LENGTH + 2 * len(data) + 2 * _MAC_LENGTH
    head = f"D{length:04d}{usage.value}{key.algorithm.value}{_MODES[usage]}00N0000"
    protection = _Master(lambda message: cmac(master, message), len(master))
    mac = cmac(_derive(protection, _AUTHENTICATION), head.encode() + data)
    sealed = Cipher(AES(_derive(protection, _ENCRYPTION)), CBC(mac)).encryptor().update(data)
    return head + (sealed + mac).hex().upper()


def unwrap(master: bytes, block: str) -> Unwrapped:
    """The reverse. Raises KeyFault block-refused: of another form or use, or not under this master key."""
    return unwrap_with(lambda data: cmac(master, data), block, len(master))


def unwrap_with(cmac: Cmac, block: str, length: int = 16) -> Unwrapped:
    """The same with a master key of `length` bytes that only makes CMACs, such as one in a device."""
    try:
        return _unwrapped(_Master(cmac, length), block)
    except (ValueError, IndexError, KeyError):
        raise KeyFault("block-refused") from None


def _unwrapped(master: _Master, block: str) -> Unwrapped:
    if len(block) > LENGTH_MAX or block[0] != "D" or int(block[1:5]) != len(block):
        raise ValueError
    at = _after_options(block)
    body = bytes.fromhex(block[at:])
    sealed, mac = body[:-_MAC_LENGTH], body[-_MAC_LENGTH:]
    data = Cipher(AES(_derive(master, _ENCRYPTION)), CBC(mac)).decryptor().update(sealed)
    if not hmac.compare_digest(mac, cmac(_derive(master, _AUTHENTICATION), block[:at].encode() + data)):
        raise ValueError
    bits = int.from_bytes(data[:2], "big")
    if bits % 8 or len(data) < 2 + bits // 8:
        raise ValueError
    return Unwrapped(Usage(block[5:7]), ZoneKey(Algorithm(block[7]), data[2 : 2 + bits // 8]))


def _after_options(block: str) -> int:
    """Where the sealed data begin: optional blocks say their own length."""
    at = HEAD_LENGTH
    for _ in range(int(block[12:14])):
        length = int(block[at + 2 : at + 4], 16)
        if length < 4:
            raise ValueError
        at += length
    return at


def _derive(master: _Master, purpose: int) -> bytes:
    algorithm = _DERIVED[master.length].to_bytes(2, "big") + (master.length * 8).to_bytes(2, "big")
    made = b"".join(
        master.cmac(bytes((counter, 0, purpose, 0)) + algorithm)
        for counter in range(1, -(-master.length // 16) + 1)
    )
    return made[: master.length]
