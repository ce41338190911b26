"""config.toml -> settings: every key known, of its type and in its range, or one clear sentence."""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from hagaki.problem import Problem

S = TypeVar("S")

_NAMES: Final[dict[type, str]] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list of texts",
    dict: "a table",
}


class Config:
    """One config.toml. `section` builds a settings value; nothing is read from the file again."""

    def __init__(self, folder: Path, tables: Mapping[str, Any]) -> None:
        self.folder = folder
        self._tables = tables

    def section(self, name: str, kind: type[S]) -> S:
        """The table [name] as the settings dataclass `kind`. Raises Problem for an unknown or wrong key."""
        table = self.table(name)
        fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
        for key in table:
            if key not in fields:
                raise _unknown(f"key '{key}' in [{name}]", key, fields)
        hints = typing.get_type_hints(kind)
        values = {key: self._value(f"[{name}] {key}", table[key], hints[key], fields[key]) for key in table}
        for key, field in fields.items():
            if key not in values:
                values[key] = self._absent(name, key, field)
        return kind(**values)

    def table(self, name: str) -> Mapping[str, Any]:
        """The table [name] or [outer.inner] as it stands, empty when it is not there."""
        found: Any = self._tables
        for part in name.split("."):
            found = found.get(part, {})
            if not isinstance(found, dict):
                raise Problem(f"[{name}] must be a table", "config-not-a-table")
        return typing.cast("Mapping[str, Any]", found)

    def with_value(self, section: str, key: str, value: str) -> Config:
        """The same configuration with one key of one table set by the command line."""
        table = {**self.table(section), key: value}
        return Config(self.folder, {**self._tables, section: table})

    def _absent(self, section: str, key: str, field: dataclasses.Field[Any]) -> Any:
        if field.default is not dataclasses.MISSING:
            return self._resolve(f"[{section}] {key}", field.default, field)
        if field.default_factory is not dataclasses.MISSING:
            return field.default_factory()
        raise Problem(f"[{section}] needs '{key}': {field.metadata.get('help', key)}", "config-key-missing")

    def _value(self, where: str, value: Any, hint: Any, field: dataclasses.Field[Any]) -> Any:
        if typing.get_origin(hint) is tuple:
            return tuple(_typed(where, item, str) for item in _typed(where, value, list))
        if hint not in (str, int, bool):
            return {str(k): _typed(where, v, str) for k, v in _typed(where, value, dict).items()}
        checked = _typed(where, value, hint)
        _in_range(where, checked, field.metadata)
        return self._resolve(where, checked, field)

    def _resolve(self, where: str, value: Any, field: dataclasses.Field[Any]) -> Any:
        if field.metadata.get("secret"):
            return self._secret(where, value)
        prefix = field.metadata.get("path")
        if prefix is None or not value.startswith(prefix):
            return value
        return f"{prefix}{self.folder / value.removeprefix(prefix)}" if value != prefix else value

    def _secret(self, where: str, reference: str) -> str:
        kind, _, name = reference.partition(":")
        if not reference:
            return ""
        if kind == "env":
            if name not in os.environ:
                raise Problem(f"{where}: the environment variable {name} is not set", "secret-missing")
            return os.environ[name]
        if kind == "file":
            try:
                return (self.folder / name).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise Problem(f"{where} names the file {name}: {error.strerror}", "secret-missing") from None
        raise Problem(f'{where} must be a reference: "env:NAME" or "file:PATH"', "secret-in-config")


def load(path: Path, sections: Mapping[str, object]) -> Config:
    """Read the file and refuse tables that nobody knows. Raises Problem."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Problem(f"{path}: no such file; copy config.toml and edit it", "config-missing") from None
    except OSError as error:
        raise Problem(f"{path}: {error.strerror}", "config-unreadable") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Problem(f"{path} is not TOML: {error}", "config-not-toml") from None
    known = {name.partition(".")[0] for name in sections}
    for name in tables:
        if name not in known:
            raise _unknown(f"table [{name}]", name, known)
    return Config(path.parent.resolve(), tables)


def _typed(where: str, value: Any, kind: type[Any]) -> Any:
    if type(value) is not kind:
        wanted = _NAMES[kind]
        raise Problem(f"{where} must be {wanted}", "config-wrong-type")
    return value


def _in_range(where: str, value: Any, rules: Mapping[str, Any]) -> None:
    low, high, choices = rules.get("min"), rules.get("max"), rules.get("choices")
    if low is not None and value < low:
        raise Problem(f"{where} must be at least {low}", "config-out-of-range")
    if high is not None and value > high:
        raise Problem(f"{where} must be at most {high}", "config-out-of-range")
    if choices is not None and value not in choices:
        raise Problem(f"{where} must be one of {', '.join(map(repr, choices))}", "config-not-a-choice")


def _unknown(what: str, name: str, known: Mapping[str, object] | set[str]) -> Problem:
    near = difflib.get_close_matches(name, list(known), 1)
    hint = f"did you mean '{near[0]}'?" if near else f"known are: {', '.join(sorted(known))}"
    return Problem(f"unknown {what}; {hint}", "config-unknown-key")
