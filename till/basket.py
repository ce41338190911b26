"""What a customer buys, before it is sent: lines, quantities, sums. A change makes a new value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from till.prices import Good

LINES_MAX: Final = 50
QUANTITY_MAX: Final = 9999
TOTAL_MAX: Final = 999_999_999


@dataclass(frozen=True, slots=True)
class Line:
    """So many of one good."""

    good: Good
    quantity: int

    @property
    def total_minor(self) -> int:
        """Minor units."""
        return self.good.unit_minor * self.quantity


@dataclass(frozen=True, slots=True)
class Basket:
    """The lines in the order in which they were scanned; a good stands in one line only."""

    lines: tuple[Line, ...] = ()

    @property
    def total_minor(self) -> int:
        """With tax, minor units."""
        return sum(line.total_minor for line in self.lines)

    def add(self, good: Good, quantity: int) -> Basket | None:
        """So many more of a good; None where that is none, or there would be too many or too much."""
        if quantity < 1:
            return None
        for at, line in enumerate(self.lines):
            if line.good == good:
                return self.with_quantity(at + 1, line.quantity + quantity)
        return _within(Basket((*self.lines, Line(good, quantity))))

    def with_quantity(self, number: int, quantity: int) -> Basket | None:
        """The line of that number, from 1, with another quantity; None as above, or without such a line."""
        if not 1 <= number <= len(self.lines):
            return None
        changed = replace(self.lines[number - 1], quantity=quantity)
        return _within(Basket((*self.lines[: number - 1], changed, *self.lines[number:])))

    def without(self, number: int) -> Basket | None:
        """Without the line of that number, from 1; None without such a line."""
        if not 1 <= number <= len(self.lines):
            return None
        return Basket((*self.lines[: number - 1], *self.lines[number:]))


def _within(basket: Basket) -> Basket | None:
    fits = len(basket.lines) <= LINES_MAX and basket.total_minor <= TOTAL_MAX
    return basket if fits and all(1 <= line.quantity <= QUANTITY_MAX for line in basket.lines) else None


@dataclass(frozen=True, slots=True)
class Abroad:
    """A foreign currency beside ours. number, code: ISO 4217; exponent: its minor digits; ours_exponent: of
    our own currency. rate: decimal text, ours for one of theirs; source: who says so."""

    number: int
    code: str
    exponent: int
    rate: str
    source: str
    ours_exponent: int = 0

    def amount_minor(self, total_minor: int) -> int:
        """Our minor units -> theirs, rounded half up, at least 1."""
        whole, _, part = self.rate.partition(".")
        over = total_minor * int("1" + "0" * (self.exponent + len(part)))
        under = int(whole + part + "0" * self.ours_exponent)
        return max((2 * over + under) // (2 * under), 1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What goes with every order of a device. delivery: where and how it goes; ask_minutes: so long the
    customer may think. abroad: a foreign currency to show, or None."""

    currency: int
    delivery: str
    ask_minutes: int
    abroad: Abroad | None = None


def order_of(deal_id: str, customer: str, basket: Basket, terms: Terms) -> dict[str, Any]:
    """The body of POST /v1/orders."""
    body: dict[str, Any] = {
        "deal_id": deal_id,
        "customer": customer,
        "lines": [_line_of(line) for line in basket.lines],
        "currency": terms.currency,
        "ask_minutes": terms.ask_minutes,
    }
    if terms.delivery:
        body["delivery"] = terms.delivery
    if terms.abroad is not None:
        body["foreign"] = {
            "currency": terms.abroad.number,
            "amount_minor": terms.abroad.amount_minor(basket.total_minor),
            "rate": terms.abroad.rate,
            "source": terms.abroad.source,
        }
    return body


def _line_of(line: Line) -> Mapping[str, Any]:
    good = line.good
    if good.is_product:
        return {"product": good.code, "unit_minor": good.unit_minor, "quantity": line.quantity}
    return {
        "name": good.name,
        "model": good.model,
        "unit_minor": good.unit_minor,
        "quantity": line.quantity,
        "tax_rate": good.tax_rate,
    }
