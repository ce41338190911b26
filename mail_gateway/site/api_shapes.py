"""Shapes of JSON: one description that a body is checked against and the OpenAPI document is drawn from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDDEN: Final = r"\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
ONE_LINE: Final = f"[^{HIDDEN}]*"
"""No controls, nothing invisible that turns the order of letters round, no half of a pair of surrogates."""


class Misfit(Exception):
    """A value that is not of its shape. slug: the fault; path: where, such as lines[0].quantity."""

    def __init__(self, slug: str, path: str) -> None:
        super().__init__(f"{slug} at {path}")
        self.slug = slug
        self.path = path


class Shape(Protocol):
    """`check` gives the value back, checked, and raises Misfit; `schema` is the same as a JSON Schema."""

    def check(self, value: object, path: str) -> Any: ...
    def schema(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Words:
    """A text of least to most characters (code points), all of it of that form."""

    most: int
    least: int = 1
    form: str = ONE_LINE

    def check(self, value: object, path: str) -> str:
        """-> the text. Raises Misfit."""
        if not isinstance(value, str):
            raise Misfit("json-text", path)
        if not self.least <= len(value) <= self.most:
            raise Misfit("json-length", path)
        if not re.fullmatch(self.form, value):
            raise Misfit("json-form", path)
        return value

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        pattern = f"^(?:{self.form})$"
        return {"type": "string", "minLength": self.least, "maxLength": self.most, "pattern": pattern}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these texts, or one of these numbers."""

    values: tuple[str, ...] | tuple[int, ...]

    def check(self, value: object, path: str) -> Any:
        """-> the value. Raises Misfit."""
        if type(value) not in (str, int) or value not in self.values:
            raise Misfit("json-form", path)
        return value

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {"enum": list(self.values)}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from least to most."""

    least: int
    most: int

    def check(self, value: object, path: str) -> int:
        """-> the number. Raises Misfit; a flag is no number."""
        if type(value) is not int:
            raise Misfit("json-number", path)
        if not self.least <= value <= self.most:
            raise Misfit("json-range", path)
        return value

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    def check(self, value: object, path: str) -> bool:
        """-> the flag. Raises Misfit."""
        if type(value) is not bool:
            raise Misfit("json-flag", path)
        return value

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Many:
    """A list of least to most values of one shape."""

    of: Shape
    most: int
    least: int = 1

    def check(self, value: object, path: str) -> list[Any]:
        """-> the values. Raises Misfit."""
        if not isinstance(value, list):
            raise Misfit("json-list", path)
        if not self.least <= len(value) <= self.most:
            raise Misfit("json-length", path)
        return [self.of.check(one, f"{path}[{at}]") for at, one in enumerate(value)]

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {
            "type": "array",
            "minItems": self.least,
            "maxItems": self.most,
            "items": self.of.schema(),
        }


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a table. help: what it is, for people."""

    shape: Shape
    help: str
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Members:
    """An object: these members and no others. either: of these names exactly one is there."""

    members: Mapping[str, Member]
    either: tuple[str, ...] = ()

    def check(self, value: object, path: str) -> dict[str, Any]:
        """-> the members that are there. Raises Misfit."""
        if not isinstance(value, dict):
            raise Misfit("json-table", path)
        inside = f"{path}." if path else ""
        for name in value:
            if name not in self.members:
                raise Misfit("json-unknown", inside + _shown(name))
        for name, member in self.members.items():
            if member.needed and name not in value:
                raise Misfit("json-missing", inside + name)
        if self.either and sum(name in value for name in self.either) != 1:
            raise Misfit("json-either", inside + self.either[0])
        return {name: self.members[name].shape.check(one, inside + name) for name, one in value.items()}

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        found: dict[str, Any] = {
            "type": "object",
            "additionalProperties": False,
            "required": [name for name, member in self.members.items() if member.needed],
            "properties": {
                name: {**member.shape.schema(), "description": member.help}
                for name, member in self.members.items()
            },
        }
        if self.either:
            found["oneOf"] = [{"required": [name]} for name in self.either]
        return found


_SHOWN_MAX: Final = 40


def _shown(name: str) -> str:
    """A stranger's word in an answer: short, and nothing in it moves a terminal."""
    return re.sub(f"[{HIDDEN}]", "?", name[:_SHOWN_MAX])
