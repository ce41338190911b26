"""Seal a result for the one reader that can open it, and make the check code that can be typed instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.envelope.dukpt import Usage
from schemas.envelope import checkcode, cose, payload

if TYPE_CHECKING:
    from mail_gateway.envelope.keys import KeyRing

_AAD: Final = cose.enc_structure(cose.AAD_RESULT)


class Result(Protocol):
    """payload.py:Result with the types of what is read here. amount_minor: minor units."""

    outcome: int
    version: int
    amount_minor: int


def seal_result(ksn: bytes, result: Result, keys: KeyRing) -> bytes:
    """A result -> COSE_Encrypt0 bytes under the sale's key 3001. The version is the nonce: seal it once."""
    cipher = AESCCM(_key(ksn, keys, Usage.DATA_DECRYPTION), cose.TAG_LENGTH)
    sealed = cipher.encrypt(cose.nonce(ksn, result.version), payload.encode_result(result), _AAD)
    return bytes(cose.pack(ksn, result.version, sealed))


def check_code(ksn: bytes, result: Result, keys: KeyRing) -> str:
    """The 8 digits for a phone without a cable: CMAC under key 2001 over KSN, outcome, version, amount."""
    mac = CMAC(AES(_key(ksn, keys, Usage.MAC_VERIFICATION)))
    mac.update(checkcode.message(ksn, result.outcome, result.version, result.amount_minor))
    return str(checkcode.digits(mac.finalize()))


def _key(ksn: bytes, keys: KeyRing, usage: Usage) -> bytes:
    tree = keys.tree(ksn[:4])
    if tree is None:
        sentence = "The key of this reader is not in the key ring."
        raise GatewayError(sentence, "key-unknown", Disposition.REFUSE)
    return tree.working_key(ksn, usage)
