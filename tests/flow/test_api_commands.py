"""`hagaki merchant key` and `hagaki merchant hooks`, as an operator types them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hagaki import cli
from mail_gateway.envelope.root import make_root
from mail_gateway.store import api_keys
from mail_gateway.store.backend import guest

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
    make_root(f"file:{tmp_path}/var/root.key")
    return merchant


def test_key_and_webhook_are_shown_once_and_revoked_for_good(office: Type, tmp_path: Path) -> None:
    _, key, _ = office("key", "new", NAME, "--called", "till 1")
    made = json.loads(office("key", "new", NAME, "--json")[1])
    assert (made["merchant"], made["key"], made["name"]) == (NAME, 2, "shop")
    assert key.startswith("hgk_") and key.strip() != made["secret"]
    listed = [json.loads(row) for row in office("key", "list", NAME, "--json")[1].splitlines()]
    assert [(row["key"], row["name"], row["revoked_ms"]) for row in listed] == [
        (1, "till 1", None),
        (2, "shop", None),
    ]
    assert office("key", "revoke", NAME, "1")[0] == 0
    code, _, said = office("key", "revoke", NAME, "1")
    assert (code, "shop-key-unknown" in said) == (2, True)
    with guest(f"sqlite:///{tmp_path}/var/hagaki.db") as conn:
        assert api_keys.holder(conn, api_keys.key_hash(key.strip())) is None
        assert api_keys.holder(conn, api_keys.key_hash(made["secret"])) == api_keys.Holder(2, 1)
    for words, slug in (
        (("new", "Nobody"), "merchant-unknown"),
        (("new", NAME, "--called", "a\nb"), "key-name"),
    ):
        code, _, said = office("key", *words)
        assert (code, slug in said) == (2, True), said
    code, _, said = office("selling", NAME, "--webhook", "http://shop.example")
    assert (code, "webhook-address" in said) == (2, True)
    shown = json.loads(office("selling", NAME, "--webhook", "https://shop.example/hooks", "--json")[1])
    assert (shown["webhook"], len(bytes.fromhex(shown["secret"]))) == ("https://shop.example/hooks", 32)
    assert shown["secret"] not in office("selling", NAME, "--json")[1]
    assert office("hooks", "list", NAME)[1] == "none\n"
    assert json.loads(office("hooks", "retry", NAME, "--json")[1]) == {"merchant": NAME, "hooks": 0}
