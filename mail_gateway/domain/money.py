"""An amount as people read it. Integers only: the currency says where the point goes."""

from __future__ import annotations

from typing import Final, NamedTuple


class Currency(NamedTuple):
    """ISO 4217: alphabetic code and minor digits."""

    code: str
    exponent: int


CURRENCIES: Final = {
    36: Currency("AUD", 2),
    48: Currency("BHD", 3),
    124: Currency("CAD", 2),
    156: Currency("CNY", 2),
    344: Currency("HKD", 2),
    356: Currency("INR", 2),
    360: Currency("IDR", 2),
    392: Currency("JPY", 0),
    410: Currency("KRW", 0),
    414: Currency("KWD", 3),
    458: Currency("MYR", 2),
    554: Currency("NZD", 2),
    608: Currency("PHP", 2),
    702: Currency("SGD", 2),
    704: Currency("VND", 0),
    756: Currency("CHF", 2),
    764: Currency("THB", 2),
    826: Currency("GBP", 2),
    840: Currency("USD", 2),
    901: Currency("TWD", 2),
    978: Currency("EUR", 2),
}
"""By ISO 4217 numeric code."""

_YEN: Final = 392


def shown(amount_minor: int, currency: int, language: str) -> str:
    """`12345` yen as "12,345円" (ja) or "JPY 12,345". A currency that is not in the table keeps its minor
    units and says so, rather than putting the point in the wrong place."""
    known = CURRENCIES.get(currency)
    if known is None:
        return f"{amount_minor:,} ({currency:03d}, minor units)"
    if currency == _YEN and language == "ja":
        return f"{amount_minor:,}円"
    whole, rest = divmod(amount_minor, 10**known.exponent)
    point = f".{rest:0{known.exponent}d}" if known.exponent else ""
    return f"{known.code} {whole:,}{point}"
