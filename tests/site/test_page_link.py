"""The page's own link and armour in JavaScript say what the vectors of the wires say."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from needs import need

from schemas.envelope import armour

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
VECTORS = ROOT / "schemas/link/vectors"
PAGE = ROOT / "mail_gateway/site/phone"
KEYS = ("keys", "key-", "say-of-other-role")
"""A page loads no keys into a reader, and only ever has the phone's role."""


def vector(path: Path) -> dict[str, object]:
    head, _, data = path.read_bytes().decode().partition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.split("\n"))
    return {"wire": path.parent.name, "headers": headers, "data": data.removesuffix("\n"), "name": path.stem}


def is_ours(one: dict[str, object]) -> bool:
    headers = one["headers"]
    assert isinstance(headers, dict)
    name = str(one["name"])
    return one["wire"] == "frame" or (headers["role"] == "phone" and not any(part in name for part in KEYS))


def in_node(script: str, module: str, given: list[dict[str, object]]) -> list[str]:
    """The script's answers to the vectors."""
    need("node: on Debian apt-get install nodejs", present=shutil.which("node") is not None)
    done = subprocess.run(
        ["node", str(HERE / script), str(PAGE / module)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    said: list[str] = json.loads(done.stdout)
    return said


def test_every_vector_of_the_phones_role() -> None:
    paths = [*sorted((VECTORS / "session").glob("*.txt")), *sorted((VECTORS / "frame").glob("*.txt"))]
    given = [one for one in map(vector, paths) if is_ours(one)]
    assert len(given) > 15
    said = in_node("link_vectors.mjs", "link.js", given)
    assert {one["name"]: wrong for one, wrong in zip(given, said, strict=True) if wrong} == {}


def expected(one: dict[str, object]) -> str:
    headers = one["headers"]
    assert isinstance(headers, dict)
    if headers["expect"] != "ok":
        return str(headers["expect"])
    kind = armour.SALE if headers["kind"] == "sale" else armour.RESULT
    return str(armour.to_text(kind, bytes.fromhex(headers["body"])))


def test_every_vector_of_the_armour() -> None:
    folder = ROOT / "schemas/envelope/vectors"
    paths = [*sorted((folder / "armour").glob("*.txt")), *sorted((folder / "armourtext").glob("*.txt"))]
    given = [vector(path) for path in paths]
    for one in given:
        one["headers"].setdefault("kind", "sale")  # type: ignore[attr-defined]
    said = in_node("armour_vectors.mjs", "armour.js", given)
    assert dict(zip([one["name"] for one in given], said, strict=True)) == {
        one["name"]: expected(one) for one in given
    }
