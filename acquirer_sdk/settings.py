"""A table of config.toml -> a settings dataclass: every key known, of its type and in its range."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, Final, TypeVar, get_origin, get_type_hints

from acquirer_sdk.port import SettingsError

T = TypeVar("T")

_SHAPES: Final[dict[type, tuple[tuple[type, ...], str]]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    str: ((str,), "a text"),
    tuple: ((list,), "a list of texts"),
    Mapping: ((dict,), "a table of texts"),
}


def read_settings(cls: type[T], table: Mapping[str, object]) -> T:
    """A dataclass and a table -> the dataclass filled.

    Fields are bool, int, float, str, tuple[str, ...] or Mapping[str, str]. Their metadata: "help" is said
    where a key is missing; "min", "max" and "choices" are checked. Raises SettingsError naming the first
    wrong key.
    """
    known = {field.name: field for field in fields(cls)}  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise SettingsError(key, f"there is no such key; {_near(key, known)}")
    types = get_type_hints(cls)
    for key, field in known.items():
        if key not in table and field.default is MISSING and field.default_factory is MISSING:
            raise SettingsError(key, f"is needed: {field.metadata.get('help', key)}")
    return cls(**{key: _checked(known[key], types[key], value) for key, value in table.items()})


def _near(key: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(key, known, 1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"


def _checked(field: Field[Any], wanted: Any, value: Any) -> Any:
    shape = get_origin(wanted) or wanted
    accepted, called = _SHAPES[Mapping if shape not in _SHAPES else shape]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if type(value) not in accepted or not all(isinstance(item, str) for item in inside):
        raise SettingsError(field.name, f"must be {called}")
    low, high = field.metadata.get("min"), field.metadata.get("max")
    if low is not None and value < low:
        raise SettingsError(field.name, f"must be at least {low}")
    if high is not None and value > high:
        raise SettingsError(field.name, f"must be at most {high}")
    choices = field.metadata.get("choices")
    if choices is not None and value not in choices:
        raise SettingsError(field.name, f"must be one of {', '.join(choices)}")
    return tuple(value) if shape is tuple else value
