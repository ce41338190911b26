"""Seal a result for the one reader that can open it, and make the check code that can be typed instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from Crypto.Cipher import AES
from Crypto.Hash import CMAC

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.envelope import dukpt
from schemas.envelope import checkcode, cose, payload

if TYPE_CHECKING:
    from mail_gateway.envelope.keys import KeyRing


class Result(Protocol):
    """payload.py:Result with the types of what is read here. amount_minor: minor units."""

    outcome: int
    version: int
    amount_minor: int


def seal_result(ksn: bytes, result: Result, keys: KeyRing) -> bytes:
    """A result -> COSE_Encrypt0 bytes under the sale's key 3001. The version is the nonce: seal it once."""
    key = _key(ksn, keys, dukpt.Usage.DATA_DECRYPTION)
    nonce = cose.nonce(ksn, result.version)
    cipher = AES.new(key, AES.MODE_CCM, nonce=nonce, mac_len=cose.TAG_LENGTH)
    cipher.update(cose.enc_structure(cose.AAD_RESULT))
    sealed, tag = cipher.encrypt_and_digest(payload.encode_result(result))
    return bytes(cose.pack(ksn, result.version, sealed + tag))


def check_code(ksn: bytes, result: Result, keys: KeyRing) -> str:
    """The 8 digits for a phone without a cable: CMAC under key 2001 over KSN, outcome, version, amount."""
    key = _key(ksn, keys, dukpt.Usage.MAC_VERIFICATION)
    message = checkcode.message(ksn, result.outcome, result.version, result.amount_minor)
    return str(checkcode.digits(CMAC.new(key, message, AES).digest()))


def _key(ksn: bytes, keys: KeyRing, usage: dukpt.Usage) -> bytes:
    bdk = keys.bdk(ksn[:4])
    if bdk is None:
        sentence = "The key of this reader is not in the key ring."
        raise GatewayError(sentence, "key-unknown", Disposition.REFUSE)
    return dukpt.working_key(bdk, ksn, usage)
