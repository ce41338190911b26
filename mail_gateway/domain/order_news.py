"""What a letter about an order says, before it is words: to the customer, or to the shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.confirmation import enough
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.receipt import Band, Rounding, tax_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mail_gateway.domain.confirmation import Policy
    from mail_gateway.domain.customer import Customer
    from mail_gateway.domain.order import Line, Order
    from mail_gateway.domain.order_return import OrderReturn

TO_SHOP: Final = frozenset(
    {
        *(Letter.SHOP_MADE, Letter.SHOP_DEAD, Letter.SHOP_UNDELIVERED),
        *(Letter.SHOP_RETURNED, Letter.SHOP_NOT_RETURNED, Letter.SHOP_UNPAID),
    }
)
"""Letters about an order that the shop gets; the others go to the customer."""

ASKING: Final = frozenset({Letter.QUESTION, Letter.QUESTION_REMINDER, Letter.QUESTION_AGAIN})
"""Letters whose answer may confirm."""

OF_MONEY: Final = frozenset({Letter.ORDER_RETURNED, Letter.ORDER_UNPAID})
"""Letters to the customer of which the shop is told that they are written."""

WHY: Final = frozenset({"unclear", "code", "wrong-code", "ocra", "wrong-ocra"})
"""What a question-again may say was wrong: nothing was understood; the code is wanted too, or was another;
an OCRA answer is wanted, or was wrong or too old."""


@dataclass(frozen=True, slots=True)
class Seller:
    """The shop, as letters need it. registration_number: of an invoice issuer, or empty."""

    id: int
    name: str
    mail: str
    language: str
    policy: Policy
    rounding: Rounding = Rounding.DOWN
    registration_number: str = ""


@dataclass(frozen=True, slots=True)
class Parties:
    """Who and what an order is about, beside its own row. means: how it is paid, masked.

    is_debit: from a bank account, so that an approval is a promise to collect on a later day.
    """

    seller: Seller
    customer: Customer
    lines: tuple[Line, ...]
    means: str
    is_debit: bool = False


@dataclass(frozen=True, slots=True)
class OrderNews:
    """One letter about one order. number: counts the order's letters from 1; two never have the same.

    order: as it stands after what is told. at_ms: unix ms, for the letter's date. why: one of WHY for a
    question-again; for shop-undelivered what the mail server said; else empty. in_reply_to: the Message-ID of
    the mail that is answered, or empty. back: the return that is told of.
    """

    kind: Letter
    number: int
    order: Order
    parties: Parties
    at_ms: int
    why: str = ""
    in_reply_to: str = ""
    back: OrderReturn | None = None

    @property
    def is_to_shop(self) -> bool:
        """Else it is to the customer."""
        return self.kind in TO_SHOP

    @property
    def recipient(self) -> str:
        """The address on file. That answers are locked is told at the customer's second address: who guessed
        codes may read the first."""
        customer = self.parties.customer
        if self.is_to_shop:
            return self.parties.seller.mail
        if self.kind is Letter.ORDER_LOCKED:
            return customer.second_mail or customer.mail
        return customer.mail

    @property
    def language(self) -> str:
        """Of whoever reads it."""
        return self.parties.seller.language if self.is_to_shop else self.parties.customer.language

    @property
    def wants_ocra(self) -> bool:
        """Whether no code is enough for this amount."""
        policy, total = self.parties.seller.policy, self.order.total_minor
        return not enough(policy, total, proven=True, code=True, ocra=False)


def bands(lines: Sequence[Line], rounding: Rounding) -> tuple[Band, ...]:
    """The lines by tax rate, highest first: total with tax, and the tax in it, rounded once a rate."""
    parts: dict[int, int] = {}
    for line in lines:
        parts[line.tax_rate] = parts.get(line.tax_rate, 0) + line.total_minor
    return tuple(
        Band(rate, part, tax_in(part, rate, rounding)) for rate, part in sorted(parts.items(), reverse=True)
    )
