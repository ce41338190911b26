"""One request about money as the host's books have it, and what a customer finds in the end."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Final

from acquirer_sdk.values import Item
from cafis_adapter.codec import Message
from cafis_adapter.host.triggers import Trigger
from cafis_adapter.layout import Kind

RETURNS: Final = (Kind.VOID, Kind.REFUND)
SALES: Final = (Kind.AUTHORISATION, Kind.COMPLETION)
"""Kinds that take money."""

Identity = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Charge:
    """What a card holder finds: how often charged, and the sum left after reversals, in minor units.

    A return stands there as what it is, less than zero; what is only held is not charged.
    """

    times: int
    net_minor: int
    held_minor: int = 0


@dataclass(slots=True)
class Account:
    """asked: without a card. booked: amounts charged or held, a return's less than zero. sale: of a return or
    a completion, the request that it is about. items: what was added to it. advices: how many told so."""

    kind: Kind
    trigger: Trigger
    asked: Message
    booked: list[int] = field(default_factory=list)
    sale: Identity | None = None
    reversed: bool = False
    reversals: int = 0
    items: dict[Item, str] = field(default_factory=dict)
    advices: int = 0

    @property
    def left_minor(self) -> int:
        """What is left of it, charged or held."""
        return sum(self.booked[1:] if self.reversed else self.booked)

    @property
    def net_minor(self) -> int:
        """What of it is charged, or given back."""
        return 0 if self.kind is Kind.HOLD else self.left_minor

    @property
    def charge(self) -> Charge:
        """As the card holder finds it."""
        if self.kind is Kind.HOLD:
            return Charge(0, 0, self.left_minor)
        return Charge(len(self.booked), self.left_minor)


def identity(message: Message) -> Identity:
    """Terminal, trace number and reference: the same in a request and in its reversal."""
    return message[41], message[11], message[37]


def number_of(its: Identity) -> str:
    """The approval number: six digits, never 000000, the same for the same request."""
    return f"{zlib.crc32('/'.join(its).encode()) % 899_999 + 100_001:06d}"


def approval_number(asked: Message) -> str:
    """That of a request, or of the request that a reversal undoes."""
    return number_of(identity(asked))
