"""The firmware on the real MicroPython interpreter (WebAssembly under node): one sale, sealed on the chip."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from needs import need
from reader_centre import CARD, KEY_ID, SWIPE, open_sale, seal_result

from schemas.envelope import armour, outcome

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PACKAGE = "@micropython/micropython-webassembly-pyscript"
INTERPRETER = Path(os.environ.get("MICROPYTHON_MJS", ROOT / "node_modules" / PACKAGE / "micropython.mjs"))


def test_a_sale_on_micropython(tmp_path):
    there = shutil.which("node") is not None and INTERPRETER.exists()
    need(f"node and: npm install --no-save {PACKAGE}@1.27.0", present=there)
    ksn = KEY_ID + (1).to_bytes(4, "big")
    sealed = seal_result(ksn, outcome.APPROVED, 1200, approval_number="123456")
    script = tmp_path / "sale.py"
    told = f"INTERVALS = {SWIPE}\nRESULT = {armour.to_text(armour.RESULT, sealed)!r}\n"
    script.write_text(told + (HERE / "reader_on_chip.py").read_text())
    done = subprocess.run(
        ["node", str(HERE / "reader_on_chip.mjs"), str(INTERPRETER), str(ROOT), str(script)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert open_sale(report["sales"][0])[0] == ksn
    assert open_sale(report["sales"][0])[1].track2 == CARD
    assert report["told"] == ["reader.sealed", "reader.sent", "reader.result"]
    assert report["verdicts"] == ["genuine"]
    assert report["lcd"] == ["ｼｮｳﾆﾝ         C1", "00001     123456", "result"]
