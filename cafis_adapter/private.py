"""What stands inside a private element, one sub-field after the other, in a small notation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_ROW: Final = re.compile(r"(?:'([ -&(-~]+)'|([a-z][a-z0-9_]*) (n|ans|an|k)(\.{2,3})?([1-9][0-9]{0,2}))")
_CHARACTERS: Final = {"n": "[0-9]", "an": "[0-9A-Za-z ]", "ans": "[\\x20-\\x7e]", "k": "[\\0-\\xff]"}
_JAPANESE: Final = "cp932"
"""Shift_JIS as it is used; what it has no sign for becomes a question mark."""

_SEPARATOR: Final = "\uffff"
"""Between written sub-fields when they are held against the pattern: none can hold it."""

NAMES: Final = frozenset(
    {
        *("condition", "count", "first_month", "bonus_count", "slip", "division", "company", "product"),
        *(f"bonus{number}_{what}" for number in range(1, 7) for what in ("month", "amount")),
        *("tax", "referral", "note", "original_reference", "original_date"),
        *("key_use", "key_block", "key_check"),
    }
)
"""All that an adapter has to say, or to read, in private elements."""


@dataclass(frozen=True, slots=True)
class SubField:
    """literal: stands there as it is, and has no name. length_digits: 0 = fixed; size_max: characters, of
    kind k bytes of Shift_JIS."""

    name: str
    kind: str
    length_digits: int
    size_max: int
    literal: str = ""

    @property
    def pattern(self) -> str:
        """As a regular expression, with its length in front."""
        if self.literal:
            return re.escape(self.literal)
        if not self.length_digits:
            return f"{_CHARACTERS[self.kind]}{{{self.size_max}}}"
        return f"[0-9]{{{self.length_digits}}}{_CHARACTERS[self.kind]}{{0,{self.size_max}}}"

    def written(self, value: str) -> str:
        """Padded as an element would be: digits with zeros in front, text with spaces behind."""
        if self.literal:
            return self.literal
        if self.kind == "k":
            value = value.encode(_JAPANESE, "replace").decode("latin-1")
        if self.length_digits:
            return f"{len(value):0{self.length_digits}d}{value}"
        return value.zfill(self.size_max) if self.kind == "n" else value.ljust(self.size_max)

    def read(self, text: str, at: int) -> tuple[str, int]:
        """-> its value without padding, and where the next one begins. Raises ValueError."""
        size = len(self.literal) or self.size_max
        if self.length_digits:
            size, at = int(text[at : at + self.length_digits]), at + self.length_digits
        value = text[at : at + size]
        if len(value) != size or size > max(self.size_max, len(self.literal)):
            raise ValueError(self.name)
        if self.kind == "k":
            value = value.encode("latin-1").decode(_JAPANESE, "replace")
        return value.rstrip(" "), at + size


@dataclass(frozen=True, slots=True, eq=False)
class Private:
    """One private element. binary: an element of bytes, so that its value is hexadecimal."""

    binary: bool
    fields: tuple[SubField, ...]
    names: tuple[str, ...]
    writers: tuple[tuple[str, Callable[[str], str]], ...]
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, fields: Sequence[SubField], *, binary: bool) -> Private:
        """Worked out once, for a profile."""
        return cls(
            binary,
            tuple(fields),
            tuple(field.name for field in fields if field.name),
            tuple((field.name, field.written) for field in fields),
            re.compile(_SEPARATOR.join(field.pattern for field in fields), re.DOTALL),
        )

    def write(self, values: Mapping[str, str]) -> str:
        """Values by name -> the element; empty where none of its names has one. Raises ValueError with the
        name of the first sub-field that is at fault."""
        if not any(map(values.get, self.names)):
            return ""
        said = values.get
        parts = [write(said(name, "")) for name, write in self.writers]
        if self.pattern.fullmatch(_SEPARATOR.join(parts)) is None:
            raise ValueError(next(self._faults(values), "layout"))
        text = "".join(parts)
        return text.encode("latin-1").hex().upper() if self.binary else text

    def read(self, text: str) -> dict[str, str]:
        """The reverse; zeros of a number stay. Raises ValueError where the text is not laid out like this."""
        values, at = {}, 0
        text = bytes.fromhex(text).decode("latin-1") if self.binary else text
        for field in self.fields:
            value, at = field.read(text, at)
            if field.name:
                values[field.name] = value
        if at != len(text):
            raise ValueError("layout")
        return values

    @property
    def size_max(self) -> int:
        """Characters or bytes that it takes at most."""
        return sum(len(one.literal) + one.length_digits + one.size_max for one in self.fields)

    def _faults(self, values: Mapping[str, str]) -> Iterator[str]:
        for field in self.fields:
            if re.fullmatch(field.pattern, field.written(values.get(field.name, "")), re.DOTALL) is None:
                yield field.name


def read_private(rows: Sequence[object], *, binary: bool) -> Private:
    """``["condition n3", "'V1'", "note k..60"]`` -> the element. Raises ValueError with the row at fault."""
    fields = [_sub_field(row, binary=binary) for row in rows]
    return Private.of(fields, binary=binary)


def _sub_field(row: object, *, binary: bool) -> SubField:
    found = _ROW.fullmatch(row) if isinstance(row, str) else None
    if found is None:
        raise ValueError(row)
    literal, name, kind, dots, size = (part or "" for part in found.groups())
    if literal:
        return SubField("", "ans", 0, 0, literal)
    if name not in NAMES or (kind == "k" and not binary):
        raise ValueError(row)
    return SubField(name, kind, len(dots), int(size))
