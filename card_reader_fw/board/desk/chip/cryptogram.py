"""Application cryptograms as a card makes them and its issuer checks them: CVN 10 and CVN 18 (EMV Book 2)."""

from __future__ import annotations

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

CVN_10, CVN_18 = 10, 18
BLOCK = 8


def card_key(master_key: bytes, pan: str, sequence: str) -> bytes:
    """Issuer's master key (16 bytes), card number, card sequence number (2 digits) -> the card's own key.

    Option A (Book 2 annex A1.4.1), for card numbers of at most 16 digits.
    """
    left = bytes.fromhex((pan + sequence)[-16:].rjust(16, "0"))
    right = bytes(byte ^ 0xFF for byte in left)
    return _odd(_tdes(master_key, left + right))


def session_key(key: bytes, counter: int) -> bytes:
    """The card's key and its transaction counter -> the common session key (Book 2 annex A1.3.1)."""
    left = counter.to_bytes(2, "big") + b"\xf0" + bytes(5)
    right = counter.to_bytes(2, "big") + b"\x0f" + bytes(5)
    return _odd(_tdes(key, left + right))


def cryptogram(key: bytes, version: int, counter: int, data: bytes, issuer_data: bytes) -> bytes:
    """The card's key, cryptogram version, transaction counter -> cryptogram, 8 bytes.

    data: CDOL1's values, then AIP and the counter; issuer_data: 9F10, of which CVN 10 takes the card's
    verification results only and CVN 18 all. Raises ValueError for another version.
    """
    if version == CVN_10:
        return mac(key, _padded(data + issuer_data[3:7], b""))
    if version == CVN_18:
        return mac(session_key(key, counter), _padded(data + issuer_data, b"\x80"))
    raise ValueError("only cryptogram versions 10 and 18")


def mac(key: bytes, padded: bytes) -> bytes:
    """ISO/IEC 9797-1 algorithm 3 over whole blocks -> 8 bytes."""
    single = Cipher(TripleDES(key[:8] * 3), CBC(bytes(BLOCK))).encryptor()
    *_, last = (single.update(padded[at : at + BLOCK]) for at in range(0, len(padded), BLOCK))
    undone = Cipher(TripleDES(key[8:] * 3), ECB()).decryptor().update(last)
    return Cipher(TripleDES(key[:8] * 3), ECB()).encryptor().update(undone)


def _padded(data: bytes, mark: bytes) -> bytes:
    marked = data + mark
    return marked + bytes(-len(marked) % BLOCK)


def _tdes(key: bytes, data: bytes) -> bytes:
    return Cipher(TripleDES(key + key[:8]), ECB()).encryptor().update(data)


def _odd(key: bytes) -> bytes:
    """DES keys carry odd parity in each byte's last bit."""
    return bytes(byte & 0xFE | (bin(byte >> 1).count("1") + 1) % 2 for byte in key)
