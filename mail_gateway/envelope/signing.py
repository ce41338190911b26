"""Keys that letters are signed with: made, wrapped under the root key, and opened to sign."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final, NoReturn, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.signing_key import Kind
from mail_gateway.envelope.keys import Purpose

if TYPE_CHECKING:
    from mail_gateway.domain.signing_key import SigningKey
    from mail_gateway.envelope.keys import KeyRing

RSA_BITS: Final = 2048
"""More does not fit into one answer of the DNS over UDP."""

_EXPONENT: Final = 65537
_Private = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class Signer:
    """One opened key. It cannot be printed or pickled."""

    __slots__ = ("_key",)

    def __init__(self, key: _Private) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "Signer(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are never serialised")

    def sign(self, text: bytes) -> bytes:
        """rsa-sha256 (RFC 6376 section 3.3.1) or ed25519-sha256 (RFC 8463 section 3): the same text, the same
        signature."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(text, PKCS1v15(), SHA256())
        digest = Hash(SHA256())
        digest.update(text)
        return self._key.sign(digest.finalize())

    def public(self) -> str:
        """p= of the record, in base64 (RFC 6376 section 3.6.1, RFC 8463 section 4)."""
        form = (Encoding.Raw, PublicFormat.Raw)
        if isinstance(self._key, rsa.RSAPrivateKey):
            form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(self._key.public_key().public_bytes(*form)).decode("ascii")

    def wrapped(self, ring: KeyRing, name: str) -> bytes:
        """As it is kept, bound to the name of its record."""
        der = self._key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return ring.wrap(Purpose.DKIM, name.encode(), der)


def made(kind: Kind) -> Signer:
    """A new key."""
    if kind is Kind.RSA:
        return Signer(rsa.generate_private_key(_EXPONENT, RSA_BITS))
    return Signer(ed25519.Ed25519PrivateKey.generate())


def opened(ring: KeyRing, key: SigningKey) -> Signer:
    """A key as it is kept -> to sign with. Raises GatewayError: root-key-wrong; dkim-key-unopened where this
    machine's OpenSSL has no use for it, as one that is held to FIPS may have none for Ed25519."""
    der = ring.unwrap(Purpose.DKIM, key.name.encode(), key.wrapped)
    try:
        return Signer(cast("_Private", load_der_private_key(der, None)))
    except (ValueError, UnsupportedAlgorithm):
        sentence = "This machine cannot use the key that signs letters."
        raise GatewayError(sentence, "dkim-key-unopened", Disposition.REFUSE, key.selector) from None
