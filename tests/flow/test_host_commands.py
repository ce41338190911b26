"""`hagaki host` as an integrator uses it: the table, the rules, the book, and the view in place."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from acquirer_sdk.bench import sample_request
from acquirer_sdk.port import Ports
from cafis_adapter import build
from cafis_adapter.codec import Message
from cafis_adapter.host.app import Host, HostSettings
from cafis_adapter.host.triggers import shipped_triggers
from cafis_adapter.profile import load_profile
from hagaki import cli, host_live

PROFILE = load_profile()
PAN = "4111111111111111"


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.app, ["host", *arguments], standalone_mode=False)
    return done.return_value or 0, done.output


def test_triggers_are_the_table() -> None:
    code, plain = run("triggers")
    rows = [json.loads(line) for line in run("triggers", "--json")[1].splitlines()]
    assert code == 0 and "901  00   charged, never answered" in plain
    assert [row["digits"] for row in rows] == list(shipped_triggers())
    assert next(row for row in rows if row["digits"] == "801")["mail"] == "lost"


def test_check_names_each_line_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('rule = [\n  { trigger = "nix" },\n  { amount = 1, trigger = "051", every = "2" },\n]\n')
    code, said = run("--check", str(path))
    assert code == 1
    assert said.splitlines()[0].startswith(f"{path}:2: there is no trigger 'nix'")
    assert said.splitlines()[1] == f"{path}:3: every must be a whole number"
    path.write_text('rule = [{ trigger = "051" }]')
    assert run("--check", str(path)) == (0, f"{path}: good\n")


def test_book_is_what_became_of_each_sale(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[host]\njournal = "host.jsonl"\n')
    host = Host(
        HostSettings(journal=str(tmp_path / "host.jsonl")), Ports(lambda: 0, bytes, lambda *_, **__: None)
    )
    for number, amount in enumerate((1200, 1300), start=1):
        _played(host, build.authorisation(PROFILE, "", _request(amount, number)))
    _played(host, build.reversal(PROFILE, "", _request(1300, 2)))
    rows = [json.loads(line) for line in run("book", "--config", str(config), "--json")[1].splitlines()]
    assert [(row["amount_minor"], row["state"]) for row in rows] == [(1200, "charged"), (1300, "reversed")]


def test_book_without_a_journal_is_a_sentence(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[host]\n")
    done = CliRunner().invoke(cli.app, ["host", "book", "--config", str(config)], standalone_mode=False)
    assert "names no file" in str(done.exception)


@pytest.mark.parametrize(("amount", "state"), [(1200, "charged"), (1051, "open")])
def test_view_shows_messages_books_and_what_the_amount_did_but_no_card(amount: int, state: str) -> None:
    host = Host(HostSettings(), Ports(lambda: 0, bytes, lambda *_, **__: None))
    _played(host, build.authorisation(PROFILE, "", _request(amount, 1)))
    console = Console(file=io.StringIO(), width=160)
    console.print(host_live.view(host))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "411111******1111" in shown and PAN not in shown
    assert f"{state} 1" in shown and "0100 asked 1" in shown
    assert ("not enough money" in shown) == (amount == 1051)


def _request(amount: int, number: int):  # type: ignore[no-untyped-def]
    return sample_request(amount, stan=number, reference=f"{number:012d}")


def _played(host: Host, message: Message) -> None:
    """As if it had come by a connection, without one."""
    host.journal.note(0, "in", message)
    before = host._desk.booked(message)
    for _ in host._desk.moves(message, 0):
        pass
    if host._desk.booked(message) != before:
        host._book(message, before)
