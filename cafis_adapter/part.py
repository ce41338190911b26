"""A table of a profile file and its path: values of the right type, or the path of the first fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

T = TypeVar("T")

_CALLED: Final = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


class ProfileError(Exception):
    """The profile cannot be used. where is the path inside the file."""

    def __init__(self, where: str, sentence: str) -> None:
        super().__init__(f"{where}: {sentence}")
        self.where = where


class Part:
    """One table. path is empty for the whole file."""

    def __init__(self, table: Mapping[str, Any], path: str = "") -> None:
        self._table = table
        self._path = path

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __contains__(self, key: str) -> bool:
        return key in self._table

    def wrong(self, key: str, sentence: str) -> ProfileError:
        """The error to raise about one of its keys."""
        return ProfileError(f"{self._path}.{key}" if self._path else key, sentence)

    def value(self, key: str, kind: type[T]) -> T:
        """Raises ProfileError where it is missing or of another type."""
        found = self._table.get(key)
        if type(found) is not kind:
            raise self.wrong(key, f"must be {_CALLED[kind]}" if key in self else "is missing")
        return found

    def value_or(self, key: str, other: T) -> T:
        """The same; where it is missing, other."""
        return self.value(key, type(other)) if key in self else other

    def part(self, key: str) -> Part:
        """A table within; an empty one where it is missing."""
        return Part(self.value_or(key, {}), f"{self._path}.{key}" if self._path else key)

    def texts(self) -> dict[str, str]:
        """Every key with its text."""
        return {key: self.value(key, str) for key in self._table}

    def known(self, *keys: str) -> None:
        """Raises ProfileError for a key that is none of these."""
        for key in self._table:
            if key not in keys:
                raise self.wrong(key, f"there is no such key; known are {', '.join(keys)}")

    def number(self, key: str) -> int:
        """A key that is the number of an element. Raises ProfileError."""
        if not (key.isascii() and key.isdigit() and 1 < int(key) <= 128):
            raise self.wrong(key, "must be the number of an element, 2 to 128")
        return int(key)
