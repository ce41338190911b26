"""`hagaki reader` at the counter, as a merchant types it: chip, PIN, last sales, again, void and refund."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CONFIG = '[gateway]\ndomain = "pay.example"\n[smtp]\nhostname = "mx.pay.example"\n'


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A folder with a reader that takes PINs."""
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    for words in (
        ("keys", "new"),
        ("merchant", "add", "--name", "Yama no Ie", "--mail", "yama@example.jp"),
        ("reader", "new", "--serial", "1001", "--out", "reader.dev", "--pin"),
    ):
        assert _hagaki(tmp_path, *words).returncode == 0
    return tmp_path


def _hagaki(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "hagaki", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60)


def _reader(folder: Path, *words: str) -> Any:
    """One command of the reader, with --json -> what it printed, a list if there are several lines."""
    done = _hagaki(folder, "reader", *words, "--device", "reader.dev", "--json")
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def _refusal(folder: Path, *words: str) -> str:
    done = _hagaki(folder, "reader", *words, "--device", "reader.dev")
    assert done.returncode == 2
    return done.stderr.decode().rstrip().rpartition("[")[2].rstrip("]")


def test_stripe_chip_and_debit_are_listed_and_sent_again(office: Path) -> None:
    [stripe] = _reader(office, "swipe", "--amount", "1200")
    [chip] = _reader(office, "insert", "--amount", "500", "--slot", "card:visa")
    _reader(office, "swipe", "--amount", "700", "--condition", "110", "--pin", "1234")
    listed = _reader(office, "sales")
    assert [(sale["slip"], sale["amount_minor"], sale["outcome"]) for sale in listed] == [
        (3, 700, ""),
        (2, 500, ""),
        (1, 1200, ""),
    ]
    assert [sale["can_send_again"] for sale in listed] == [True] * 3
    assert _reader(office, "again", "--slip", "2")[0]["sale"] == chip["sale"]
    assert _reader(office, "again", "--slip", "1")[0]["sale"] == stripe["sale"]
    plain = _hagaki(office, "reader", "sales", "--device", "reader.dev").stdout.decode().splitlines()
    assert plain[0].split() == ["00003", "700", "NOT", "YET", "PAID"]


def test_what_cannot_be_done_is_said(office: Path) -> None:
    assert _refusal(office, "again", "--slip", "1") == "no-sales"
    _reader(office, "swipe", "--amount", "1200")
    assert _refusal(office, "void", "--slip", "1") == "no-void"
    assert _refusal(office, "refund", "--slip", "1", "--amount", "5") == "no-refund"
    assert _refusal(office, "void", "--slip", "9") == "slip-unknown"
    assert _refusal(office, "swipe", "--amount", "7", "--condition", "110") == "pin-wanted"
    assert _refusal(office, "insert", "--amount", "7", "--slot", "card:jcb:no-record") == "card-fallback"
    assert _refusal(office, "insert", "--amount", "7", "--slot", "card:jcb:declines") == "chip-declined"
