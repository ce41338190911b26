"""`hagaki demo` as a newcomer runs it, and what it leaves behind: no card number and no key."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from secret_shapes import files_below, nowhere

from hagaki.sections import read_config, settings
from mail_gateway.envelope.keys import KeyRing
from mail_gateway.envelope.root import fetch_root
from mail_gateway.store import register
from mail_gateway.store.engine import open_store

PAN = "4111111111111111"
TRACK2 = "4111111111111111=27122010000012345678"


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hagaki", "demo", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)


@pytest.mark.parametrize(("language", "word"), [("en", "APPROVED      C1"), ("ja", "ｼｮｳﾆﾝ         C1")])
def test_the_demo_ends_with_the_approved_sale_on_the_lcd(language: str, word: str) -> None:
    done = demo("--lang", language)
    assert done.returncode == 0, done.stderr
    assert word in done.stdout
    assert done.stderr == ""


def test_a_declined_sale_is_no_success() -> None:
    done = demo("--lang", "en", "--amount", "1051")
    assert done.returncode == 1
    assert "DECLINED      C2" in done.stdout


def test_a_silent_host_ends_as_cancelled_and_never_as_declined() -> None:
    done = demo("--lang", "en", "--amount", "1901")
    assert done.returncode == 1, done.stderr
    unknown, cancelled = done.stdout.index("UNKNOWN - DO NOT"), done.stdout.index("CANCELLED     C6")
    assert unknown < cancelled
    assert "DECLINED" not in done.stdout


def test_its_json_is_one_object_a_line_and_ends_where_the_sale_ends() -> None:
    happenings = [json.loads(line) for line in demo("--json").stdout.splitlines()]
    verbs = [happening["verb"] for happening in happenings]
    stations = [
        "reader.sealed",
        "handset.posted",
        "mail.accepted",
        "letter.queued",
        "letter.sent",
        "reader.result",
    ]
    assert [verb for verb in verbs if verb in stations] == stations


def test_a_folder_that_is_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious", encoding="utf-8")
    done = demo("--folder", str(tmp_path))
    assert done.returncode == 2
    assert "is not empty; choose a new folder" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


async def test_nothing_the_demo_wrote_holds_a_card_number_a_track_or_a_key(tmp_path: Path) -> None:
    folder = tmp_path / "world"
    done = demo("--lang", "en", "--folder", str(folder))
    assert done.returncode == 0, done.stderr
    written = files_below(folder)
    written["standard output"] = done.stdout.encode()
    assert any(name.endswith("hagaki.db") for name in written)
    assert any("mailbox" in name for name in written)
    for secret in (PAN, TRACK2, TRACK2.partition("=")[2]):
        nowhere(secret.encode(), written)
    for name, key in await _keys(folder):
        elsewhere = {path: data for path, data in written.items() if not path.endswith(name)}
        nowhere(key, elsewhere)


async def _keys(folder: Path) -> list[tuple[str, bytes]]:
    """Each key with the one file it may stand in: the root key's own; the BDK in none."""
    loaded = read_config(folder / "config.toml")
    root = fetch_root(settings(loaded, "keys").root)
    store = open_store(settings(loaded, "gateway").database)
    try:
        ring = KeyRing(root, bytes)
        found = [("root.key", root)]
        for row in await store.read(register.bdks):
            ring.add_bdk(bytes.fromhex(row.id), row.wrapped)
            found.append(("no such file", ring.bdk(bytes.fromhex(row.id)) or b""))
    finally:
        await store.close()
    assert len(found) == 2
    return found
