"""A receipt and its tax: the fields of a qualified invoice, each figure an integer, rounded once a rate."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.desk import Details
from mail_gateway.domain.payment import TAKEN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from mail_gateway.domain.takings import Sale

STANDARD: Final = 10
REDUCED: Final = 8
RATES: Final = (0, REDUCED, STANDARD)
"""Percent (消費税法 29, 附則 34). 0: no consumption tax on it."""

YEN: Final = 392
_NUMBER: Final = re.compile(r"T[1-9][0-9]{12}")


class Rounding(StrEnum):
    """What becomes of a part of a yen of tax; the issuer's choice (消費税法施行令 70-10)."""

    DOWN = "down"
    HALF = "half"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Shop:
    """What stands on a merchant's receipts. issuer: name by which the tax office knows it.

    registration_number: T and 13 digits, or empty: then nothing of it is a qualified invoice. rate: percent.
    description: what it sells, where nothing else is said; empty: the usual words.
    """

    issuer: str
    registration_number: str = ""
    address: str = ""
    rate: int = STANDARD
    rounding: Rounding = Rounding.DOWN
    description: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """What was paid at one rate: tax included, and the tax in it, minor units. rate: percent."""

    rate: int
    amount_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """Everything a receipt says. sold_on, returned_on: days in the gateway's time zone.

    original: of a return, the sale's reference; then the tax is that of what was given back. bands: highest
    rate first, none for another currency than yen. language: ja or en.
    is_debit: paid from an account at once.
    """

    shop: Shop
    language: str
    reference: str
    slip: int
    amount_minor: int
    currency: int
    bands: tuple[Band, ...]
    sold_on: date
    masked_card: str
    approval_number: str
    recipient: str = ""
    description: str = ""
    returned_on: date | None = None
    original: str = ""
    is_debit: bool = False

    @property
    def is_qualified(self) -> bool:
        """Whether it has what the tax office wants of an invoice (消費税法 57-4)."""
        return bool(self.shop.registration_number and self.bands)


def is_registration_number(text: str) -> bool:
    """Whether it has the form of one: T and 13 digits (国税庁, 登録番号の構成)."""
    return _NUMBER.fullmatch(text) is not None


def is_of_a_company(number: str) -> bool:
    """Whether its first digit checks the other twelve, as in every company's number (法人番号の指定に関する
    省令 2). That of a person who trades need not."""
    base = [int(sign) for sign in reversed(number[2:])]
    return int(number[1]) == 9 - sum(digit * (1 + at % 2) for at, digit in enumerate(base)) % 9


def tax_in(amount_minor: int, rate: int, rounding: Rounding) -> int:
    """The tax that an amount with its tax contains, in whole minor units."""
    parts, whole = amount_minor * rate, 100 + rate
    if rounding is Rounding.HALF:
        return (2 * parts + whole) // (2 * whole)
    return -(-parts // whole) if rounding is Rounding.UP else parts // whole


def bands_of(amount_minor: int, shop: Shop, reduced_minor: int | None) -> tuple[Band, ...]:
    """The amount by rate. reduced_minor: what of it is at the reduced rate, from 0 to all; None: the shop's
    usual rate for all of it."""
    parts = {shop.rate: amount_minor}
    if reduced_minor is not None:
        usual = shop.rate if shop.rate != REDUCED else STANDARD
        parts = {usual: amount_minor - reduced_minor, REDUCED: reduced_minor}
    return tuple(
        Band(rate, part, tax_in(part, rate, shop.rounding))
        for rate, part in sorted(parts.items(), reverse=True)
        if part
    )


def refusal(sale: Sale, details: Details, sold_as: Sequence[Band]) -> str:
    """Why there is no receipt for this payment as it was asked for: a slug, or empty.

    sold_as: of a return, what the receipt of its sale says, if it has one.
    """
    reduced = details.reduced_minor
    mixed = len(sold_as) > 1 and sale.amount_minor != sum(band.amount_minor for band in sold_as)
    rules = (
        (sale.state not in TAKEN, "receipt-not-paid"),
        (sale.is_given_back, "receipt-returned"),
        (reduced is not None and not 0 <= reduced <= sale.amount_minor, "receipt-too-much"),
        (reduced is not None and sale.currency != YEN, "receipt-too-much"),
        (mixed and reduced is None, "receipt-which-rate"),
    )
    return next((slug for broken, slug in rules if broken), "")


def reduced_of(sale: Sale, details: Details, sold_as: Sequence[Band]) -> int | None:
    """How much of it is at the reduced rate: as was said; of a return, else, as its sale was."""
    if details.reduced_minor is not None or not sold_as:
        return details.reduced_minor
    if len(sold_as) == 1:
        return sale.amount_minor if sold_as[0].rate == REDUCED else 0
    return sum(band.amount_minor for band in sold_as if band.rate == REDUCED)


def facts_of(details: Details, bands: Sequence[Band]) -> str:
    """What a receipt was asked to say, and its tax, as it is kept (JSON)."""
    kept = {"details": asdict(details), "bands": [asdict(band) for band in bands]}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)


def details_in(facts: str) -> Details:
    """What `facts_of` was given."""
    return Details(**json.loads(facts)["details"])


def bands_in(facts: str) -> tuple[Band, ...]:
    """The tax that `facts_of` was given."""
    return tuple(Band(**band) for band in json.loads(facts)["bands"])
