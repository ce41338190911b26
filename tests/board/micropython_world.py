"""The real MicroPython interpreter (WebAssembly under node) with the firmware on it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from needs import need

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
PACKAGE: Final = "@micropython/micropython-webassembly-pyscript"
INTERPRETER: Final = Path(
    os.environ.get("MICROPYTHON_MJS", ROOT / "node_modules" / PACKAGE / "micropython.mjs")
)


def on_chip(script: str, given: Any, needles: Sequence[bytes] = ()) -> tuple[Any, list[bytes]]:
    """Run `report(given)` of a script beside this file.

    -> what it gives, and which of the needles the interpreter's memory holds when it is done.
    """
    there = shutil.which("node") is not None and INTERPRETER.exists()
    need(f"node and: npm install --no-save {PACKAGE}@1.27.0", present=there)
    done = subprocess.run(
        [
            "node",
            str(HERE / "on_chip.mjs"),
            str(INTERPRETER),
            str(ROOT),
            str(HERE / script),
            *(needle.hex() for needle in needles),
        ],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    out = json.loads(done.stdout)
    return out["said"], [bytes.fromhex(needle) for needle in out["found"]]
