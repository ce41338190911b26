"""The gateway's keys: one root, one key per purpose, and the base derivation keys wrapped under theirs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from Crypto.Cipher import AES
from Crypto.Hash import CMAC, SHA256
from Crypto.Protocol.KDF import HKDF

from mail_gateway.domain.errors import Disposition, GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable

_NONCE: Final = 12
_TAG: Final = 16
BDK_ID_LENGTH: Final = 4


class Purpose(StrEnum):
    """One key per purpose, so that what is wrapped for one can never pass for the other."""

    BDK = "bdk"
    REVERSAL = "reversal"
    REPLY_TOKEN = "reply-token"
    BOUNCE_TOKEN = "bounce-token"


class KeyRing:
    """All keys of a running gateway. It cannot be printed, compared or pickled."""

    __slots__ = ("_bdks", "_purposes", "_random_bytes")

    def __init__(self, root: bytes, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._purposes = {purpose: _purpose_key(root, purpose) for purpose in Purpose}
        self._bdks: dict[bytes, bytes] = {}

    def __repr__(self) -> str:
        return "KeyRing(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are never serialised")

    def token_key(self, purpose: Purpose) -> bytes:
        """The 32-byte key of REPLY_TOKEN or BOUNCE_TOKEN."""
        return self._purposes[purpose]

    def wrap(self, purpose: Purpose, ident: bytes, secret: bytes) -> bytes:
        """AES-256-GCM, purpose and ident authenticated. -> nonce ‖ ciphertext ‖ tag."""
        nonce = self._random_bytes(_NONCE)
        sealed, tag = self._cipher(purpose, ident, nonce).encrypt_and_digest(secret)
        return cast("bytes", nonce + sealed + tag)

    def unwrap(self, purpose: Purpose, ident: bytes, wrapped: bytes) -> bytes:
        """The reverse of wrap. Raises GatewayError if it was wrapped elsewhere or for another use."""
        cipher = self._cipher(purpose, ident, wrapped[:_NONCE])
        try:
            opened = cipher.decrypt_and_verify(wrapped[_NONCE:-_TAG], wrapped[-_TAG:])
        except ValueError:
            sentence = "A key does not open under this root key."
            raise GatewayError(sentence, "root-key-wrong", Disposition.REFUSE, purpose.value) from None
        return cast("bytes", opened)

    def add_bdk(self, bdk_id: bytes, wrapped: bytes) -> None:
        """Take a wrapped base derivation key in; again is no work. Raises GatewayError."""
        if bdk_id not in self._bdks:
            self._bdks[bdk_id] = self.unwrap(Purpose.BDK, bdk_id, wrapped)

    def bdk(self, bdk_id: bytes) -> bytes | None:
        """The base derivation key of that 4-byte ID, None if it was never added."""
        return self._bdks.get(bdk_id)

    def _cipher(self, purpose: Purpose, ident: bytes, nonce: bytes) -> Any:
        cipher = AES.new(self._purposes[purpose], AES.MODE_GCM, nonce=nonce, mac_len=_TAG)
        cipher.update(purpose.encode() + b"\0" + ident)
        return cipher


def kcv(key: bytes) -> str:
    """Key check value: first three bytes of AES-CMAC over a zero block (ANSI X9.24-1:2017 A)."""
    return CMAC.new(key, bytes(16), AES).digest()[:3].hex().upper()


def _purpose_key(root: bytes, purpose: Purpose) -> bytes:
    return HKDF(root, 32, b"", SHA256, context=b"hagaki/1 " + purpose.encode())
