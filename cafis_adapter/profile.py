"""The wire profile: which elements a message has and how each is written, from a TOML file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from acquirer_sdk.values import ReturnKind

_NOTATION: Final = re.compile(r"(n|an|ans|z|b)(\.{0,3})([1-9][0-9]{0,3})")
_TEXT: Final = {
    "n": re.compile(r"[0-9]*"),
    "an": re.compile(r"[0-9A-Za-z ]*"),
    "ans": re.compile(r"[\x20-\x7e]*"),
    "z": re.compile(r"[0-9=D]*"),
    "b": re.compile(r"([0-9A-F]{2})*"),
}
_MESSAGES: Final = ("authorisation", "return", "reversal", "network")
_REQUIRED: Final = frozenset({4, 7, 11, 37, 38, 39, 41, 44, 49, 70, 90})


class ProfileError(Exception):
    """The profile cannot be used. where is the path inside the file."""

    def __init__(self, where: str, sentence: str) -> None:
        super().__init__(f"{where}: {sentence}")
        self.where = where


@dataclass(frozen=True, slots=True)
class Element:
    """One data element. kind: n, an, ans, z, b; length_digits: 0 = fixed; size_max: characters or bytes."""

    kind: str
    length_digits: int
    size_max: int
    name: str

    def accepts(self, value: str) -> bool:
        """Are these characters of the right kind? (bytes are written as capital hexadecimal)"""
        return _TEXT[self.kind].fullmatch(value) is not None

    def fitted(self, value: str) -> str:
        """A fixed field padded as the standard says: digits with zeros in front, text with spaces behind."""
        if self.length_digits or self.kind == "b":
            return value
        return value.zfill(self.size_max) if self.kind == "n" else value.ljust(self.size_max)


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A checked profile; only itself is its equal, so that what is worked out of it can be kept by it.

    processing_codes: DE3 of each kind of return.
    """

    name: str
    body_max: int
    secondary_bitmap_always: bool
    local_utc_offset_minutes: int
    messages: Mapping[str, tuple[int, ...]]
    constants: Mapping[int, str]
    processing_codes: Mapping[str, str]
    return_without_card: bool
    reversal_reason: str
    entry_modes: Mapping[int, str]
    elements: Mapping[int, Element]


def load_profile(path: str = "") -> Profile:
    """A file's path, or "" for the one shipped here -> the checked profile. Raises ProfileError."""
    source = Path(path) if path else files("cafis_adapter") / "profiles" / "cafis.toml"
    try:
        table = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError:
        raise ProfileError("file", f"cannot be read: {path}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError("file", f"is not TOML: {error}") from None
    return read_profile(table)


def read_profile(table: Mapping[str, Any]) -> Profile:
    """A parsed profile -> checked. Raises ProfileError with the path of the first fault."""
    elements = {_number("fields", key): _element(key, row) for key, row in _part(table, "fields").items()}
    missing = sorted(_REQUIRED - set(elements))
    if missing:
        raise ProfileError("fields", f"an adapter cannot work without DE{missing[0]}")
    back = _part(table, "return")
    return Profile(
        name=_value(table, "name", str),
        body_max=_value(table, "body_max", int),
        secondary_bitmap_always=_value(table, "secondary_bitmap_always", bool),
        local_utc_offset_minutes=_value(table, "local_utc_offset_minutes", int),
        messages={name: _listed(table, name, elements) for name in _MESSAGES},
        constants=_texts(table, "constants"),
        processing_codes={kind.value: _value(back, kind.value, str) for kind in ReturnKind},
        return_without_card=_value(back, "without_card", bool),
        reversal_reason=_value(_part(table, "reversal"), "reason", str),
        entry_modes=_texts(table, "entry_modes"),
        elements=elements,
    )


def _part(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part: Any = table.get(name)
    if not isinstance(part, Mapping):
        raise ProfileError(name, "the table is missing")
    return part


def _value(table: Mapping[str, Any], name: str, kind: type) -> Any:
    value: Any = table.get(name)
    if type(value) is not kind:
        raise ProfileError(name, f"must be of type {kind.__name__}")
    return value


def _number(where: str, key: str) -> int:
    if not (key.isascii() and key.isdigit() and int(key) <= 128):
        raise ProfileError(f"{where}.{key}", "must be the number of an element, at most 128")
    return int(key)


def _texts(table: Mapping[str, Any], name: str) -> Mapping[int, str]:
    return {_number(name, key): _value(_part(table, name), key, str) for key in _part(table, name)}


def _listed(table: Mapping[str, Any], name: str, elements: Mapping[int, Element]) -> tuple[int, ...]:
    numbers = _value(_part(table, "messages"), name, list)
    for number in numbers:
        if number not in elements:
            raise ProfileError(f"messages.{name}", f"DE{number} is not among the fields")
    return tuple(sorted(numbers))


def _element(key: str, row: Any) -> Element:
    where = f"fields.{key}"
    if not (isinstance(row, list) and len(row) == 2 and all(isinstance(part, str) for part in row)):
        raise ProfileError(where, 'must be ["notation", "name"]')
    found = _NOTATION.fullmatch(row[0])
    if found is None or len(found[2]) == 1:
        raise ProfileError(where, 'notation must be like "n6", "n..19" or "ans...999"')
    element = Element(found[1], len(found[2]), int(found[3]), row[1])
    if element.length_digits and element.size_max >= 10**element.length_digits:
        raise ProfileError(
            where, f"{element.size_max} does not fit into {element.length_digits} digits of length"
        )
    return element
