"""What a customer computes answers from, wrapped: the OCRA key and the hash of the password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.envelope.keys import Purpose

if TYPE_CHECKING:
    from mail_gateway.envelope.keys import KeyRing

KEY_LENGTH: Final = 32
HASH_LENGTH: Final = 32


class CustomerSecret:
    """key: 32 bytes; password_hash: 32 bytes, as schemas/deal/ocra.py makes it. It cannot be printed."""

    __slots__ = ("key", "password_hash")

    def __init__(self, key: bytes, password_hash: bytes) -> None:
        self.key = key
        self.password_hash = password_hash

    def __repr__(self) -> str:
        return "CustomerSecret(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a customer's secret is never serialised")


def wrap(ring: KeyRing, customer: int, secret: CustomerSecret) -> bytes:
    """A secret of that customer (its row's number) -> what the table customers keeps."""
    return ring.wrap(Purpose.CUSTOMER, b"%d" % customer, secret.key + secret.password_hash)


def unwrap(ring: KeyRing, customer: int, wrapped: bytes) -> CustomerSecret:
    """The reverse. Raises GatewayError if it was wrapped for somebody else or under another root key."""
    both = ring.unwrap(Purpose.CUSTOMER, b"%d" % customer, wrapped)
    if len(both) != KEY_LENGTH + HASH_LENGTH:
        sentence = "What is kept of this customer is no key with a password."
        raise GatewayError(sentence, "customer-secret", Disposition.REFUSE)
    return CustomerSecret(both[:KEY_LENGTH], both[KEY_LENGTH:])
