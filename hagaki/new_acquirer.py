"""Writes a new adapter's package: the SDK's skeleton under another name."""

from __future__ import annotations

import keyword
import re
import sys
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from acquirer_sdk import registry
from hagaki.problem import Problem

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NAME_MAX: Final = 32
_SKELETON: Final = "acquirer_sdk.skeleton"
_ENTRY: Final = "acquirer_sdk.skeleton.bench:bench"
_MODULES: Final = ("__init__", "adapter", "bench", "line", "messages", "simulator")
_AROUND: Final = {
    "pyproject.toml.txt": "pyproject.toml",
    "README.md.txt": "README.md",
    "test_conformance.py.txt": "tests/test_conformance.py",
}


def write(name: str, folder: Path) -> list[Path]:
    """The acquirer's name and a new or empty folder -> the files written there. Raises Problem."""
    module = _module(name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Problem(f"{folder} is there already: name a new folder with --folder", "folder-not-empty")
    written = {folder / module / f"{one}.py": _renamed(one, name, module) for one in _MODULES}
    for source, target in _AROUND.items():
        text = (files(_SKELETON) / "around" / source).read_text(encoding="utf-8")
        written[folder / target] = Template(text).substitute(name=name, module=module)
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return sorted(written)


def _module(name: str) -> str:
    """The package's name. Raises Problem for one that config.toml, Python or this machine has no room for."""
    if not _NAME.fullmatch(name) or len(name) > _NAME_MAX:
        raise Problem(
            f"{name!r} is no name: small letters and digits, parts joined by '-', at most 32", "name-form"
        )
    module = name.replace("-", "_")
    if keyword.iskeyword(module) or module in sys.stdlib_module_names:
        raise Problem(f"{module!r} is a word of Python's own: choose another name", "name-form")
    if name in registry.names():
        raise Problem(f"an acquirer called {name} is installed already: choose another name", "name-taken")
    return module


def _renamed(module: str, name: str, package: str) -> str:
    text = (files(_SKELETON) / f"{module}.py").read_text(encoding="utf-8")
    kind = "".join(part.capitalize() for part in name.split("-"))
    text = text.replace(_SKELETON, package).replace("Skeleton", kind)
    return text.replace('"skeleton"', f'"{name}"').replace("[acquirers.skeleton]", f"[acquirers.{name}]")
