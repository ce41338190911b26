"""`hagaki keys` as people type it: a ceremony of processes, a reader on its line, no key to be seen."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CONFIG = '[gateway]\ndomain = "pay.example"\n[smtp]\nhostname = "mx.pay.example"\n'
PARTS = ("0123456789ABCDEF0123456789ABCDEF", "FEDCBA9876543210AAAAAAAAAAAAAAAA")
KEY = f"{int(PARTS[0], 16) ^ int(PARTS[1], 16):032X}"
WAIT_S = 30


def hagaki(folder: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hagaki", *words]
    return subprocess.run(
        command, cwd=folder, input=typed, capture_output=True, text=True, check=False, timeout=60
    )


def told(folder: Path, *words: str, typed: str = "") -> dict[str, object]:
    """A command with --json that is done; -> its first line."""
    done = hagaki(folder, *words, "--json", typed=typed)
    assert done.returncode == 0, done.stderr
    line: dict[str, object] = json.loads(done.stdout.splitlines()[0])
    return line


def refused(folder: Path, *words: str, typed: str = "") -> str:
    """A command that is not; -> its slug."""
    done = hagaki(folder, *words, typed=typed)
    assert done.returncode in (1, 2), done.stdout
    return done.stderr.rpartition("[")[2].strip("]\n")


def on_a_terminal(folder: Path, *words: str, typed: str = "") -> str:
    """The command with a terminal of its own; -> all that stood on it."""
    near, far = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "hagaki", *words], cwd=folder, stdin=far, stdout=far, stderr=far,
        start_new_session=True,
    )  # fmt: skip
    os.close(far)
    seen, asked = b"", not typed
    while select.select([near], [], [], WAIT_S)[0]:
        try:
            came = os.read(near, 4096)
        except OSError:  # the far end is closed
            break
        seen += came
        if not asked and b"hidden" in seen:
            os.write(near, f"{typed}\n".encode())
            asked = True
    os.close(near)
    assert child.wait(WAIT_S) == 0, seen
    return seen.decode()


@pytest.fixture
def office(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    for words in (("keys", "new"), ("merchant", "add", "--name", "Yama", "--mail", "yama@example.jp")):
        assert hagaki(tmp_path, *words).returncode == 0
    return tmp_path


@contextmanager
def reader(folder: Path, device: str) -> Iterator[str]:
    """The reader of that file, running on a pseudo terminal; -> its name."""
    child = subprocess.Popen(
        [sys.executable, "-m", "hagaki", "reader", "run", "--device", device, "--json"],
        cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdin is not None
    try:
        yield json.loads(child.stdout.readline())["path"]
    finally:
        child.stdin.write("quit\n")
        child.stdin.flush()
        child.wait(WAIT_S)
        child.stdin.close()
        child.stdout.close()


def newest(folder: Path) -> str:
    done = hagaki(folder, "keys", "list", "--json")
    return str(json.loads(done.stdout.splitlines()[-1])["bdk_id"])


def test_a_ceremony_of_processes_and_no_component_anywhere(office: Path) -> None:
    assert told(office, "keys", "begin", "--components", "2")["components"] == 2
    screen = on_a_terminal(office, "keys", "enter", "--custodian", "A. Sato", typed=PARTS[0])
    assert "component 1 of 2, check value E01A5F" in screen
    assert refused(office, "keys", "enter", "--custodian", "a. sato", typed=PARTS[1]) == "custodian-twice"
    assert refused(office, "keys", "finish") == "components-missing"
    entered = hagaki(office, "keys", "enter", "--custodian", "B. Ito", typed=PARTS[1])
    made = told(office, "keys", "finish")
    rest = [hagaki(office, "keys", "history"), hagaki(office, "keys", "show", str(made["bdk_id"]))]
    seen = screen + "".join(done.stdout + done.stderr for done in (entered, *rest)) + json.dumps(made)
    for secret in (*PARTS, KEY):
        assert secret not in re.sub(r"[\s-]", "", seen).upper()
        for file in (office / "var").iterdir():
            assert bytes.fromhex(secret) not in file.read_bytes()


def test_a_component_is_shown_on_a_terminal_alone(office: Path) -> None:
    assert refused(office, "keys", "component") == "component-terminal"
    screen = on_a_terminal(office, "keys", "component")
    shown = re.search(r"component +((?:[0-9A-F]{4} ?){8})", screen)
    assert shown
    told(office, "keys", "begin", "--components", "2")
    value = told(office, "keys", "enter", "--custodian", "Sato", typed=shown.group(1))["kcv"]
    assert f"check value  {value}" in screen


def test_a_reader_gets_its_keys_over_its_line_and_sells(office: Path) -> None:
    hagaki(office, "keys", "transport", "--serial", "7", "--out", "reader.dev")
    with reader(office, "reader.dev") as port:
        assert refused(office, "keys", "renew", "--port", port) == "no-loading-key"
        assert refused(office, "keys", "load", "--port", port, "--serial", "8") == "other-reader"
        loaded = told(office, "keys", "load", "--port", port)
        assert (loaded["key_id"], loaded["loaded"]) == (f"{newest(office)}00000007", True)
        assert told(office, "keys", "load", "--port", port)["loaded"] is False
    sold = told(office, "reader", "swipe", "--device", "reader.dev", "--amount", "1200")
    assert sold["ksn"] == f"{newest(office)}0000000700000001".lower()


def test_a_reader_is_renewed_after_a_rotation(office: Path) -> None:
    hagaki(office, "reader", "new", "--serial", "7", "--out", "reader.dev")
    old = newest(office)
    hagaki(office, "keys", "new")
    assert told(office, "keys", "rotate", "--days", "3")["retired"] == [old]
    assert "keys-ending" in hagaki(office, "doctor").stdout
    with reader(office, "reader.dev") as port:
        assert told(office, "keys", "renew", "--port", port, "--serial", "7")["loaded"] is True
    assert "keys-ending" not in hagaki(office, "doctor").stdout
    sold = told(office, "reader", "swipe", "--device", "reader.dev", "--amount", "1200")
    assert sold["ksn"] == f"{newest(office)}0000000700000001".lower()
    states = [
        json.loads(line)["state"] for line in hagaki(office, "keys", "list", "--json").stdout.splitlines()
    ]
    assert states == ["ending", "current"]


def test_revoked_and_allowed_again_with_a_reason(office: Path) -> None:
    hagaki(office, "reader", "new", "--serial", "7", "--out", "reader.dev")
    assert refused(office, "keys", "revoke", "--reader", "7") == "usage"
    assert told(office, "keys", "revoke", "--reader", "7", "--reason", "stolen")["revoked"] is True
    assert refused(office, "keys", "revoke", "--reader", "7", "--reason", "again") == "revoked-already"
    assert refused(office, "keys", "revoke", "--reason", "x") == "usage"
    assert told(office, "keys", "allow", "--reader", "7", "--reason", "found")["revoked"] is False
    bdk = newest(office).lower()
    assert told(office, "keys", "revoke", "--bdk", bdk, "--reason", "seen")["readers"] == 1
    assert refused(office, "keys", "load", "--port", "/dev/null") in ("port", "reader-silent")


def test_nobody_on_the_line_is_one_sentence(office: Path) -> None:
    done = hagaki(office, "keys", "load", "--port", "no-such-port")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "[port]" in done.stderr
