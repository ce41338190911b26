"""What an operator gets wrong: a folder for a file, a year, an anchor. A sentence, and nothing half done."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hagaki import cli
from hagaki.machine import machine_problem, tell_plain
from mail_gateway.envelope import root
from mail_gateway.store.sqlite import hold

CONFIG = '[gateway]\ndomain = "pay.example"\n[smtp]\nhostname = "mx.pay.example"\nport = 0\n'
NAME = "Yama no Ie"
BEGIN = ("recover", "begin", "--backup-time", "2026-11-21T05:00:00Z")

Type = Callable[..., tuple[int, str, str]]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Type:
    """Types one command in a folder with a key and a merchant: exit code, output, errors."""
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def hagaki(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hagaki", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0), *capsys.readouterr()

    assert hagaki("keys", "new")[0] == 0
    assert hagaki("merchant", "add", "--name", NAME, "--mail", "yama@example.jp")[0] == 0
    return hagaki


@pytest.mark.parametrize(
    "words", [("reader", "new"), ("keys", "transport"), ("keys", "transport", "--chip")], ids="-".join
)
def test_a_reader_whose_file_cannot_be_written_is_not_on_file_either(
    office: Type, words: tuple[str, ...]
) -> None:
    code, _, said = office(*words, "--serial", "7", "--out", "nowhere/reader.dev")
    assert (code, said.endswith("[not-there]\n")) == (3, True)
    assert office(*words, "--serial", "7", "--out", "reader.dev")[0] == 0


@pytest.mark.parametrize("words", [("reader", "new"), ("keys", "transport")], ids="-".join)
def test_a_reader_that_is_refused_leaves_no_file(office: Type, words: tuple[str, ...]) -> None:
    named = (*words, "--serial", "7", "--out", "reader.dev", "--merchant")
    assert office(*named, "Nobody")[0] == 2
    assert office(*named, NAME)[0] == 0
    assert stat.S_IMODE(Path("reader.dev").stat().st_mode) == 0o600


def test_who_enrolled_a_reader_stands_in_the_history(office: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "sato")
    office("reader", "new", "--serial", "7", "--out", "reader.dev")
    last = json.loads(office("keys", "history", "--json")[1].splitlines()[-1])
    assert (last["kind"], last["operator"]) == ("enrolled", "sato")


def test_a_hold_is_asked_for_and_listed_by_serial_and_name(office: Type) -> None:
    office("reader", "new", "--serial", "2002", "--out", "reader.dev")
    office("hold", "add", "--reader", "2002", "--reason", "stolen")
    office("hold", "add", "--merchant", NAME, "--reason", "asked to")
    rows = [json.loads(line) for line in office("hold", "list", "--json")[1].splitlines()]
    assert [(row["subject"], row["name"]) for row in rows] == [("reader", "2002"), ("merchant", NAME)]
    assert office("hold", "add", "--merchant", "Nobody", "--reason", "x")[0] == 2


@pytest.mark.parametrize(
    "words",
    [
        ("hold", "add", "--all"),
        ("payments", "void", "1"),
        ("shunt", "drop", "1"),
        ("keys", "revoke", "--reader", "7"),
        ("recover", "settle", "000000000017"),
        ("totals", "explain", "2026-11-21", "--acquirer", "cafis"),
    ],
    ids=" ".join,
)
def test_a_reason_that_is_kept_says_something(office: Type, words: tuple[str, ...]) -> None:
    code, out, said = office(*words, "--reason", " ")
    assert (code, out) == (2, "")
    assert said == "hagaki: say why with --reason: it is kept [usage]\n"


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[31mred", "山" * 81], ids=ascii)
def test_a_merchants_name_is_one_line_that_can_be_seen(office: Type, name: str) -> None:
    code, _, said = office("merchant", "add", "--name", name, "--mail", "a@b.example")
    assert (code, said.endswith("[merchant-name]\n")) == (2, True)


@pytest.mark.parametrize("what", ["", "{", "[]", "\udcff"], ids=ascii)
def test_a_backup_whose_description_is_damaged_is_not_restored(office: Type, what: str) -> None:
    assert office("backup", "day.backup")[0] == 0
    Path("day.backup.json").write_text(what, "utf-8", "surrogateescape")
    code, _, said = office("restore", "day.backup", "--aside")
    assert (code, said.endswith("[backup-damaged]\n")) == (2, True)
    assert not list(Path("var").glob("*aside*"))


@pytest.mark.parametrize("words", [("backup", "."), ("restore", "."), ("restore", "var", "--aside")], ids=str)
def test_a_folder_is_no_backup(office: Type, words: tuple[str, ...]) -> None:
    code, _, said = office(*words)
    assert code in (2, 3)
    assert said.startswith("hagaki: ")


def test_a_backup_made_in_the_future_was_not_made(office: Type) -> None:
    """With it the lost time would be none, and what was charged in it would be charged again."""
    code, _, said = office("recover", "begin", "--backup-time", "2999-11-21T05:00:00Z")
    assert (code, said.endswith("[backup-time]\n")) == (2, True)
    assert "recovering       no" in office("recover", "status")[1]


def test_a_gateway_that_runs_keeps_what_it_has_open(office: Type) -> None:
    """Beginning to recover wipes what opens the sealed cards that wait."""
    with closing(hold("sqlite:///var/hagaki.db")):
        code, _, said = office(*BEGIN)
    assert (code, said.endswith("[gateway-running]\n")) == (2, True)
    assert "recovering       no" in office("recover", "status")[1]
    assert office(*BEGIN)[0] == 0


def test_an_anchor_that_holds_nothing_proves_nothing(office: Type) -> None:
    Path("anchor.txt").touch()
    code, out, said = office("audit", "verify", "--anchor", "anchor.txt")
    assert (code, out, said.endswith("[anchor-damaged]\n")) == (2, "", True)


@pytest.mark.parametrize(
    "words", [("audit", "verify", "--anchor", "list.csv"), ("recover", "reconcile", "--list", "list.csv")]
)
def test_a_file_in_another_encoding_is_said_so(office: Type, words: tuple[str, ...]) -> None:
    Path("list.csv").write_bytes("参照番号".encode("cp932"))
    code, _, said = office(*words)
    assert (code, said.endswith("[not-utf8]\n")) == (2, True)


def test_what_a_terminal_cannot_show_ends_no_command(office: Type) -> None:
    office("merchant", "add", "--name", "山の家", "--mail", "yama@example.jp")
    command = [sys.executable, "-m", "hagaki", "merchant", "list", "--json"]
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, check=False, timeout=60, env=ascii_only)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 2


def test_a_root_key_that_could_not_be_written_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(root.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        root.make_root(f"file:{tmp_path}/root.key")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("database", ["notes.txt", "."])
def test_what_is_no_database_is_said_by_serve_as_well(office: Type, database: str) -> None:
    Path("notes.txt").write_text("no database, but a text that somebody wrote " * 9)
    Path("config.toml").write_text(CONFIG.replace("[smtp]", f'database = "sqlite:///{database}"\n[smtp]'))
    for words in (("serve",), ("payments", "list")):
        code, _, said = office(*words)
        assert (code, said.count("\n")) == (3, 1)
        assert "database" in said


@pytest.mark.parametrize("number", ["EISDIR", "ENOTDIR", "ENAMETOOLONG", "EIO"])
def test_a_fault_of_the_machine_says_what_it_is(number: str) -> None:
    import errno

    code = getattr(errno, number)
    problem = machine_problem(OSError(code, os.strerror(code), "somewhere"))
    assert problem.sentence.startswith("somewhere: ")
    assert "message before" not in problem.sentence


def test_a_reader_without_pins_says_so_of_debit(office: Type) -> None:
    office("reader", "new", "--serial", "7", "--out", "reader.dev")
    debit = ("--device", "reader.dev", "--amount", "1200", "--condition", "110", "--pin", "1234")
    code, _, said = office("reader", "swipe", *debit)
    assert (code, said.endswith("[pin-off]\n")) == (2, True)


async def test_a_server_whose_events_nobody_reads_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one who read its log died: the sales go on, and no traceback is written for each event."""
    ear, mouth = os.pipe()
    os.close(ear)
    faults: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, fault: faults.append(fault))
    with os.fdopen(mouth, "w", 1, closefd=False) as unheard:
        monkeypatch.setattr(sys, "stdout", unheard)
        tell_plain("gateway.listening", port=25)
        await asyncio.sleep(0)
        monkeypatch.undo()
        os.dup2(os.open(os.devnull, os.O_WRONLY), mouth)  # what is still held can be given up
    assert faults == []


@pytest.mark.parametrize(
    ("items", "shown"), [("note,product-code", "note,product-code"), ("none", "nothing")]
)
def test_what_a_merchant_will_be_asked_is_said_back(office: Type, items: str, shown: str) -> None:
    assert office("merchant", "change", NAME, "--items", items)[1].endswith(
        f"; asked after an approval: {shown}\n"
    )
    assert "asked" not in office("merchant", "change", NAME, "--items", "")[1]


def test_nobody_types_a_component_that_no_ceremony_takes(
    office: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for, hidden, only when it can be kept, and with the name of who enters it."""
    monkeypatch.setattr(sys, "stdin", None)
    code, _, said = office("keys", "enter", "--custodian", "A. Sato")
    assert (code, said.endswith("[ceremony-none]\n")) == (2, True)
    office("keys", "begin", "--components", "2")
    code, _, said = office("keys", "enter", "--custodian", " ")
    assert (code, said.endswith("[usage]\n")) == (2, True)
