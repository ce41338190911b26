"""Imports point where the architecture says, and every module is reached from somewhere."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from test_tidy_rules import judge
from tidy_tree import ROOT, Finding, imports, sources


def test_imports_point_the_right_way() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_no_module_is_dead() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = (project["scripts"], *project["entry-points"].values())
    entries = [entry for group in groups for entry in group.values()]
    reached = {entry.partition(":")[0] for entry in entries}
    files = [file for file in sources() if file.is_product]
    for file in files:
        for _, module, name in imports(file.tree):
            reached |= {module, f"{module}.{name}"}
        # A settings class is named as text in hagaki/sections.py, a migration by its folder.
        reached |= {text.partition(":")[0] for text in file.text.split('"') if text.count(":") == 1}
    dead = [
        Finding(file.path, 1, "file", "nothing imports it: use it or remove it")
        for file in files
        if file.module not in reached
        and not file.path.endswith(("__init__.py", "__main__.py", "board/rp2/main.py"))  # these are started
        and "/migrations/" not in file.path
    ]
    lines = judge("dead-module", dead)
    assert not lines, "\n".join(["", *lines])
