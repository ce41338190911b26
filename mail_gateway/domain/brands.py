"""A card's brand by its first digits, as data."""

from __future__ import annotations

from typing import Final

_BRANDS: Final = (
    ("JCB", "3528", "3589"),
    ("American Express", "34", "34"),
    ("American Express", "37", "37"),
    ("Diners Club", "300", "305"),
    ("Diners Club", "3095", "3095"),
    ("Diners Club", "36", "36"),
    ("Diners Club", "38", "39"),
    ("Visa", "4", "4"),
    ("Mastercard", "51", "55"),
    ("Mastercard", "2221", "2720"),
    ("UnionPay", "62", "62"),
)
"""Name, first and last of a range of first digits (ISO/IEC 7812 numbers as the brands publish them)."""

NAMES: Final = tuple(dict.fromkeys(name for name, _, _ in _BRANDS))


def brand(digits: str) -> str:
    """A card number, masked or only its first digits -> the brand's name, or empty."""
    found = (name for name, low, high in _BRANDS if low <= digits[: len(low)] <= high)
    return next(found, "")
