"""An amount as people read it, and the tax within an amount. Integers only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

YEN: Final = 392


class Band(NamedTuple):
    """What was sold at one rate: with tax, and the tax in it, minor units. rate: percent."""

    rate: int
    amount_minor: int
    tax_minor: int


def shown(amount_minor: int, currency: int, language: str) -> str:
    """Our own currency: "1,234円" or "JPY 1,234"; of another only its number and minor units are sure."""
    if currency != YEN:
        return f"{amount_minor:,} ({currency:03d}, minor units)"
    return f"{amount_minor:,}円" if language == "ja" else f"JPY {amount_minor:,}"


def shown_abroad(amount_minor: int, code: str, exponent: int) -> str:
    """ "USD 8.15"."""
    whole, rest = divmod(amount_minor, int("1" + "0" * exponent))
    return f"{code} {whole:,}" + (f".{rest:0{exponent}d}" if exponent else "")


def bands(parts: Iterable[tuple[int, int]], tax_minor: int) -> tuple[Band, ...]:
    """(rate, amount) of every line -> what was sold at each rate, highest first.

    tax_minor: the tax as the gateway says it. A part of a yen is rounded once a rate, in the way by which
    that sum comes out: the receipt says what the customer was asked.
    """
    amounts: dict[int, int] = {}
    for rate, amount_minor in parts:
        amounts[rate] = amounts.get(rate, 0) + amount_minor
    ways = [_by_rate(amounts, way) for way in (_down, _half, _up)]
    fitting = [way for way in ways if sum(band.tax_minor for band in way) == tax_minor]
    return (fitting or ways)[0]


def _by_rate(amounts: dict[int, int], way: Callable[[int, int], int]) -> tuple[Band, ...]:
    found = sorted(amounts.items(), reverse=True)
    return tuple(Band(rate, amount, way(amount * rate, 100 + rate)) for rate, amount in found)


def _down(parts: int, whole: int) -> int:
    return parts // whole


def _half(parts: int, whole: int) -> int:
    return (2 * parts + whole) // (2 * whole)


def _up(parts: int, whole: int) -> int:
    return -(-parts // whole)
