"""Tokens of replies, desks, orders and bounces: 31 characters that name one thing and cannot be made up."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from schemas.errors import WireError

REPLY: Final = "r"
BOUNCE: Final = "b"
DESK: Final = "m"
ORDER: Final = "o"
ORDER_BOUNCE: Final = "q"
KINDS: Final = REPLY + BOUNCE + DESK + ORDER + ORDER_BOUNCE
LENGTH: Final = 31
_VERSION: Final = "1"
_MAC_LENGTH: Final = 10
_VERSION_BITS: Final = 16
_VERSIONS: Final = 0xFFFF
_LABEL: Final = b"HAGAKI MAIL TOKEN 1"


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says before it is verified. `ident` is the number of the payment or order; of a desk, of
    the merchant; of a bounce (of either kind), see `letter_of`."""

    kind: str
    ident: int
    mac: bytes


def make(key: bytes, kind: str, ident: int, recipient: str, expiry_s: int) -> str:
    """31 characters: kind, version, then base32 (lower case) of ident (8 bytes) and HMAC (10 bytes).

    key: 32 bytes, one per kind, so that a bounce can never be taken for a reply. expiry_s: unix seconds,
    inside the HMAC only; who verifies takes it from the stored row.
    """
    body = ident.to_bytes(8, "big") + _mac(key, kind, ident, recipient, expiry_s)
    return kind + _VERSION + base64.b32encode(body).decode("ascii").rstrip("=").lower()


def letter_ident(whose: int, version: int) -> int:
    """The ident of a bounce token: one letter of one payment or order. whose: its number, below 2^48;
    version: of the letter."""
    return whose << _VERSION_BITS | version & _VERSIONS


def letter_of(ident: int) -> tuple[int, int]:
    """(payment or order, version) of a bounce token's ident; of any number, since nothing is verified yet."""
    return ident >> _VERSION_BITS, ident & _VERSIONS


def read(token: str) -> Token:
    """Take a token apart, whatever its case. Raises WireError token-length, token-kind, token-version,
    token-alphabet, token-bits."""
    folded = token.lower()
    if len(folded) != LENGTH:
        raise WireError("token-length", len(folded))
    if folded[0] not in KINDS:
        raise WireError("token-kind", 0)
    if folded[1] != _VERSION:
        raise WireError("token-version", 1)
    body = _body(folded[2:])
    return Token(folded[0], int.from_bytes(body[:8], "big"), body[8:])


def in_address(address: str, kinds: str) -> Token | None:
    """The token that an address begins with, if it is of these kinds (their letters, in any order)."""
    try:
        found = read(address.rpartition("@")[0])
    except WireError:
        return None
    return found if found.kind in kinds else None


def _body(text: str) -> bytes:
    try:
        body = base64.b32decode(text.upper() + "===")
    except (binascii.Error, ValueError) as error:
        raise WireError("token-alphabet", 2) from error
    if base64.b32encode(body).decode("ascii").rstrip("=").lower() != text:
        raise WireError("token-bits", LENGTH - 1)
    return body


def verify(key: bytes, token: Token, recipient: str, expiry_s: int) -> bool:
    """Whether `token` was made with this key for this recipient and expiry; constant time.
    That the expiry has not passed is the caller's check: this wire has no clock."""
    return hmac.compare_digest(token.mac, _mac(key, token.kind, token.ident, recipient, expiry_s))


def _mac(key: bytes, kind: str, ident: int, recipient: str, expiry_s: int) -> bytes:
    fixed = kind.encode("ascii") + ident.to_bytes(8, "big") + expiry_s.to_bytes(8, "big")
    message = _LABEL + b"\0" + fixed + recipient.lower().encode("utf-8")
    keyed = _keyed(key).copy()
    keyed.update(message)
    return keyed.digest()[:_MAC_LENGTH]


@lru_cache(8)
def _keyed(key: bytes) -> hmac.HMAC:
    """Taking the key in is two thirds of the work, and there are two keys for all letters."""
    return hmac.new(key, digestmod="sha256")
