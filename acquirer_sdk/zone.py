"""Zone keys, which one acquirer and its centre share: what is done with them, in software."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NoReturn

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from cryptography.hazmat.primitives.cmac import CMAC

from acquirer_sdk.keyport import KeyFault

MAC_LENGTH: Final = 8
FILL_LENGTH: Final = 8
"""Random bytes that a PIN block of format 4 takes."""

_PIN_MIN, _PIN_MAX = 4, 12


class Algorithm(StrEnum):
    """By its letter in a key block (X9.143)."""

    AES = "A"
    TDES = "T"


_LENGTHS: Final = {Algorithm.AES: (16, 24, 32), Algorithm.TDES: (16, 24)}


@dataclass(frozen=True, slots=True, eq=False)
class ZoneKey:
    """An AES key of 16, 24 or 32 bytes, or a TDES key of 16 or 24. It cannot be printed or pickled.

    Raises KeyFault block-refused for another length.
    """

    algorithm: Algorithm
    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) not in _LENGTHS[self.algorithm]:
            raise KeyFault("block-refused")

    def __repr__(self) -> str:
        return f"ZoneKey({self.algorithm.name})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is never serialised")


def kcv(key: ZoneKey) -> str:
    """Key check value, 6 hex digits: AES-CMAC of zeros, or zeros under TDES (ANSI X9.24-1:2017 A)."""
    if key.algorithm is Algorithm.TDES:
        return _tdes(key.value, bytes(8))[:3].hex().upper()
    return cmac(key.value, bytes(16))[:3].hex().upper()


def mac(key: ZoneKey, message: bytes) -> bytes:
    """8 bytes: AES-CMAC (NIST SP 800-38B) cut short, or the retail MAC of X9.19 (ISO 9797-1, algorithm 3)."""
    if key.algorithm is Algorithm.AES:
        return cmac(key.value, message)[:MAC_LENGTH]
    padded = message.ljust(-(-max(len(message), 1) // 8) * 8, b"\0")
    left, right = key.value[:8], key.value[8:16]
    last = Cipher(TripleDES(left * 3), CBC(bytes(8))).encryptor().update(padded)[-8:]
    inner = Cipher(TripleDES(right * 3), ECB()).decryptor().update(last)
    return _tdes_single(left, inner)


def seal_pin(key: ZoneKey, pin: bytes | bytearray, pan: str, fill: bytes) -> bytes:
    """PIN in ASCII digits -> block of ISO 9564-1: format 4 under AES (fill: 8 random bytes), 0 under TDES.

    Raises KeyFault pin-broken for a PIN that has not 4 to 12 digits.
    """
    if not (_PIN_MIN <= len(pin) <= _PIN_MAX and pin.isdigit()):
        raise KeyFault("pin-broken")
    if key.algorithm is Algorithm.TDES:
        clear = xor(bytes.fromhex(f"0{len(pin):X}{pin.decode():F<14}"), _pan_field_0(pan))
        return _tdes(key.value, clear)
    clear = bytes.fromhex(f"4{len(pin):X}{pin.decode():A<14}") + fill
    return _aes(key.value, xor(_aes(key.value, clear), pan_field_4(pan)))


def open_pin(key: ZoneKey, block: bytes, pan: str) -> bytearray:
    """The reverse of `seal_pin`; -> ASCII digits, for the caller to wipe. Raises KeyFault pin-broken."""
    if len(block) != (8 if key.algorithm is Algorithm.TDES else 16):
        raise KeyFault("pin-broken")
    if key.algorithm is Algorithm.TDES:
        return digits_of(xor(_tdes_back(key.value, block), _pan_field_0(pan)), "0", "F")
    inner = xor(_aes_back(key.value, block), pan_field_4(pan))
    return digits_of(_aes_back(key.value, inner)[:8], "4", "A")


def digits_of(clear: bytes, form: str, fill: str) -> bytearray:
    """A clear PIN field of 8 bytes -> its digits. Raises KeyFault pin-broken."""
    text = clear.hex().upper()
    length = int(text[1], 16)
    pin, rest = text[2 : 2 + length], text[2 + length :]
    good = text[0] == form and _PIN_MIN <= length <= _PIN_MAX and pin.isdigit() and not rest.strip(fill)
    if not good:
        raise KeyFault("pin-broken")
    return bytearray(pin.encode())


def _pan_field_0(pan: str) -> bytes:
    """Twelve digits before the check digit (9.3.2)."""
    return bytes.fromhex(f"0000{pan[-13:-1]:0>12}")


def pan_field_4(pan: str) -> bytes:
    """All digits, their number less 12 in front (9.4.2.3)."""
    return bytes.fromhex(f"{max(len(pan) - 12, 0):X}{pan:0>12}".ljust(32, "0"))


def xor(one: bytes, other: bytes) -> bytes:
    """Two texts of one length, bit by bit. Raises ValueError."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC of 16 bytes (NIST SP 800-38B)."""
    made = CMAC(AES(key))
    made.update(message)
    return made.finalize()


def _aes(key: bytes, block: bytes) -> bytes:
    return Cipher(AES(key), ECB()).encryptor().update(block)


def _aes_back(key: bytes, block: bytes) -> bytes:
    return Cipher(AES(key), ECB()).decryptor().update(block)


def _tdes(key: bytes, block: bytes) -> bytes:
    return Cipher(TripleDES((key + key[:8])[:24]), ECB()).encryptor().update(block)


def _tdes_back(key: bytes, block: bytes) -> bytes:
    return Cipher(TripleDES((key + key[:8])[:24]), ECB()).decryptor().update(block)


def _tdes_single(key: bytes, block: bytes) -> bytes:
    return Cipher(TripleDES(key * 3), ECB()).encryptor().update(block)
