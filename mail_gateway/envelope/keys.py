"""The gateway's keys: one root, one key per purpose, and the base derivation keys wrapped under theirs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.envelope.dukpt import Tree

if TYPE_CHECKING:
    from collections.abc import Callable

_NONCE: Final = 12
BDK_ID_LENGTH: Final = 4


class Purpose(StrEnum):
    """One key per purpose, so that what is wrapped for one can never pass for the other."""

    BDK = "bdk"
    COMPONENT = "component"
    TRANSPORT = "transport"
    ZONE = "zone"
    REVERSAL = "reversal"
    MEANS = "means"
    CUSTOMER = "customer"
    HOOK = "hook"
    DKIM = "dkim"
    REPLY_TOKEN = "reply-token"
    BOUNCE_TOKEN = "bounce-token"


class KeyRing:
    """All keys of a running gateway. It cannot be printed, compared or pickled."""

    __slots__ = ("_bdks", "_ciphers", "_purposes", "_trees", "random_bytes")

    def __init__(self, root: bytes, random_bytes: Callable[[int], bytes]) -> None:
        self.random_bytes = random_bytes
        self._purposes = {purpose: _purpose_key(root, purpose) for purpose in Purpose}
        self._ciphers = {purpose: AESGCM(key) for purpose, key in self._purposes.items()}
        self._bdks: dict[bytes, bytes] = {}
        self._trees: dict[bytes, Tree] = {}

    def __repr__(self) -> str:
        return "KeyRing(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are never serialised")

    def token_key(self, purpose: Purpose) -> bytes:
        """The 32-byte key of REPLY_TOKEN or BOUNCE_TOKEN."""
        return self._purposes[purpose]

    def wrap(self, purpose: Purpose, ident: bytes, secret: bytes) -> bytes:
        """AES-256-GCM, purpose and ident authenticated. -> nonce ‖ ciphertext ‖ tag."""
        nonce = self.random_bytes(_NONCE)
        return nonce + self._ciphers[purpose].encrypt(nonce, secret, _bound_to(purpose, ident))

    def unwrap(self, purpose: Purpose, ident: bytes, wrapped: bytes) -> bytes:
        """The reverse of wrap. Raises GatewayError if it was wrapped elsewhere or for another use."""
        nonce, sealed = wrapped[:_NONCE], wrapped[_NONCE:]
        try:
            return self._ciphers[purpose].decrypt(nonce, sealed, _bound_to(purpose, ident))
        except (InvalidTag, ValueError):
            sentence = "A key does not open under this root key."
            raise GatewayError(sentence, "root-key-wrong", Disposition.REFUSE, purpose.value) from None

    def add_bdk(self, bdk_id: bytes, wrapped: bytes) -> None:
        """Take a wrapped base derivation key in; again is no work. Raises GatewayError."""
        if bdk_id not in self._bdks:
            bdk = self.unwrap(Purpose.BDK, bdk_id, wrapped)
            self._bdks[bdk_id], self._trees[bdk_id] = bdk, Tree(bdk)

    def bdk(self, bdk_id: bytes) -> bytes | None:
        """The base derivation key of that 4-byte ID, None if it was never added."""
        return self._bdks.get(bdk_id)

    def tree(self, bdk_id: bytes) -> Tree | None:
        """What is derived from that key, None if it was never added."""
        return self._trees.get(bdk_id)


def kcv(key: bytes) -> str:
    """Key check value: first three bytes of AES-CMAC over a zero block (ANSI X9.24-1:2017 A)."""
    mac = CMAC(AES(key))
    mac.update(bytes(16))
    return mac.finalize()[:3].hex().upper()


def _bound_to(purpose: Purpose, ident: bytes) -> bytes:
    return purpose.encode() + b"\0" + ident


def _purpose_key(root: bytes, purpose: Purpose) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"hagaki/1 " + purpose.encode()).derive(root)
