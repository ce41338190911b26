"""What a shop asks for when it places an order, and the answers to it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mail_gateway.domain.order import Foreign, Order

WHY: Final = {
    "deal-id-bad": "A deal ID is 1 to 64 letters, digits, dots, hyphens and underscores.",
    "deal-id-used": "This deal ID belongs to another order.",
    "deal-unknown": "There is no order with this deal ID.",
    "not-selling": "This merchant is not set up to take orders.",
    "customer-unknown": "There is no such customer.",
    "customer-closed": "This customer buys no more.",
    "means-unknown": "This customer has no such card or account.",
    "means-retired": "This card or account is no longer used.",
    "means-unsupported": "Nobody takes this kind of card or account.",
    "currency-unsupported": "Orders are taken in the gateway's currency only.",
    "lines-bad": "An order has 1 to 50 lines.",
    "line-bad": "A line has a name or a product, 1 to 9999 of it, and a price that is not negative.",
    "words-bad": "A text of the order is too long, or holds characters that nobody can see.",
    "product-unknown": "There is no such product of this merchant.",
    "product-retired": "This product is no longer sold.",
    "out-of-stock": "There is not so much of it in stock.",
    "amount-bad": "The order must cost something.",
    "amount-too-large": "The order is larger than the gateway takes.",
    "foreign-bad": "The foreign price has a currency of its own, an amount, a decimal rate and a source.",
    "ask-bad": "The customer has one minute to 30 days to answer.",
    "order-made": "This order is made and can no longer be cancelled.",
    "order-dead": "This order is over, and nothing is paid for it.",
    "order-not-made": "This order is not made yet.",
    "return-id-bad": "A return ID is 1 to 64 letters, digits, dots, hyphens and underscores.",
    "return-id-used": "This return ID belongs to another return of this order.",
    "returns-many": "This order has 100 returns already.",
    "return-too-much": "There is not so much left of this order to give back.",
}
"""Slug of a refusal -> one sentence that the shop may read."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One line as the shop writes it: the code of a product of its, or words of its own.

    unit_minor: price of one with tax, minor units; None: the product's. tax_rate: percent, of words.
    """

    product: str = ""
    name: str = ""
    model: str = ""
    unit_minor: int | None = None
    quantity: int = 1
    tax_rate: int = 10


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """One order as the shop asks for it. customer: such as C-7Q4KDM. means: number of the card or account,
    None: the customer's first. currency: ISO 4217 numeric, None: the gateway's. ask_minutes: how long the
    customer may think, None: as the merchant is set up.
    """

    deal_id: str
    customer: str
    lines: tuple[Wish, ...]
    means: int | None = None
    currency: int | None = None
    foreign: Foreign | None = None
    delivery: str = ""
    ask_minutes: int | None = None

    @property
    def hash(self) -> bytes:
        """SHA-256 of all that was said: the same request again has the same, in later versions too."""
        said = asdict(self, dict_factory=_said)
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()


def _said(members: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in members if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class Placed:
    """The order there is. is_new: it was not there before."""

    order: Order
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was done. slug: one of WHY. where: which part, such as lines[0], or the code of a product, or
    empty."""

    slug: str
    where: str = ""

    def path(self, wanted: PlaceOrder) -> str:
        """Where it is in the request: of a product the first line with it."""
        codes = [wish.product for wish in wanted.lines]
        return f"lines[{codes.index(self.where)}]" if self.where in codes and self.where else self.where

    @property
    def sentence(self) -> str:
        """Why, in one sentence."""
        return WHY[self.slug]
