"""The wire profile: which messages there are, what each holds and how it is written, from a TOML file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from cafis_adapter import chip
from cafis_adapter.conditions import Condition, read_conditions
from cafis_adapter.element import Element, read_element
from cafis_adapter.layout import Kind, Layout, read_layouts
from cafis_adapter.part import Part, ProfileError
from cafis_adapter.private import Private, read_private

__all__ = ["SHIPPED", "Profile", "ProfileError", "StandIn", "load_profile", "read_profile"]

DEFAULT: Final = "cafis"
SHIPPED: Final = (DEFAULT, "iso87")
"""Profiles that come with the adapter, by name."""

MACS: Final = (64, 128)
_REQUIRED: Final = frozenset({4, 7, 11, 37, 38, 39, 41, 44, 49, 70, 90})
_KEYS: Final = (
    *("name", "body_max", "secondary_bitmap_always", "local_utc_offset_minutes", "mac", "keys_at_sign_on"),
    *("terminal_id", "return_without_card", "messages", "private", "conditions", "companies", "chip"),
    *("stand_in", "entry_modes", "fields"),
)


@dataclass(frozen=True, slots=True)
class StandIn:
    """How an answer says that somebody answered in the card company's place: element and its values."""

    element: int
    values: tuple[str, ...]

    def answered(self, value: str) -> bool:
        return value in self.values


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A checked profile; only itself is its equal, so that what is worked out of it can be kept by it.

    mac: every message but the network's ends in a MAC, DE64 or, behind two bitmaps, DE128.
    companies: beginning of a card number -> company code (仕向先), the longest one first.
    """

    name: str
    body_max: int
    secondary_bitmap_always: bool
    local_utc_offset_minutes: int
    mac: bool
    keys_at_sign_on: bool
    terminal_id: re.Pattern[str]
    return_without_card: bool
    layouts: Mapping[Kind, Layout]
    private: Mapping[int, Private]
    conditions: Mapping[int, Condition]
    companies: Mapping[str, str]
    chip: chip.Rules
    stand_in: StandIn | None
    entry_modes: Mapping[int, str]
    elements: Mapping[int, Element]

    def kind_of(self, mti: str, fields: Mapping[int, str]) -> Kind | None:
        """Which kind of request a message is, first or repeated: by its MTI and what such a kind says."""
        first = f"{mti[:3]}0"
        for layout in self.layouts.values():
            if layout.mti == first and layout.marked(fields):
                return layout.kind
        return None

    def said(self, fields: Mapping[int, str]) -> dict[str, str]:
        """What the private elements of a message say, by name; of one that is laid out otherwise, nothing."""
        values: dict[str, str] = {}
        for number, private in self.private.items():
            if number in fields:
                try:
                    values |= private.read(fields[number])
                except ValueError:
                    continue
        return values


def load_profile(path: str = "") -> Profile:
    """A file's path, a shipped profile's name, or "" for the default -> checked. Raises ProfileError."""
    shipped = files("cafis_adapter") / "profiles" / f"{path or DEFAULT}.toml"
    source = shipped if path in ("", *SHIPPED) else Path(path)
    try:
        table = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError:
        raise ProfileError("file", f"cannot be read: {path}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError("file", f"is not TOML: {error}") from None
    return read_profile(table)


def read_profile(table: Mapping[str, Any]) -> Profile:
    """A parsed profile -> checked. Raises ProfileError with the path of the first fault."""
    whole = Part(table)
    whole.known(*_KEYS)
    elements = _elements(whole.part("fields"))
    private = _privates(whole.part("private"), elements)
    return Profile(
        name=whole.value("name", str),
        body_max=_body_max(whole),
        secondary_bitmap_always=whole.value("secondary_bitmap_always", bool),
        local_utc_offset_minutes=whole.value("local_utc_offset_minutes", int),
        mac=_mac(whole, elements),
        keys_at_sign_on=whole.value_or("keys_at_sign_on", False),
        terminal_id=_terminal_id(whole),
        return_without_card=whole.value("return_without_card", bool),
        layouts=read_layouts(whole.part("messages"), elements, private),
        private=private,
        conditions=read_conditions(whole.part("conditions")),
        companies=_companies(whole.part("companies")),
        chip=chip.read_rules(whole.part("chip")),
        stand_in=_stand_in(whole, elements),
        entry_modes=_entry_modes(whole.part("entry_modes"), elements),
        elements=elements,
    )


def _elements(part: Part) -> dict[int, Element]:
    elements = {part.number(key): read_element(part, key) for key in part}
    missing = sorted(_REQUIRED - set(elements))
    if missing:
        raise ProfileError("fields", f"an adapter cannot work without DE{missing[0]}")
    return elements


def _privates(part: Part, elements: Mapping[int, Element]) -> dict[int, Private]:
    return {part.number(key): _private(part, key, elements.get(int(key))) for key in part}


def _private(part: Part, key: str, element: Element | None) -> Private:
    if element is None or element.kind not in ("ans", "b"):
        raise part.wrong(key, "must be among the fields, of kind ans or b")
    try:
        private = read_private(part.value(key, list), binary=element.kind == "b")
    except ValueError as error:
        raise part.wrong(
            key, f'{error.args[0]!r} is no sub-field, such as "count n2" or "note k..60" in an element of b'
        ) from None
    if private.size_max > element.size_max:
        raise part.wrong(key, f"takes {private.size_max} places, DE{key} has {element.size_max}")
    return private


def _body_max(whole: Part) -> int:
    size = whole.value("body_max", int)
    if not 64 <= size <= 65535:
        raise whole.wrong("body_max", "must be 64 to 65535")
    return size


def _mac(whole: Part, elements: Mapping[int, Element]) -> bool:
    wanted = whole.value_or("mac", False)
    odd = [number for number in MACS if (elements.get(number) or Element("", 0, 0, "")).size_max != 8]
    if wanted and odd:
        raise whole.wrong("mac", f"needs DE{odd[0]} as b8")
    return wanted


def _terminal_id(whole: Part) -> re.Pattern[str]:
    try:
        return re.compile(whole.value_or("terminal_id", ".*"), re.ASCII)
    except re.error as error:
        raise whole.wrong("terminal_id", f"is no regular expression: {error}") from None


def _companies(part: Part) -> dict[str, str]:
    for key, code in part.texts().items():
        if not (key.isascii() and key.isdigit() and len(key) <= 12 and 0 < len(code) <= 11):
            raise part.wrong(key, "must be digits of a card number, and a code of up to 11 characters")
    return {key: part.value(key, str) for key in sorted(part, key=len, reverse=True)}


def _stand_in(whole: Part, elements: Mapping[int, Element]) -> StandIn | None:
    part = whole.part("stand_in")
    if "stand_in" not in whole:
        return None
    part.known("element", "values")
    number = part.value("element", int)
    values = tuple(value for value in part.value("values", list) if isinstance(value, str))
    if number not in elements:
        raise part.wrong("element", f"DE{number} is not among the fields")
    if not values or not all(elements[number].fits(value) for value in values):
        raise part.wrong("values", f"must be texts that DE{number} can hold")
    return StandIn(number, values)


def _entry_modes(part: Part, elements: Mapping[int, Element]) -> dict[int, str]:
    for key, value in part.texts().items():
        if not (key.isascii() and key.isdigit()):
            raise part.wrong(key, "must be a reader's entry mode, a number")
        if 22 in elements and not elements[22].fits(value):
            raise part.wrong(key, "does not fit into DE22")
    return {int(key): value for key, value in part.texts().items()}
