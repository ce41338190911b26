"""Reading an adapter's own table of config.toml into its settings dataclass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any, TypeVar, get_type_hints

from acquirer_sdk.port import SettingsError

T = TypeVar("T")

_ACCEPTED: Mapping[type, tuple[type, ...]] = {bool: (bool,), int: (int,), float: (int, float), str: (str,)}


def read_settings(cls: type[T], table: Mapping[str, object]) -> T:
    """A dataclass of bool, int, float and str fields, and a table -> the filled dataclass.

    Field metadata "min", "max" and "choices" are checked. Raises SettingsError naming the first wrong key.
    """
    known: tuple[Field[Any], ...] = fields(cls)  # type: ignore[arg-type]
    names = [field.name for field in known]
    for key in table:
        if key not in names:
            raise SettingsError(key, f"there is no such key; known are {', '.join(names)}")
    types = get_type_hints(cls)
    return cls(**{f.name: _checked(f, types[f.name], table[f.name]) for f in known if f.name in table})


def _checked(field: Field[Any], wanted: type, value: object) -> object:
    if type(value) not in _ACCEPTED[wanted]:
        raise SettingsError(field.name, f"must be of type {wanted.__name__}")
    low, high = field.metadata.get("min"), field.metadata.get("max")
    if (low is not None and value < low) or (high is not None and value > high):
        raise SettingsError(field.name, f"must lie between {low} and {high}")
    choices = field.metadata.get("choices")
    if choices is not None and value not in choices:
        raise SettingsError(field.name, f"must be one of {', '.join(choices)}")
    return value
