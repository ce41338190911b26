"""config.toml -> settings: one table, one dataclass; paths lie beside the file, secrets are references."""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from acquirer_sdk.port import SettingsError
from acquirer_sdk.settings import read_settings
from hagaki.problem import Problem

S = TypeVar("S")


class Config:
    """One config.toml. `section` builds a settings value; nothing is read from the file again."""

    def __init__(self, folder: Path, tables: Mapping[str, Any]) -> None:
        self.folder = folder
        self._tables = tables

    def section(self, name: str, kind: type[S]) -> S:
        """The table [name] as the settings dataclass `kind`. Raises Problem for an unknown or wrong key."""
        try:
            read = read_settings(kind, self.table(name))
            resolved = {
                field.name: self._resolved(name, field, getattr(read, field.name))
                for field in dataclasses.fields(read)  # type: ignore[arg-type]
                if "path" in field.metadata or "secret" in field.metadata
            }
            return dataclasses.replace(read, **resolved)  # type: ignore[type-var]
        except SettingsError as error:
            raise Problem(f"[{name}] {error.key}: {error.sentence}", "config-key") from None

    def table(self, name: str) -> Mapping[str, Any]:
        """The table [name] or [outer.inner] as it stands, empty when it is not there. Raises Problem."""
        found: Any = self._tables
        for part in name.split("."):
            found = found.get(part, {})
            if not isinstance(found, dict):
                raise Problem(f"[{name}] must be a table", "config-not-a-table")
        return cast("Mapping[str, Any]", found)

    def rows(self, name: str) -> Sequence[Mapping[str, Any]]:
        """The tables [[name]], none when there are none. Raises Problem."""
        found = self._tables.get(name, [])
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise Problem(f"[[{name}]] must be tables in double brackets", "config-not-a-table")
        return found

    def refer(self, where: str, reference: str) -> str:
        """What "env:NAME" or "file:PATH" means; where it stands is for the sentence. Raises Problem."""
        return self._secret(where, reference)

    def with_value(self, section: str, key: str, value: str) -> Config:
        """The same configuration with one key of one table set by the command line."""
        table = {**self.table(section), key: value}
        return Config(self.folder, {**self._tables, section: table})

    def _resolved(self, section: str, field: dataclasses.Field[Any], value: Any) -> Any:
        if field.metadata.get("secret"):
            return self._secret(f"[{section}] {field.name}", value)
        if isinstance(value, Mapping):
            return {key: str(self.folder / path) for key, path in value.items()}
        if field.metadata.get("url"):
            value = self._url(f"[{section}] {field.name}", value)
        prefix = field.metadata["path"]
        if not value or not value.startswith(prefix):
            return value
        return f"{prefix}{self.folder / value.removeprefix(prefix)}"

    def _url(self, where: str, value: str) -> str:
        """A URL may be a reference; one that is written out must not hold a password."""
        if value.startswith(("env:", "file:")):
            return self._secret(where, value)
        if urlsplit(value).password:
            sentence = f'{where}: holds a password; write "env:NAME" or "file:PATH", or use ~/.pgpass'
            raise Problem(sentence, "secret-in-config")
        return value

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
                raise Problem(f"{where}: the file {name}: {error.strerror}", "secret-missing") from None
            except ValueError:
                raise Problem(f"{where}: the file {name}: not a text", "secret-missing") from None
        raise Problem(f'{where}: must be a reference: "env:NAME" or "file:PATH"', "secret-in-config")


def load(path: Path, sections: Iterable[str]) -> Config:
    """Read the file and refuse tables that nobody knows. Raises Problem."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        sentence = f"{path}: no such file; begin with: hagaki check-config --sample > {path.name}"
        raise Problem(sentence, "config-missing") from None
    except OSError as error:
        raise Problem(f"{path}: {error.strerror}", "config-unreadable") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(f"{path} is not TOML: {error}", "config-not-toml") from None
    for name in tables:
        if name not in sections:
            near = difflib.get_close_matches(name, list(sections), 1)
            hint = f"did you mean [{near[0]}]?" if near else f"known are {', '.join(sections)}"
            raise Problem(f"[{name}]: there is no such table; {hint}", "config-table")
    return Config(path.parent.resolve(), tables)
