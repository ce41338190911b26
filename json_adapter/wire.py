"""JSON from the other side, read strictly: what two readers could read differently is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final, NoReturn

DIGITS_MAX: Final = 15
"""So long a number every reader of JSON keeps exactly (RFC 8259, section 6)."""

_TYPES: Final[Mapping[type, str]] = {
    int: "json-number",
    str: "json-text",
    bool: "json-flag",
    dict: "json-table",
    list: "json-list",
}


class WireError(Exception):
    """What came is not as the wire has it. slug says what kind of fault, where is the member's name."""

    def __init__(self, slug: str, where: str = "") -> None:
        super().__init__(f"{slug} at {where}" if where else slug)
        self.slug = slug
        self.where = where


class Table:
    """A JSON object whose members are asked for by name and type; what nobody asks for is let be."""

    def __init__(self, members: Mapping[str, object], path: str = "") -> None:
        self._members = members
        self._path = path

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def text(self, name: str, form: re.Pattern[str]) -> str:
        """A text of that form. Raises WireError."""
        value = self._member(name, str)
        if not isinstance(value, str) or not form.fullmatch(value):
            self._refuse("json-form", name)
        return value

    def says(self, name: str, word: str) -> bool:
        """Whether this member is that text. Raises WireError where it is no text."""
        return self._member(name, str) == word

    def number(self, name: str, most: int) -> int:
        """A whole number from 0 to most. Raises WireError."""
        value = self._member(name, int)
        if not isinstance(value, int) or not 0 <= value <= most:
            self._refuse("json-range", name)
        return value

    def flag(self, name: str) -> bool:
        """true or false; false where it is not there. Raises WireError."""
        return name in self._members and bool(self._member(name, bool))

    def table(self, name: str) -> Table:
        """An object within. Raises WireError."""
        value = self._member(name, dict)
        return Table(value if isinstance(value, dict) else {}, f"{self._path}{name}.")

    def tables(self, name: str, most: int) -> list[Table]:
        """A list of objects, at most so many. Raises WireError."""
        value = self._member(name, list)
        items = value if isinstance(value, list) else []
        if len(items) > most:
            self._refuse("json-range", name)
        if not all(isinstance(item, dict) for item in items):
            self._refuse("json-table", name)
        return [Table(item, f"{self._path}{name}.") for item in items]

    def texts(self) -> dict[str, str]:
        """All members, where each is a text. Raises WireError."""
        for name in self._members:
            self._member(name, str)
        return {name: str(value) for name, value in self._members.items()}

    def _member(self, name: str, kind: type) -> object:
        if name not in self._members:
            self._refuse("json-missing", name)
        value = self._members[name]
        if type(value) is not kind:
            self._refuse(_TYPES[kind], name)
        return value

    def _refuse(self, slug: str, name: str) -> NoReturn:
        raise WireError(slug, f"{self._path}{name}")


def read(body: bytes) -> Table:
    """UTF-8 JSON text -> its object. Raises WireError."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_once_each,
            parse_int=_exact,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise WireError("json-broken") from None
    if not isinstance(value, dict):
        raise WireError("json-table")
    return Table(value)


def write(members: Mapping[str, object]) -> bytes:
    """Members -> UTF-8 JSON text, the same bytes for the same members in the same order."""
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise WireError("json-twice")
    return found


def _exact(digits: str) -> int:
    if len(digits.lstrip("-")) > DIGITS_MAX:
        raise WireError("json-range")
    return int(digits)


def _no_fraction(_: str) -> NoReturn:
    raise WireError("json-fraction")
