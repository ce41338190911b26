"""The kinds of request that a profile knows, and what each of them holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Final

from cafis_adapter.element import Element
from cafis_adapter.part import Part, ProfileError
from cafis_adapter.private import Private


class Kind(StrEnum):
    """What a request is for; the name of its table in the profile."""

    AUTHORISATION = "authorisation"
    HOLD = "hold"  # pre-sale
    COMPLETION = "completion"  # of a pre-sale
    VOID = "void"
    REFUND = "refund"
    CARD_CHECK = "card_check"
    ADVICE = "advice"
    INQUIRY = "inquiry"
    REVERSAL = "reversal"
    TOTALS = "totals"
    NETWORK = "network"


NEEDED: Final = (Kind.AUTHORISATION, Kind.REVERSAL, Kind.NETWORK)
"""Without these there is no adapter; of the others a profile has those that its host takes."""

_IDENTITY: Final = (11, 37, 41)
_MONEY: Final = (*_IDENTITY, 4, 7, 49)
_OTHERS: Final = (*_MONEY, 90)
_MUST: Final[Mapping[Kind, tuple[int, ...]]] = {
    Kind.AUTHORISATION: _MONEY,
    Kind.HOLD: _MONEY,
    Kind.COMPLETION: _OTHERS,
    Kind.VOID: _OTHERS,
    Kind.REFUND: _OTHERS,
    Kind.CARD_CHECK: _MONEY,
    Kind.ADVICE: (*_IDENTITY, 7, 90),
    Kind.INQUIRY: (*_IDENTITY, 90),
    Kind.REVERSAL: _OTHERS,
    Kind.TOTALS: (11, 15, 74, 76, 86, 88),
    Kind.NETWORK: (7, 11, 70),
}
"""What names the request, the sale that it is about and the money."""

_CARD: Final = frozenset({2, 14, 22, 23, 35, 45, 52, 55})

_MTIS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.AUTHORISATION: ("0100", "0200"),
    Kind.HOLD: ("0100",),
    Kind.COMPLETION: ("0200", "0220"),
    Kind.VOID: ("0200",),
    Kind.REFUND: ("0200",),
    Kind.CARD_CHECK: ("0100",),
    Kind.ADVICE: ("0120", "0220"),
    Kind.INQUIRY: ("0100", "0600"),
    Kind.REVERSAL: ("0400", "0420"),
    Kind.TOTALS: ("0500",),
    Kind.NETWORK: ("0800",),
}


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """fields: its elements, ascending; private: those of them that are laid out inside.

    constants: by element, what it always says; said: the same by name, for private elements.
    has_card: whether anything of a card stands in it.
    """

    kind: Kind
    mti: str
    fields: tuple[int, ...]
    constants: Mapping[int, str]
    said: Mapping[str, str]
    private: tuple[tuple[int, Private], ...]
    has_card: bool

    @property
    def names(self) -> frozenset[str]:
        """All that its private elements can say."""
        return frozenset(name for _, private in self.private for name in private.names)

    def marked(self, fields: Mapping[int, str]) -> bool:
        """Does a message say all that this kind always says?"""
        return all(fields.get(number) == value for number, value in self.constants.items())


def read_layouts(
    part: Part, elements: Mapping[int, Element], private: Mapping[int, Private]
) -> Mapping[Kind, Layout]:
    """The table [messages]. Raises ProfileError with the path of the first fault."""
    part.known(*Kind)
    layouts = {Kind(key): _layout(part, Kind(key), elements, private) for key in part}
    for kind in NEEDED:
        if kind not in layouts:
            raise part.wrong(kind, "is missing")
    if (Kind.HOLD in layouts) != (Kind.COMPLETION in layouts):
        raise ProfileError("messages", "hold and completion go together")
    for one, other in combinations(layouts.values(), 2):
        if one.mti == other.mti and not _told_apart(one, other):
            raise part.wrong(other.kind, f"cannot be told from {one.kind}: let an element of [set] differ")
    return layouts


def _layout(
    part: Part, kind: Kind, elements: Mapping[int, Element], private: Mapping[int, Private]
) -> Layout:
    row = part.part(kind)
    row.known("mti", "fields", "set")
    mti = row.value("mti", str)
    if mti not in _MTIS[kind]:
        raise row.wrong("mti", f"must be {' or '.join(_MTIS[kind])}")
    fields = _fields(row, kind, elements)
    inside = tuple((number, private[number]) for number in fields if number in private)
    names = {name for _, one in inside for name in one.names}
    always = row.part("set")
    constants = {int(key): _constant(always, key, fields, elements) for key in always if key.isdigit()}
    has_card = not _CARD.isdisjoint(fields)
    return Layout(kind, mti, fields, constants, _said(always, names), inside, has_card)


def _fields(row: Part, kind: Kind, elements: Mapping[int, Element]) -> tuple[int, ...]:
    numbers = row.value("fields", list)
    for number in numbers:
        if number not in elements:
            raise row.wrong("fields", f"DE{number} is not among the fields")
    for number in _MUST[kind]:
        if number not in numbers:
            raise row.wrong("fields", f"nobody could tell what is meant without DE{number}")
    return tuple(sorted(set(numbers)))


def _constant(always: Part, key: str, fields: tuple[int, ...], elements: Mapping[int, Element]) -> str:
    value, number = always.value(key, str), always.number(key)
    if number not in fields or not elements[number].fits(value):
        raise always.wrong(key, f"must be an element of this message, and fit: {value!r}")
    return elements[number].fitted(value)


def _said(always: Part, names: set[str]) -> dict[str, str]:
    said = {key: always.value(key, str) for key in always if not key.isdigit()}
    for key in said:
        if key not in names:
            raise always.wrong(key, "is in no private element of this message")
    return said


def _told_apart(one: Layout, other: Layout) -> bool:
    both = one.constants.keys() & other.constants.keys()
    return any(one.constants[number] != other.constants[number] for number in both)
