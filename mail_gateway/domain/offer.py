"""Whether an order is taken: what the shop asks for against what is on file. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.order import LINES_MAX, Line
from mail_gateway.domain.order_news import bands
from mail_gateway.domain.placing import Placed, Refused
from mail_gateway.domain.receipt import RATES, Rounding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mail_gateway.domain.customer import Means, Product, Selling
    from mail_gateway.domain.order import Foreign, Order
    from mail_gateway.domain.placing import PlaceOrder, Wish

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
ASK_MAX_MIN: Final = 30 * 24 * 60
NAME_MAX: Final = 80
DELIVERY_MAX: Final = 200
SOURCE_MAX: Final = 60
QUANTITY_MAX: Final = 9999
RATE: Final = r"(?!0+(\.0+)?$)[0-9]{1,8}(\.[0-9]{1,8})?"
"""Of a foreign price: decimal text, and more than nothing."""
_DEAL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"
"""Hidden too, but scripts and pictures are written with them."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What is on file for one request. selling: None where the merchant takes no orders. customer: number and
    whether closed. means: the customer's, oldest first. products: by code, of those that are asked for.
    before: the order of the same deal ID, and the hash of its request.
    """

    shop: str
    selling: Selling | None
    rounding: Rounding
    customer: tuple[int, bool] | None
    means: Sequence[Means] = ()
    products: Mapping[str, Product] = field(default_factory=dict)
    before: tuple[Order, bytes] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """currency: ISO 4217 numeric. amount_minor_max: largest order. answer_h: as [orders] says."""

    currency: int
    amount_minor_max: int
    answer_h: int


@dataclass(frozen=True, slots=True)
class Draft:
    """An order that may be taken. answer_ms: how long the customer may think."""

    shop: str
    selling: Selling
    customer: int
    means: Means
    lines: tuple[Line, ...]
    total_minor: int
    tax_minor: int
    answer_ms: int


def judge(offer: Offer, wanted: PlaceOrder, limits: Limits) -> Draft | Placed | Refused:
    """What becomes of a request, as far as the file says."""
    if offer.before is not None:
        order, its_hash = offer.before
        return Placed(order) if its_hash == wanted.hash else Refused("deal-id-used")
    if offer.selling is None:
        return Refused("not-selling")
    slug = _form(wanted, limits)
    if slug:
        return Refused(slug)
    means = _means(offer, wanted.means)
    if isinstance(means, Refused):
        return means
    lines: list[Line] = []
    for at, wish in enumerate(wanted.lines):
        line = _line(offer, wish, limits.currency)
        if isinstance(line, str):
            return Refused(line, f"lines[{at}]")
        lines.append(line)
    return _priced(offer, wanted, limits, means, tuple(lines))


def _form(wanted: PlaceOrder, limits: Limits) -> str:
    """What is wrong with the request by itself: a slug, or empty."""
    foreign = wanted.foreign
    rules = (
        (not _DEAL_ID.fullmatch(wanted.deal_id), "deal-id-bad"),
        (wanted.currency not in (None, limits.currency), "currency-unsupported"),
        (not 1 <= len(wanted.lines) <= LINES_MAX, "lines-bad"),
        (wanted.ask_minutes is not None and not 1 <= wanted.ask_minutes <= ASK_MAX_MIN, "ask-bad"),
        (not is_plain(wanted.delivery, DELIVERY_MAX), "words-bad"),
        (foreign is not None and not _is_good(foreign, limits.currency), "foreign-bad"),
    )
    return next((slug for is_so, slug in rules if is_so), "")


def is_plain(text: str, most: int) -> bool:
    """Whether a text is one line of so many characters that can all be seen."""
    seen = (sign in _JOINERS or unicodedata.category(sign) not in _HIDDEN for sign in text)
    return len(text) <= most and all(seen)


def _is_good(foreign: Foreign, ours: int) -> bool:
    is_abroad = 0 < foreign.currency < 1000 and foreign.currency != ours
    has_a_rate = bool(re.fullmatch(RATE, foreign.rate)) and is_plain(foreign.source, SOURCE_MAX)
    return is_abroad and foreign.amount_minor > 0 and has_a_rate


def _means(offer: Offer, number: int | None) -> Means | Refused:
    if offer.customer is None:
        return Refused("customer-unknown", "customer")
    if offer.customer[1]:
        return Refused("customer-closed", "customer")
    if number is None:
        used = (one for one in offer.means if one.retired_ms is None)
        return next(used, Refused("means-unknown", "means"))
    found = next((one for one in offer.means if one.id == number), None)
    if found is None:
        return Refused("means-unknown", "means")
    return found if found.retired_ms is None else Refused("means-retired", "means")


def _line(offer: Offer, wish: Wish, currency: int) -> Line | str:
    """The line, or a slug."""
    if not 1 <= wish.quantity <= QUANTITY_MAX or bool(wish.product) == bool(wish.name):
        return "line-bad"
    if wish.unit_minor is not None and wish.unit_minor < 0:
        return "line-bad"
    return _of_product(offer, wish, currency) if wish.product else _of_words(wish)


def _of_words(wish: Wish) -> Line | str:
    if wish.unit_minor is None or wish.tax_rate not in RATES:
        return "line-bad"
    if not (is_plain(wish.name, NAME_MAX) and is_plain(wish.model, NAME_MAX) and wish.name.strip()):
        return "words-bad"
    return Line(wish.name, wish.model, wish.unit_minor, wish.quantity, None, wish.tax_rate)


def _of_product(offer: Offer, wish: Wish, currency: int) -> Line | str:
    product = offer.products.get(wish.product)
    if product is None:
        return "product-unknown"
    if product.retired_ms is not None:
        return "product-retired"
    if product.currency != currency:
        return "currency-unsupported"
    unit_minor = product.unit_minor if wish.unit_minor is None else wish.unit_minor
    model = wish.model or product.model
    if not is_plain(model, NAME_MAX):
        return "words-bad"
    return Line(product.name, model, unit_minor, wish.quantity, product.id, product.tax_rate)


def _priced(
    offer: Offer, wanted: PlaceOrder, limits: Limits, means: Means, lines: tuple[Line, ...]
) -> Draft | Refused:
    assert offer.selling is not None
    assert offer.customer is not None
    if short := _short(offer, lines):
        return Refused("out-of-stock", short)
    total_minor = sum(line.total_minor for line in lines)
    if total_minor <= 0:
        return Refused("amount-bad")
    if total_minor > limits.amount_minor_max:
        return Refused("amount-too-large")
    tax_minor = sum(band.tax_minor for band in bands(lines, offer.rounding))
    answer_ms = (offer.selling.answer_h or limits.answer_h) * HOUR_MS
    if wanted.ask_minutes is not None:
        answer_ms = wanted.ask_minutes * MINUTE_MS
    whose = (offer.shop, offer.selling, offer.customer[0], means)
    return Draft(*whose, lines, total_minor, tax_minor, answer_ms)


def wanted_of(lines: Sequence[Line]) -> Mapping[int, int]:
    """Product -> how many of it, over all lines; by number, so that no two wait for each other."""
    found: dict[int, int] = {}
    for line in sorted(lines, key=lambda line: line.product or 0):
        if line.product is not None:
            found[line.product] = found.get(line.product, 0) + line.quantity
    return found


def _short(offer: Offer, lines: Sequence[Line]) -> str:
    """The code of a product of which there is not enough, or empty."""
    by_number = {product.id: product for product in offer.products.values()}
    for number, quantity in wanted_of(lines).items():
        product = by_number[number]
        if product.stock is not None and product.stock - product.reserved < quantity:
            return product.code
    return ""
