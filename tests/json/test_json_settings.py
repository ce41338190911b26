"""What is wrong with [acquirers.json], or with how the simulator is called, in one good sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cutting_server import SECRET, authority

from acquirer_sdk.bench import Outside
from acquirer_sdk.port import Ports, SettingsError
from acquirer_sdk.registry import find
from hagaki.office import check_config
from hagaki.problem import Problem
from hagaki.processor import processor
from json_adapter.adapter import create

GOOD = {"url": "https://pay.example/api", "key_id": "trial", "secret": "env:S"}
OUTSIDE = """\
[gateway]
domain = "pay.example"
[smtp]
hostname = "mx.pay.example"
[acquirer]
name = "json"
[acquirers.json]
url = "https://pay.example"
key_id = "trial"
"""


def ports(**given: str) -> Ports:
    texts = {"secret": SECRET, "ca": "", **given}
    return replace(Outside().ports, refer=lambda key, _: texts[key])


def test_it_is_found_by_its_name() -> None:
    assert find("json") is create
    create(GOOD, ports())
    create({**GOOD, "url": "http://127.0.0.1:8080"}, ports())
    create(
        {**GOOD, "ca": "file:x", "proxy": "http://10.0.0.1:3128"},
        ports(ca=authority().cert_pem.bytes().decode()),
    )


@pytest.mark.parametrize(
    ("changes", "key", "says"),
    [
        ({"url": ""}, "url", "is needed: the processor's address"),
        ({"key_id": ""}, "key_id", "is needed"),
        ({"secret": ""}, "secret", "is needed: 32 octets"),
        ({"url": "http://pay.example"}, "url", "card data leave by https:// only"),
        ({"url": "http://localhost"}, "url", "simulator at 127.0.0.1"),
        ({"url": "http://127.0.0.1.nip.example"}, "url", "simulator at 127.0.0.1"),
        ({"url": "ftp://pay.example"}, "url", "must be https://HOST"),
        ({"url": "pay.example"}, "url", "must be https://HOST"),
        ({"url": "https://"}, "url", "must be https://HOST"),
        ({"url": "https://pay.example:0"}, "url", "must be https://HOST"),
        ({"url": "https://pay.example:99999"}, "url", "is no URL"),
        ({"url": "https://pay.example/?x=1"}, "url", "must be https://HOST"),
        ({"url": "https://pay.example/#x"}, "url", "must be https://HOST"),
        ({"url": "https://pay.example/\n"}, "url", "must be https://HOST"),
        ({"url": "https://user:hunter2@pay.example"}, "url", "must not hold a user or a password"),
        ({"proxy": "https://10.0.0.1:3128"}, "proxy", "must be http://HOST:PORT"),
        ({"proxy": "http://u:p@10.0.0.1"}, "proxy", "must not hold"),
        ({"proxy": "http://10.0.0.1", "url": "http://127.0.0.1"}, "proxy", "would see the card data"),
        ({"key_id": "a b"}, "key_id", "letters, digits"),
        ({"key_id": 'a"'}, "key_id", "letters, digits"),
        ({"items_after": ["shoe-size"]}, "items_after", "known are product-code"),
        ({"ulr": "x"}, "ulr", "did you mean url?"),
        ({"host_timeout_s": 0}, "host_timeout_s", "at least"),
        ({"ca": "file:no-pem"}, "ca", "is no certificate in PEM"),
        ({"secret": "file:short"}, "secret", "at least 32 octets"),
    ],
)
def test_what_is_wrong_is_said_with_the_key(changes: dict[str, object], key: str, says: str) -> None:
    wrong = {"file:short": {"secret": "short"}, "file:no-pem": {"ca": "no PEM"}}
    given = wrong.get(str(changes.get("secret") or changes.get("ca")), {})
    with pytest.raises(SettingsError) as caught:
        create({**GOOD, **changes}, ports(**given))
    assert caught.value.key == key
    assert says in caught.value.sentence
    assert "hunter2" not in str(caught.value)


def test_nothing_shows_the_secret() -> None:
    acquirer = create(GOOD, ports())
    assert SECRET not in repr(acquirer) + repr(vars(acquirer))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('secret = "hunter2"', '[acquirers.json] secret: must be a reference: "env:NAME" or "file:PATH"'),
        ('secret = "file:nowhere"', "[acquirers.json] secret: the file nowhere: No such file or directory"),
        ('secret = "file:secret"\nca = "file:secret"', "[acquirers.json] ca: is no certificate in PEM"),
    ],
)
def test_check_config_says_it_in_one_sentence(line: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    config = tmp_path / "config.toml"
    config.write_text(OUTSIDE + line + "\n", encoding="utf-8")
    with pytest.raises(Problem) as caught:
        check_config(config)
    assert caught.value.sentence == says


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "name one of --tls-cert with --tls-key, --self-signed and --plain"),
        ({"plain": True, "self_signed": Path("x")}, "name one of"),
        ({"tls_cert": Path("secret")}, "go together"),
        ({"tls_cert": Path("secret"), "tls_key": Path("secret")}, "no certificate in PEM"),
        ({"plain": True}, "[processor] secret: must have at least 32 octets"),
    ],
)
def test_the_simulator_says_what_it_needs(options: dict[str, Any], says: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    config = tmp_path / "config.toml"
    config.write_text("[processor]\nport = 0\n", encoding="utf-8")
    placed = {name: tmp_path / one if isinstance(one, Path) else one for name, one in options.items()}
    with pytest.raises(Problem) as caught:
        processor(config, **placed)
    assert says in caught.value.sentence


def test_the_wire_is_printed_for_tools(capsys: pytest.CaptureFixture[str]) -> None:
    assert processor(openapi=True) == 0
    assert json.loads(capsys.readouterr().out)["openapi"] == "3.1.0"
