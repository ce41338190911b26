"""A merchant's sales as it sees them, and what they come to: every sum is one of the ledger's rows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.brands import brand
from mail_gateway.domain.payment import ENDED, State, Trade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mail_gateway.domain.day import Day


NO_READER: Final = 0
"""In place of a reader's serial: an order, that came by no reader."""


@dataclass(frozen=True, slots=True)
class Sale:
    """One payment. reader: its serial, or NO_READER. received_ms, posted_ms: unix ms, 0: nothing is final.

    amount_minor: minor units of `currency` (ISO 4217). returned_minor: what returns hold of it. original: the
    number of the sale that it gives back. condition: how the customer pays (UnifiedPOS CAT), 0: not known.
    undone: 1: this entry says that the sale was not collected.
    """

    id: int
    reader: int
    kind: Trade
    state: State
    slip: int
    received_ms: int
    posted_ms: int
    amount_minor: int
    currency: int
    masked_card: str
    approval_number: str
    original: int | None
    returned_minor: int
    shunted: int
    condition: int
    undone: int = 0

    @property
    def is_open(self) -> bool:
        """Whether its end is still to come."""
        return bool(self.shunted) or self.state not in ENDED

    @property
    def is_given_back(self) -> bool:
        """Whether returns hold all of it."""
        return not self.kind.is_return and self.returned_minor == self.amount_minor

    @property
    def signed_minor(self) -> int:
        """What the merchant has of it: less than nothing for a return, and for what was not collected."""
        return -self.amount_minor if self.kind.is_return or self.undone else self.amount_minor


@dataclass(frozen=True, slots=True)
class Total:
    """label: what was counted together. Amounts: minor units of `currency`, none below zero.

    unpaid: sales of this time or an earlier one that were not collected.
    """

    label: str
    currency: int
    sales: int
    sales_minor: int
    returns: int
    returns_minor: int
    unpaid: int = 0
    unpaid_minor: int = 0

    @property
    def net_minor(self) -> int:
        """Sales less returns and what was not collected."""
        return self.sales_minor - self.returns_minor - self.unpaid_minor


@dataclass(frozen=True, slots=True)
class Takings:
    """from_ms up to, not with, until_ms: what became final in it, oldest first; and what was open then."""

    from_ms: int
    until_ms: int
    final: tuple[Sale, ...]
    open: tuple[Sale, ...] = ()

    def totals(self) -> list[Total]:
        """By currency."""
        return _totals(self.final, lambda _: "")

    def by_reader(self) -> list[Total]:
        """By reader, its serial as label."""
        return _totals(self.final, lambda sale: str(sale.reader))

    def by_way(self) -> list[Total]:
        """By the way the customers paid, a word of WAYS as label."""
        return _totals(self.final, lambda sale: way(sale.condition))

    def by_brand(self) -> list[Total]:
        """By the brand of the card."""
        return _totals(self.final, lambda sale: brand(sale.masked_card))


@dataclass(frozen=True, slots=True)
class Closing:
    """A day that is over, for a merchant who wants all of it. day: what is open, as in the shorter letter."""

    day: Day
    takings: Takings

    @property
    def has_news(self) -> bool:
        """Whether there is anything to say."""
        return self.day.has_news or bool(self.takings.final)


def way(condition: int) -> str:
    """In what way a customer pays by that condition; what is not known is paid at once."""
    return WAYS.get(condition // 10, LUMP)


LUMP, DEBIT = "lump", "debit"
WAYS: Final = {1: LUMP, 2: "bonus", 3: "bonus-mix", 6: "instalments", 8: "revolving", 11: DEBIT}
"""The tens of a condition -> the way."""


def _totals(sales: Iterable[Sale], label: Callable[[Sale], Any]) -> list[Total]:
    kept: dict[tuple[int, str], list[Sale]] = defaultdict(list)
    for sale in sales:
        kept[sale.currency, label(sale)].append(sale)
    return [
        Total(name, currency, *_sum(one, (False, 0)), *_sum(one, (True, 0)), *_sum(one, (False, 1)))
        for (currency, name), one in sorted(kept.items())
    ]


def _sum(sales: Iterable[Sale], which: tuple[bool, int]) -> tuple[int, int]:
    """which: whether they are returns, whether they were undone."""
    amounts = [sale.amount_minor for sale in sales if (sale.kind.is_return, sale.undone) == which]
    return len(amounts), sum(amounts)
