"""docs/shop-api.md is true: its ways to check a signature work, and its table of refusals is the code's."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from needs import need

from mail_gateway.domain.hook import signature
from mail_gateway.domain.order import OrderState
from mail_gateway.domain.placing import WHY
from mail_gateway.site import api_fields

PAGE = (Path(__file__).parents[2] / "docs/shop-api.md").read_text(encoding="utf-8")
SECRET = bytes(range(32))
BODY = '{"event":"order.made","id":"1.order.made"} 品'.encode()
NOW_S = 1_795_266_390


def shown(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def letters() -> list[tuple[str, str, bool]]:
    """Header, body, and whether it is genuine."""
    good = signature(SECRET, NOW_S, BODY)
    last = "0" if good[-1] != "0" else "1"
    return [
        (good, BODY.decode(), True),
        (good, BODY.decode() + " ", False),
        (good[:-1] + last, BODY.decode(), False),
        (good.replace(str(NOW_S), str(NOW_S + 1)), BODY.decode(), False),
        (signature(SECRET[:-1] + b"x", NOW_S, BODY), BODY.decode(), False),
        (signature(SECRET, NOW_S - 301, BODY), BODY.decode(), False),
    ]


def test_python_knows_what_is_genuine() -> None:
    here: dict[str, Any] = {}
    exec(shown("python"), here)
    here["time"] = type("Clock", (), {"time": staticmethod(lambda: NOW_S)})
    for header, body, genuine in letters():
        assert here["is_genuine"](SECRET.hex(), header, body.encode()) is genuine, header


def test_javascript_knows_what_is_genuine(tmp_path: Path) -> None:
    need("node: on Debian apt-get install nodejs", present=shutil.which("node") is not None)
    script = f"""{shown("javascript")}
Date.now = () => {NOW_S}000;
const said = {json.dumps([[header, body] for header, body, _ in letters()])};
const told = said.map(([header, body]) => isGenuine("{SECRET.hex()}", header, Buffer.from(body)));
console.log(JSON.stringify(told));
"""
    (tmp_path / "check.mjs").write_text(script, encoding="utf-8")
    done = subprocess.run(["node", tmp_path / "check.mjs"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [genuine for _, _, genuine in letters()]


def test_every_refusal_of_an_order_stands_in_it() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| ([0-9]{3}) \| (.*) \|$", PAGE, re.MULTILINE)
    wanted = [
        (slug, str(api_fields.STATUSES.get(slug, api_fields.REFUSED)), why)
        for slug, why in sorted(WHY.items())
    ]
    assert rows == wanted
    for state in OrderState:
        assert f"`{state.value}`" in PAGE
