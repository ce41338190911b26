"""The command line as an operator and a merchant type it: what it answers, says, and exits with."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = '[gateway]\ndomain = "pay.example"\n[smtp]\nhostname = "mx.pay.example"\n'
CARD = "4111111111111111=27122010000012345678"


def hagaki(folder: Path, *words: str, typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "hagaki", *words]
    return subprocess.run(command, cwd=folder, input=typed, capture_output=True, check=False, timeout=60)


def said(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key, a merchant and a reader."""
    folder = tmp_path_factory.mktemp("office")
    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    for words in (
        ("keys", "new"),
        ("merchant", "add", "--name", "Yama no Ie", "--mail", "yama@example.jp"),
        ("reader", "new", "--serial", "1001", "--out", "reader.dev"),
    ):
        assert hagaki(folder, *words).returncode == 0
    return folder


def test_a_swipe_prints_a_block_and_each_under_its_own_key(office: Path) -> None:
    first, second = (
        json.loads(
            hagaki(office, "reader", "swipe", "--device", "reader.dev", "--amount", "1200", "--json").stdout
        )
        for _ in "12"
    )
    assert first["sale"].startswith("BEGIN HAGAKI SALE\n")
    assert first["sale"] != second["sale"]
    assert int(second["ksn"][-8:], 16) == int(first["ksn"][-8:], 16) + 1


def test_a_swipe_with_mail_is_a_whole_mail_to_the_centre(office: Path) -> None:
    mail = hagaki(office, "reader", "swipe", "--device", "reader.dev", "--amount", "1200", "--mail").stdout
    head = mail.partition(b"\r\n\r\n")[0].decode().splitlines()
    names = {line.partition(":")[0] for line in head if not line.startswith((" ", "\t"))}
    assert {"From", "To", "Date", "Message-ID", "Subject", "MIME-Version"} <= names
    assert "To: sale@pay.example" in head
    assert b"4111" not in mail


def test_a_result_that_is_not_genuine_shows_nothing_and_exits_1(office: Path) -> None:
    done = hagaki(
        office, "reader", "result", "--device", "reader.dev", typed=b"Subject: APPROVED\r\n\r\nOK\r\n"
    )
    assert (done.returncode, done.stdout) == (1, b"")
    assert said(done) == "hagaki: the mail holds no whole result; nothing is shown [armour-missing]\n"


def test_a_wrong_check_code_exits_1_and_says_how_many_tries_are_left(office: Path) -> None:
    hagaki(office, "reader", "swipe", "--device", "reader.dev", "--amount", "1300")
    done = hagaki(office, "reader", "result", "--device", "reader.dev", "--code", "12345678", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["lcd"] == ["CODE IS WRONG", "2 MORE TRIES"]


WRONG = [
    (("reader", "new", "--serial", "1", "--out", "reader.dev"), 2, "a reader's keys are written once"),
    (("reader", "new", "--serial", "1001", "--out", "two.dev"), 2, "Reader 1001 is enrolled already"),
    (("reader", "new", "--serial", "-1", "--out", "two.dev"), 2, "greater than or equal to 1"),
    (("reader", "swipe", "--device", "none.dev", "--amount", "1"), 2, "create the reader first"),
    (("reader", "swipe", "--device", "reader.dev", "--amount", "0"), 2, "The amount must be 1 to 99999999"),
    (("reader", "swipe", "--device", "reader.dev", "--amount", "1", "--track2", "41"), 2, "swipe again"),
    (("reader", "swipe", "--device", "reader.dev", "--amount", "1", "--flux", "none"), 3, "no such file"),
    (("reader", "swipe", "--device", "reader.dev", "--amount", "1", "--condition", "7"), 2, "choose 10"),
    (("merchant", "add", "--name", "B", "--mail", "not an address"), 2, "is not a mail address"),
    (("merchant", "add", "--name", "B", "--mail", "b@x.example", "--language", "fr"), 2, "'ja', 'en'"),
    (("merchant", "add", "--name", "Yama no Ie", "--mail", "b@x.example"), 2, "There is a merchant named"),
    (("payments", "show", "99"), 2, "There is no payment 99."),
    (("payments", "refund", "99", "--reason", "broken"), 2, "There is no payment 99."),
    (("payments", "void", "99", "--reason", "wrong"), 2, "There is no payment 99."),
    (("host", "--config", "typo.toml"), 2, "typo.toml: no such file"),
    (("handset", "run"), 2, "[handset] port: is needed"),
    (("sell",), 2, "No such command 'sell'."),
]


@pytest.mark.parametrize(("words", "code", "sentence"), WRONG, ids=lambda value: str(value)[:40])
def test_wrong_input_gets_one_sentence_and_its_exit_code(
    office: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    done = hagaki(office, *words)
    assert (done.returncode, done.stdout) == (code, b"")
    assert len(said(done).splitlines()) == 1
    assert said(done).startswith("hagaki: ")
    assert sentence in said(done)


def test_a_port_that_is_taken_is_the_machines_fault(office: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = hagaki(office, "host", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 3
    assert "[port-taken]" in said(done)


def test_help_without_a_command_says_nothing_more(office: Path) -> None:
    done = hagaki(office, "keys")
    assert done.returncode == 2
    assert b"Usage" in done.stdout
    assert said(done) == ""


def test_listings_are_one_json_object_a_line(office: Path) -> None:
    rows = [json.loads(line) for line in hagaki(office, "merchant", "list", "--json").stdout.splitlines()]
    assert [row["name"] for row in rows] == ["Yama no Ie"]
    assert hagaki(office, "payments", "list", "--json").stdout == b""
