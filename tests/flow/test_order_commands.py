"""`hagaki merchant selling`, product, customer and customer means, as an operator types them."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer.main

from hagaki import cli
from mail_gateway.admin import customers, keys, merchants
from mail_gateway.settings import GatewaySettings, KeySettings
from schemas.deal import ocra

CONFIG = (
    '[gateway]\ndomain = "pay.example"\n[keys]\nroot = "file:root.key"\n[smtp]\nhostname = "mx.pay.example"\n'
)
PAN, EXPIRY, PASSWORD = "4111111111111111", "09/28", "correct horse 9"
ACCOUNT = ("0001123", "1", "7654321", "ヤマダ ハナコ", "M-1")

COMMAND = typer.main.get_command(cli.app)
"""Built once: that is most of what a short command costs."""

Type = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key, a merchant and a customer, made once."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    gateway = GatewaySettings("pay.example", database=f"sqlite:///{folder}/var/hagaki.db")
    keys.new_bdk(gateway, KeySettings(f"file:{folder}/root.key"))
    merchants.add(gateway, merchants.NewMerchant("Yama", "yama@example.jp"))
    customers.add(gateway, customers.NewCustomer("山田花子", "a..b@docomo.example"))
    return folder


@pytest.fixture
def office(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Type:
    """Types one command, with lines for its standard input: exit code, output, errors."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "app", COMMAND)

    def typed(*words: str, lines: tuple[str, ...] = ()) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hagaki", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return typed


def told(said: tuple[int, str, str]) -> Any:
    code, output, errors = said
    assert code == 0, errors
    return json.loads(output)


def refused(said: tuple[int, str, str]) -> str:
    code, output, errors = said
    assert (code, output) == (2, "")
    assert errors.count("\n") == 1
    return errors.rstrip().rpartition("[")[2].rstrip("]")


def customer(office: Type) -> str:
    return str(json.loads(office("customer", "list", "--json")[1])["customer_id"])


def on_disk() -> bytes:
    return b"".join(path.read_bytes() for path in Path("var").glob("hagaki.db*"))


def test_a_merchant_sells_as_it_was_set_and_limits_make_sense(office: Type) -> None:
    first = told(office("merchant", "selling", "Yama", "--settle", "daily", "--plain-max", "0", "--json"))
    assert (first["settle"], first["plain_minor_max"], first["code_minor_max"]) == ("daily", 0, 100_000)
    second = told(office("merchant", "selling", "Yama", "--answer-h", "48", "--json"))
    assert (second["settle"], second["answer_h"]) == ("daily", 48)
    for words in (("--plain-max", "100001"), ("--code-max", "-1"), ("--answer-h", "721")):
        assert refused(office("merchant", "selling", "Yama", *words)) == "selling-bad"
    assert refused(office("merchant", "selling", "Nobody")) == "merchant-unknown"
    assert (
        refused(office("merchant", "selling", "Yama", "--webhook", "http://x.example")) == "webhook-address"
    )
    assert told(office("merchant", "selling", "Yama", "--json")) == {**second, "merchant": "Yama"}
    hooked = told(office("merchant", "selling", "Yama", "--webhook", "https://x.example/h", "--json"))
    lines = office("merchant", "selling", "Yama", "--webhook", "https://x.example/h")[1].splitlines()
    assert lines[-6:-4] == ["", "The webhook's secret, shown this once:"]
    assert len(bytes.fromhex(lines[-4])) == 32, "on a line of its own, to be copied whole"
    assert lines[-4].strip() != hooked["secret"], "a new one each time"
    assert "--webhook again" in lines[-1]
    assert max(map(len, lines)) < 80
    said = office("merchant", "selling", "Yama")[1]
    assert lines[-4].strip() not in said
    assert "yes is enough    up to" not in said, "0: never without the code"
    assert "code is enough   up to JPY 100,000" in said
    assert "lapses after 48 h; sent again once, after 24 h" in said
    assert len(bytes.fromhex(hooked["secret"])) >= 32
    assert bytes.fromhex(hooked["secret"]) not in on_disk()


def test_products_come_from_a_price_file_whole_or_not_at_all(office: Type) -> None:
    head = "code,name,unit_minor,tax_rate,stock\n"
    Path("good.csv").write_text(
        head + 'JAM,"りんご、ジャム","1,080",8%,40\nPEN,ペナント,1265,,\n', encoding="cp932"
    )
    assert told(office("product", "load", "good.csv", "--json")) == {
        **{"merchant": "Yama", "added": 2, "changed": 0}
    }
    jam, pen = (json.loads(line) for line in office("product", "list", "--json")[1].splitlines())
    assert (jam["name"], jam["unit_minor"], jam["tax_rate"], jam["stock"]) == ("りんご、ジャム", 1_080, 8, 40)
    assert (pen["tax_rate"], pen["stock"]) == (10, None)
    Path("more.csv").write_text("\ufeffcode,name,unit_minor\nJAM,Jam,1100\nNEW,New,5\n", encoding="utf-8")
    assert told(office("product", "load", "more.csv", "--json"))["changed"] == 1
    before = office("product", "list", "--json")
    assert json.loads(before[1].splitlines()[0])["stock"] == 40
    bad = {
        "cells": f"{head}A,a,1,10,1\nB,b,1\n",
        "twice": f"{head}A,a,1,10,1\nA,b,1,10,1\n",
        "number": f"{head}A,a,1.5,10,1\n",
        "column": "code,name,price\nA,a,1\n",
        "missing": "code,name\nA,a\n",
        "empty": "",
    }
    for text in bad.values():
        Path("bad.csv").write_text(text, encoding="utf-8")
        assert refused(office("product", "load", "bad.csv")) == "product-file"
    for line in ("A,a,0,10,1", "A,a,1,9,1", "A B,a,1,10,1", "A, ,1,10,1", f"A,{'a' * 81},1,10,1"):
        Path("bad.csv").write_text(f"{head}GOOD,g,1,10,1\n{line}\n", encoding="utf-8")
        assert refused(office("product", "load", "bad.csv")) == "product-bad"
    assert office("product", "list", "--json") == before


def test_what_there_is_none_of_is_told_from_what_cannot_be(office: Type) -> None:
    assert office("payments", "list", "--state", "approved")[:2] == (0, "none\n")
    said = office("payments", "list", "--state", "aproved")
    assert refused(said) == "usage"
    assert " approved," in said[2], "which states there are"
    assert refused(office("proof", "12")) == "question-missing"
    Path("one.csv").write_text("code,name,unit_minor\nJAM,Jam,1100\n", encoding="utf-8")
    assert office("product", "load", "one.csv")[1] == "Yama: 1 product added, 0 changed\n"


def test_a_product_is_changed_counted_and_retired(office: Type) -> None:
    new = ("JAM", "--name", "Jam", "--price", "540", "--rate", "8", "--stock", "3")
    assert "JPY 540, tax rate 8%, 3 in stock" in office("product", "add", *new)[1]
    assert refused(office("product", "add", *new)) == "product-exists"
    changed = told(office("product", "set", "JAM", "--price", "600", "--json"))
    assert (changed["unit_minor"], changed["name"], changed["stock"]) == (600, "Jam", 3)
    assert refused(office("product", "set", "JAM", "--price", "0")) == "product-bad"
    assert refused(office("product", "set", "NONE", "--price", "1")) == "product-unknown"
    assert told(office("product", "stock", "JAM", "--by", "-2", "--json"))["stock"] == 1
    _run("UPDATE products SET reserved = 1")
    for words in (("--by", "-1"), ("--to", "0")):
        assert refused(office("product", "stock", "JAM", *words)) == "stock-reserved"
    assert refused(office("product", "stock", "JAM")) == "usage"
    assert told(office("product", "stock", "JAM", "--to", "9", "--json"))["stock"] == 9
    assert told(office("product", "stock", "JAM", "--uncounted", "--json"))["stock"] is None
    assert told(office("product", "retire", "JAM", "--json"))["retired_ms"]
    assert office("product", "list", "--json")[1] == ""
    assert told(office("product", "list", "--all", "--json"))["code"] == "JAM"
    assert told(office("product", "retire", "JAM", "--back", "--json"))["retired_ms"] is None


def test_card_and_account_come_hidden_and_are_shown_masked(office: Type) -> None:
    who = customer(office)
    card = office("customer", "means", "add", who, "--card", "--json", lines=("4111 1111-1111 1111", EXPIRY))
    account = office("customer", "means", "add", who, "--account", lines=ACCOUNT)
    assert told(card)["shown"] == "Visa **** 1111"
    assert "0001-123-****321" in account[1]
    said = (*card[1:], *account[1:], *office("customer", "show", who)[1:])
    said += (
        *office("customer", "means", "list", who)[1:],
        *office("customer", "list", "--all", "--json")[1:],
    )
    for secret in (PAN, PAN[:12], EXPIRY, "2809", ACCOUNT[2], "ﾔﾏﾀﾞ"):
        assert secret not in "".join(said)
        assert secret.encode() not in on_disk()


CANNOT_PAY = (
    (("--card",), ("4111111111111112", EXPIRY), "card-number"),
    (("--card",), ("4111", EXPIRY), "card-number"),
    (("--card",), (PAN, "13/28"), "card-expiry"),
    (("--card",), (PAN,), "line-missing"),
    (("--account",), ("123", *ACCOUNT[1:]), "account-bad"),
    (("--account",), (*ACCOUNT[:2], "12", *ACCOUNT[3:]), "account-bad"),
    (("--account",), (ACCOUNT[0], "7", *ACCOUNT[2:]), "account-bad"),
    (("--account",), (*ACCOUNT[:3], "山田", ACCOUNT[4]), "kana-character"),
    ((), (), "usage"),
    (("--card", "--account"), (), "usage"),
)


def test_what_cannot_pay_is_refused_and_not_repeated(office: Type) -> None:
    who = customer(office)
    for words, lines, slug in CANNOT_PAY:
        said = office("customer", "means", "add", who, *words, lines=lines)
        assert refused(said) == slug
        assert not [line for line in lines if len(line) > 3 and line in said[2]]
    assert told(office("customer", "show", who, "--json"))["means"] == []


def test_the_key_is_shown_once_and_the_password_never(office: Type) -> None:
    who = customer(office)
    first = office("customer", "password", who, "--json", lines=(PASSWORD,))
    key = ocra.read_key(told(first)["key"])
    again = office("customer", "password", who, lines=("another one 9",))
    assert "the key is the same" in again[1]
    other = told(office("customer", "password", who, "--new-key", "--json", lines=(PASSWORD,)))
    assert ocra.read_key(other["key"]) != key
    said = "".join((*first[1:], *again[1:], *office("customer", "show", who, "--json")[1:]))
    for secret in (PASSWORD, ocra.password_hash(PASSWORD).hex()):
        assert secret not in said
    for kept in (PASSWORD.encode(), ocra.password_hash(PASSWORD), ocra.read_key(other["key"])):
        assert kept not in on_disk()
    bad = office("customer", "password", who, lines=("short",))
    assert refused(bad) == "password-bad"
    assert "short" not in bad[2]
    assert refused(office("customer", "password", who)) == "line-missing"
    assert refused(office("customer", "password", "C-NOBODY", lines=(PASSWORD,))) == "customer-unknown"


def test_a_customer_is_changed_and_closed_and_what_was_secret_is_wiped(office: Type) -> None:
    who = customer(office)
    means = told(office("customer", "means", "add", who, "--card", "--json", lines=(PAN, EXPIRY)))["id"]
    office("customer", "password", who, lines=(PASSWORD,))
    moved = told(office("customer", "set", who, "--second-mail", "b@home.example", "--json"))
    assert (moved["mail"], moved["second_mail"]) == ("a..b@docomo.example", "b@home.example")
    assert refused(office("customer", "set", who, "--mail", "nowhere")) == "address-syntax"
    assert refused(office("customer", "set", who, "--name", "a\nBcc: b")) == "customer-text"
    place(means)
    assert refused(office("customer", "means", "retire", str(means))) == "order-open"
    assert refused(office("customer", "close", who)) == "order-open"
    cancel()
    assert told(office("customer", "means", "retire", str(means), "--json"))["retired_ms"]
    assert refused(office("customer", "means", "retire", str(means))) == "means-unknown"
    assert office("customer", "close", who)[0] == 0
    with closing(sqlite3.connect("var/hagaki.db")) as database:
        assert database.execute("SELECT count(*) FROM means WHERE wrapped IS NOT NULL").fetchone() == (0,)
        assert database.execute("SELECT secret FROM customers").fetchone() == (None,)
    assert (
        refused(office("customer", "means", "add", who, "--card", lines=(PAN, EXPIRY))) == "customer-closed"
    )
    assert office("customer", "list", "--json")[1] == ""
    assert told(office("customer", "show", who, "--json"))["closed_ms"]


def place(means: int) -> None:
    """An order of the first customer by that means, as if a shop had placed it."""
    _run(
        "INSERT INTO orders (id, merchant, deal_id, customer, means, code, deal, request_hash,"
        " placed_ms, currency, total_minor, tax_minor, settle, until_ms)"
        f" VALUES (1, 1, 'D', 1, {means}, 'KXWTR', x'', x'', 0, 392, 1, 0, 'confirmed', 0)"
    )


def cancel() -> None:
    """As if the shop had cancelled that order."""
    _run(
        "INSERT INTO order_events (order_id, at_ms, before, kind, after)"
        " VALUES (1, 0, 'placed', 'cancelled', 'cancelled')"
    )
    _run("UPDATE orders SET state = 'cancelled', epoch = epoch + 1")


def _run(statement: str) -> None:
    with closing(sqlite3.connect("var/hagaki.db")) as database, database:
        database.execute(statement)
