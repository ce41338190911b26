"""Money given back: which returns may be, and how much of its sale each one holds meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.payment import NOT_CHARGED, TAKEN, Event, Kind, State, Trade

if TYPE_CHECKING:
    from collections.abc import Sequence

GIVEN_UP: Final = frozenset({*NOT_CHARGED, State.REFUSED, State.EXPIRED})
"""Ends in which a return gave nothing back: its sale has that much to give again."""


@dataclass(frozen=True, slots=True)
class Sold:
    """The sale that a return gives back, as it stands now. Amounts: minor units of `currency` (ISO 4217).

    merchant: its number. epoch: what is judged by this holds only if the sale did not change meanwhile.
    returned_minor: what its open and approved returns hold. stan, keyed_s: of its request (DE11, unix s).
    acquirer: who was asked for it, and is asked for its returns.
    """

    id: int
    epoch: int
    merchant: int
    kind: Trade
    state: State
    amount_minor: int
    returned_minor: int
    currency: int
    masked_card: str
    approval_number: str
    stan: int
    keyed_s: int
    acquirer: str

    @property
    def left_minor(self) -> int:
        """What can still be given back."""
        return self.amount_minor - self.returned_minor


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a return asks for. masked_card: empty where no card was swiped."""

    kind: Trade
    merchant: int
    amount_minor: int
    currency: int
    masked_card: str


def refusal(wanted: Wanted, sale: Sold | None) -> str:
    """The slug of the first rule the return breaks, or an empty text.

    Another merchant's sale is as good as unknown. A void is the whole of a sale of which nothing came back.
    """
    if sale is None or sale.merchant != wanted.merchant or sale.kind.is_return:
        return "original-unknown"
    is_void = wanted.kind is Trade.VOID
    rules = (
        (sale.state is State.UNPAID, "not-collected"),
        (sale.state not in _VOIDABLE if is_void else sale.state not in TAKEN, "not-approved"),
        (wanted.currency != sale.currency, "currency-differs"),
        (bool(wanted.masked_card) and wanted.masked_card != sale.masked_card, "card-differs"),
        (is_void and sale.returned_minor > 0, "returned-already"),
        (is_void and wanted.amount_minor != sale.amount_minor, "void-not-whole"),
        (wanted.amount_minor > sale.left_minor, "return-too-much"),
    )
    return next((slug for broken, slug in rules if broken), "")


def held_minor(happened: Sequence[Event], after: State, amount_minor: int, before_minor: int) -> int:
    """What a return holds of its sale after these events: its amount, once accepted and until given up."""
    if after in GIVEN_UP:
        return 0
    return amount_minor if any(event.kind is Kind.ACCEPTED for event in happened) else before_minor


_VOIDABLE: Final = frozenset({State.APPROVED})
