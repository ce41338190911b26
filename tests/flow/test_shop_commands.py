"""`hagaki merchant set`, as an operator types it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hagaki import cli

CONFIG = '[gateway]\ndomain = "pay.example"\n[smtp]\nhostname = "mx.pay.example"\n'
NAME = "Yama no Ie"


Type = Callable[..., tuple[int, str, str]]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Type:
    """Types one command in a folder with a merchant: exit code, output, errors."""
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def merchant(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hagaki", "merchant", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), *capsys.readouterr()

    assert merchant("add", "--name", NAME, "--mail", "yama@example.jp")[0] == 0
    return merchant


def test_what_is_set_stays_until_it_is_set_again(office: Type) -> None:
    first = office("set", NAME, "--registration-number", "T7000012050002", "--rate", "8", "--json")
    assert json.loads(first[1])["registration_number"] == "T7000012050002"
    _, said, _ = office("set", NAME, "--address", "長野県松本市", "--digest", "full")
    assert said.startswith(
        f"merchant {NAME}, registration number T7000012050002, address 長野県松本市, rate 8,"
    )
    assert said.rstrip().endswith("rounding down, digest full")
    person = ("--registration-number", "T1234567890123", "--person", "--json")
    assert json.loads(office("set", NAME, *person)[1])["registration_number"] == "T1234567890123"


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ((NAME, "--registration-number", "7000012050002"), "registration-number"),
        ((NAME, "--registration-number", "T1234567890123"), "registration-number"),
        ((NAME, "--address", "one\nBcc: two"), "shop-text"),
        ((NAME, "--issuer", "山" * 81), "shop-text"),
        ((NAME, "--rate", "9"), "usage"),
        (("Nobody", "--rate", "8"), "merchant-unknown"),
    ],
)
def test_what_no_receipt_may_say_is_refused(office: Type, words: tuple[str, ...], slug: str) -> None:
    code, _, said = office("set", *words)
    assert code == 2
    assert said.count("\n") == 1 and said.rstrip().endswith(f"[{slug}]")
