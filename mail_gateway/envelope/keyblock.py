"""Wrapping an initial key for one reader: a key block of X9.143 version D (TR-31)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC

from schemas.keyblock import layout

if TYPE_CHECKING:
    from collections.abc import Callable


def wrap(protection: bytes, key_id: bytes, key: bytes, random_bytes: Callable[[int], bytes]) -> str:
    """Protection key and initial key (16 bytes each), its ID (8 bytes) -> the block, 144 characters.

    Raises WireError for other lengths.
    """
    head = layout.head(key_id, random_bytes(4))
    data = layout.key_data(key, random_bytes(layout.FILLER_LENGTH))
    encryption = _cmac(protection, layout.derivation(layout.ENCRYPTION))
    authentication = _cmac(protection, layout.derivation(layout.AUTHENTICATION))
    mac = _cmac(authentication, head + data)
    sealed = Cipher(AES(encryption), CBC(mac)).encryptor().update(data)
    return str(layout.text(layout.Parts(head, key_id, sealed, mac)))


def _cmac(key: bytes, message: bytes) -> bytes:
    mac = CMAC(AES(key))
    mac.update(message)
    return mac.finalize()
