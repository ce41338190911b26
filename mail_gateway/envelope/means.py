"""How a customer pays, wrapped: a card's number and expiry, or a bank account; never kept in clear."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from acquirer_sdk.account import BankAccount
from acquirer_sdk.values import CardData
from mail_gateway.envelope.keys import Purpose

if TYPE_CHECKING:
    from mail_gateway.envelope.keys import KeyRing

_IDENT: Final = 16
_CARD, _ACCOUNT = "card", "account"
_KEYED: Final = 5
"""Entry mode of a card that nobody swiped (schemas/envelope/SPEC.md)."""

_PAN: Final = re.compile(r"[0-9]{12,19}")
_EXPIRY: Final = re.compile(r"[0-9]{2}(0[1-9]|1[0-2])")


def wrap_card(ring: KeyRing, customer: int, pan: str, expiry: str) -> bytes:
    """A card for orders of that customer (its row's number) -> what the table means keeps.

    pan: 12 to 19 digits; expiry: YYMM. Raises ValueError for other forms, without the text.
    """
    if not _PAN.fullmatch(pan) or not _EXPIRY.fullmatch(expiry):
        raise ValueError("a card has 12 to 19 digits and expires in YYMM")
    return _wrap(ring, customer, (_CARD, f"{pan}={expiry}"))


def wrap_account(ring: KeyRing, customer: int, account: BankAccount) -> bytes:
    """A bank account of that customer -> what the table means keeps. Raises ValueError for line ends."""
    fields = (account.office, account.number, str(account.kind), account.holder, account.customer)
    return _wrap(ring, customer, (_ACCOUNT, *fields))


def unwrap(ring: KeyRing, customer: int, wrapped: bytes) -> CardData | BankAccount:
    """The reverse, for the moment of one call. Raises GatewayError if it was wrapped for somebody else."""
    ident, sealed = wrapped[:_IDENT], wrapped[_IDENT:]
    kind, *fields = ring.unwrap(Purpose.MEANS, _bound_to(customer, ident), sealed).decode().split("\n")
    if kind == _CARD:
        return CardData(fields[0], entry_mode=_KEYED)
    office, number, type_, holder, mandate = fields
    return BankAccount(office, number, kind=int(type_), holder=holder, customer=mandate)


def _wrap(ring: KeyRing, customer: int, fields: tuple[str, ...]) -> bytes:
    """Bound to the customer and to an ident of its own: one customer's means never pays for another."""
    if any("\n" in field for field in fields):
        raise ValueError("a field of an account has no line ends")
    ident = ring.random_bytes(_IDENT)
    return ident + ring.wrap(Purpose.MEANS, _bound_to(customer, ident), "\n".join(fields).encode())


def _bound_to(customer: int, ident: bytes) -> bytes:
    return b"%d/" % customer + ident
