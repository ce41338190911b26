"""Open an envelope: KSN -> key, authenticated decryption, then the sale. Authenticate first, read after."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from mail_gateway.domain.ksn import counter_of
from mail_gateway.envelope.dukpt import Usage
from schemas.envelope import cose, payload
from schemas.errors import WireError

if TYPE_CHECKING:
    from mail_gateway.envelope.keys import KeyRing

_AAD: Final = cose.enc_structure(cose.AAD_SALE)


class Sale(Protocol):
    """payload.py:Sale with its types. amount_minor: minor units of `currency` (ISO 4217 numeric)."""

    kind: int
    amount_minor: int
    currency: int
    reader_time_s: int
    entry_mode: int
    track2: str
    jis2: str
    emv: bytes
    pin_block: bytes
    condition: int
    condition_count: int
    slip: int
    original_ksn: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """sale_hash: SHA-256 of the plaintext, kept for ever. sale holds the card."""

    ksn: bytes
    sale_hash: bytes = field(repr=False)
    sale: Sale = field(repr=False)

    @property
    def counter(self) -> int:
        """The reader's own count of its sales, from 1."""
        return counter_of(self.ksn)


@dataclass(frozen=True, slots=True)
class Refused:
    """It does not open. slug says at which step; it tells a person at the centre, never the sender."""

    slug: str


def open_envelope(envelope: bytes, keys: KeyRing) -> Opened | Refused:
    """COSE_Encrypt0 bytes (RFC 9052, AES-CCM-16-128-128) -> the sale inside, or why not."""
    try:
        ksn, index, sealed = cose.unpack(envelope)
        tree = keys.tree(ksn[:4])
        if tree is None:
            return Refused("key-unknown")
        if index != 0:
            return Refused("sale-index")
        plain = _decrypt(tree.working_key(ksn, Usage.DATA_ENCRYPTION), ksn, sealed)
        if plain is None:
            return Refused("seal-broken")
        return Opened(bytes(ksn), hashlib.sha256(plain).digest(), payload.decode_sale(plain))
    except WireError as error:
        return Refused(error.slug)


def _decrypt(key: bytes, ksn: bytes, sealed: bytes) -> bytes | None:
    try:
        return AESCCM(key, cose.TAG_LENGTH).decrypt(cose.nonce(ksn, 0), sealed, _AAD)
    except InvalidTag:
        return None
