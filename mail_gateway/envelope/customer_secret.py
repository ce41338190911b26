"""A customer's secret, wrapped: the OCRA key and the hash of the service password; never kept in clear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

from mail_gateway.envelope.keys import Purpose

if TYPE_CHECKING:
    from mail_gateway.envelope.keys import KeyRing

LENGTH: Final = 32
"""Bytes of the key, and of the hash (schemas/deal/ocra.py)."""


class CustomerSecret:
    """Both, for the moment of one computation. It cannot be printed, compared or pickled."""

    __slots__ = ("key", "password_hash")

    def __init__(self, key: bytes, password_hash: bytes) -> None:
        if len(key) != LENGTH or len(password_hash) != LENGTH:
            raise ValueError("a key and a hash have 32 bytes each")
        self.key = key
        self.password_hash = password_hash

    def __repr__(self) -> str:
        return "CustomerSecret(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are never serialised")


def wrap(ring: KeyRing, customer_id: str, secret: CustomerSecret) -> bytes:
    """What customers.secret keeps. customer_id: such as C-7Q4KDM; no other customer's row opens with it."""
    return ring.wrap(Purpose.CUSTOMER, customer_id.encode(), secret.key + secret.password_hash)


def unwrap(ring: KeyRing, customer_id: str, wrapped: bytes) -> CustomerSecret:
    """The reverse. Raises GatewayError if it was wrapped for somebody else or under another root key."""
    both = ring.unwrap(Purpose.CUSTOMER, customer_id.encode(), wrapped)
    return CustomerSecret(both[:LENGTH], both[LENGTH:])
