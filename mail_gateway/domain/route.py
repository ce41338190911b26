"""The routing table: which acquirer is asked for a sale, and which instead while that one cannot be asked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, NamedTuple

from mail_gateway.domain import brands

if TYPE_CHECKING:
    from acquirer_sdk.values import Capabilities

PAN_MAX: Final = 19
CARD: Final = "card"
ACCOUNT: Final = "account"
_NOT_PAYING: Final = {CARD: "card-unsupported", ACCOUNT: "account-unsupported"}
_RANGE: Final = re.compile(r"(\d{1,19})(?:-(\d{1,19}))?")
_CONDITIONS: Final = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?")


class RouteError(Exception):
    """A row is wrong. key names it and its key, sentence says what to do."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(f"{key}: {sentence}")
        self.key = key
        self.sentence = sentence


class Range(NamedTuple):
    """First and last of a range, of the same length: of first digits of a card number, or numbers."""

    low: str
    high: str

    def holds(self, digits: str) -> bool:
        """Whether a card number begins with one of these."""
        return self.low <= digits[: len(self.low)] <= self.high

    def covers(self, other: Range) -> bool:
        """Whether every card number of the other one is here too."""
        low, high = (text.ljust(PAN_MAX, digit) for text, digit in zip(self, "09", strict=True))
        return low <= other.low.ljust(PAN_MAX, "0") and other.high.ljust(PAN_MAX, "9") <= high

    def __str__(self) -> str:
        return self.low if self.low == self.high else f"{self.low}-{self.high}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a row looks at. digits: the card number or its first digits, empty where there is none.

    condition: CAT PaymentCondition. merchant: its name. currency: ISO 4217 numeric. pays: card or account.
    """

    digits: str
    condition: int
    merchant: str
    currency: int
    pays: str = CARD


@dataclass(frozen=True, slots=True)
class Route:
    """One row of [[routes]]: where all that it names fits, `to` is asked. What it leaves out fits always."""

    to: str
    fallback: str = ""
    issuers: tuple[Range, ...] = ()
    brand: str = ""
    conditions: frozenset[int] = frozenset()
    merchants: frozenset[str] = frozenset()
    currency: int = 0
    pays: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The acquirers of the row, the first choice first."""
        return (self.to, self.fallback) if self.fallback else (self.to,)

    def fits(self, asked: Asked) -> bool:
        """Whether this row is about such a sale."""
        return (
            (not self.issuers or any(one.holds(asked.digits) for one in self.issuers))
            and (not self.brand or self.brand == brands.brand(asked.digits))
            and (not self.conditions or asked.condition in self.conditions)
            and (not self.merchants or asked.merchant in self.merchants)
            and (not self.currency or self.currency == asked.currency)
            and (not self.pays or self.pays == asked.pays)
        )

    def covers(self, other: Route) -> bool:
        """Whether every sale that fits the other one fits here too."""
        ranges = other.issuers and all(any(one.covers(its) for one in self.issuers) for its in other.issuers)
        return (
            (not self.issuers or bool(ranges))
            and self.brand in ("", other.brand)
            and (not self.conditions or (bool(other.conditions) and other.conditions <= self.conditions))
            and (not self.merchants or (bool(other.merchants) and other.merchants <= self.merchants))
            and self.currency in (0, other.currency)
            and self.pays in ("", other.pays)
        )

    def __str__(self) -> str:
        parts = (
            ("issuers", ", ".join(map(str, self.issuers))),
            ("brand", self.brand),
            ("conditions", ", ".join(map(str, sorted(self.conditions)))),
            ("merchants", ", ".join(sorted(self.merchants))),
            ("currency", self.currency or ""),
            ("pays", self.pays),
        )
        return "; ".join(f"{name} {value}" for name, value in parts if value) or "every sale"


class Found(NamedTuple):
    """The row that fits, and its number from 1; 0: none did, the default is asked."""

    route: Route
    row: int


class Table:
    """All rows, and the acquirer of what fits none."""

    def __init__(self, default: str, routes: Sequence[Route] = ()) -> None:
        self.default = default
        self.routes = tuple(routes)
        self._last = Found(Route(default), 0)

    @property
    def names(self) -> tuple[str, ...]:
        """Every acquirer that may be asked, the default first."""
        return tuple(dict.fromkeys([self.default, *(name for row in self.routes for name in row.names)]))

    def find(self, asked: Asked) -> Found:
        """The first row that fits."""
        if not self.routes:
            return self._last
        rows = enumerate(self.routes, 1)
        return next((Found(route, row) for row, route in rows if route.fits(asked)), self._last)

    def unreachable(self) -> list[tuple[int, int]]:
        """Rows that no sale ever comes to, each with the row that takes them all before; from 1."""
        found = []
        for row, route in enumerate(self.routes, 1):
            before = enumerate(self.routes[: row - 1], 1)
            taker = next((place for place, one in before if one.covers(route)), 0)
            if taker:
                found.append((row, taker))
        return found


def lacks(capabilities: Capabilities, condition: int, pays: str) -> str:
    """The slug of what an acquirer cannot do that a sale needs, or an empty text."""
    if not getattr(capabilities, pays):
        return _NOT_PAYING[pays]
    taken = capabilities.conditions
    return "condition-unsupported" if taken and condition not in taken else ""


def read_routes(rows: Sequence[Mapping[str, object]], known: Collection[str]) -> tuple[Route, ...]:
    """The rows of [[routes]] as they stand in config.toml. known: names of acquirers.

    Raises RouteError: its key names the row and the key that is wrong.
    """
    found = []
    for number, row in enumerate(rows, 1):
        try:
            found.append(_route(row, known))
        except RouteError as error:
            raise RouteError(f"row {number}: {error.key}", error.sentence) from None
    return tuple(found)


def _route(row: Mapping[str, object], known: Collection[str]) -> Route:
    names = [field.name for field in fields(Route)]
    for key in row:
        if key not in names:
            raise RouteError(key, f"there is no such key; known are {', '.join(names)}")
    to, fallback = _text(row, "to"), _text(row, "fallback")
    if not to:
        raise RouteError("to", "is needed: the name of an acquirer")
    for key, name in (("to", to), ("fallback", fallback)):
        if name and name not in known:
            raise RouteError(key, f"there is no acquirer {name!r}; known are {', '.join(sorted(known))}")
    if to == fallback:
        raise RouteError("fallback", "must be another acquirer than to")
    return Route(
        to=to,
        fallback=fallback,
        issuers=tuple(_issuers(text) for text in _list(row, "issuers")),
        brand=_brand(_text(row, "brand")),
        conditions=frozenset(number for text in _list(row, "conditions") for number in _conditions(text)),
        merchants=frozenset(_list(row, "merchants")),
        currency=_currency(row.get("currency", 0)),
        pays=_pays(_text(row, "pays")),
    )


def _text(row: Mapping[str, object], key: str) -> str:
    value = row.get(key, "")
    if not isinstance(value, str):
        raise RouteError(key, "must be a text")
    return value


def _list(row: Mapping[str, object], key: str) -> list[str]:
    """A list of texts; a number is as good as its text."""
    value = row.get(key, [])
    if not isinstance(value, list) or not all(type(item) in (str, int) for item in value):
        raise RouteError(key, "must be a list of texts")
    return [str(item) for item in value]


def _issuers(text: str) -> Range:
    found = _RANGE.fullmatch(text)
    low, high = (found[1], found[2] or found[1]) if found else ("", "")
    if not found or len(low) != len(high) or low > high:
        sentence = f"{text!r} is no range; write first digits such as 35 or 411111-411119"
        raise RouteError("issuers", sentence)
    return Range(low, high)


def _conditions(text: str) -> range:
    found = _CONDITIONS.fullmatch(text)
    low, high = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if low > high:
        raise RouteError("conditions", f"{text!r} is no condition; write one such as 10 or 61-63")
    return range(low, high + 1)


def _brand(text: str) -> str:
    found = next((name for name in brands.NAMES if name.casefold() == text.casefold()), "")
    if text and not found:
        raise RouteError("brand", f"{text!r} is no brand; known are {', '.join(brands.NAMES)}")
    return found


def _currency(value: object) -> int:
    if type(value) is not int or not 0 <= value <= 999:
        raise RouteError("currency", "must be a number, ISO 4217")
    return value


def _pays(text: str) -> str:
    if text not in ("", CARD, ACCOUNT):
        raise RouteError("pays", f"must be one of {CARD}, {ACCOUNT}")
    return text
