"""A command that says a secret, as it is run: its first line and nothing else, in time, one at a time."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from hagaki.secret_commands import LINE_MAX, asker
from schemas.mail.sign_in import NoSecret

CONFIG = """\
[gateway]
domain = "pay.example"
database = "sqlite:///hagaki.db"
[keys]
root = "env:ROOT"
[smtp]
hostname = "mx.pay.example"
port = 0
[acquirer]
name = "bogus"
[acquirers.bogus]
[imap]
host = "127.0.0.1"
port = 9
tls = false
user = "hagaki"
secret_command = ["cat", "token"]
sign_in = "xoauth2"
[handset]
port = "none"
spool = "phone"
mail_from = "shop@carrier.example"
mail_to = "sale@pay.example"
fetch = "imap:127.0.0.1:9:shop:INBOX"
imap_tls = false
imap_secret_command = ["cat", "token"]
imap_sign_in = "xoauth2"
"""


def shell(script: str) -> tuple[str, ...]:
    return ("sh", "-c", script)


async def test_its_first_line_is_the_secret_anew_each_time(tmp_path: Path) -> None:
    ask = asker(tmp_path)
    (tmp_path / "secret").write_text("one \r\nmore\n" + "x" * 200_000)
    assert await ask(("cat", "secret")) == "one "
    (tmp_path / "secret").write_text("two")
    assert await ask(("cat", "secret")) == "two"
    (tmp_path / "say").write_text("#!/bin/sh\necho three\n")
    (tmp_path / "say").chmod(0o700)
    assert await ask(("./say",)) == "three"


@pytest.mark.parametrize(
    "command,sentence",
    [
        (("no-such-program",), "no-such-program cannot be run: No such file or directory"),
        (shell("echo hunter2; echo hunter2 >&2; exit 3"), "sh ended with 3: run it by hand to see why"),
        (shell("echo hunter2; kill -9 $$"), "sh ended with -9: run it by hand to see why"),
        (shell(f"yes hunter2 | tr -d '\\n' | head -c {2 * LINE_MAX}"), "sh wrote a first line of over 16384"),
        (shell("yes hunter2"), "sh took longer than 0.3 s"),
        (shell("cat; read x; echo hunter2; sleep 60"), "sh took longer than 0.3 s"),
    ],
)
async def test_what_goes_wrong_is_one_sentence_without_its_output(
    command: tuple[str, ...], sentence: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NoSecret) as caught:
        await asker(tmp_path, 0.3)(command)
    assert caught.value.sentence.startswith(sentence)
    assert str(caught.value) == f"{caught.value.sentence} [secret-command]"
    assert "hunter2" not in repr(caught.value) + "".join(capfd.readouterr())


async def test_with_its_time_all_ends_that_it_started(tmp_path: Path) -> None:
    with pytest.raises(NoSecret, match=r"took longer than 0\.5 s"):
        await asker(tmp_path, 0.5)(shell("sleep 60 & echo $! > child; wait"))
    state = Path("/proc") / (tmp_path / "child").read_text().strip() / "stat"
    async with asyncio.timeout(20):
        while state.exists() and state.read_text().split()[2] != "Z":
            await asyncio.sleep(0.01)


async def test_who_holds_its_output_open_costs_its_time_and_no_more(tmp_path: Path) -> None:
    """A daemon that has left the session is not ended, and not waited for."""
    with pytest.raises(NoSecret, match="took longer"):
        await asker(tmp_path, 0.5)(shell("setsid sleep 3 & echo token"))


async def test_who_asked_may_go(tmp_path: Path) -> None:
    ask = asker(tmp_path)
    asking = asyncio.ensure_future(ask(shell("touch begun; sleep 60")))
    async with asyncio.timeout(20):
        while not (tmp_path / "begun").exists():
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.wait({asking})
        assert await ask(shell("echo token")) == "token"


async def test_one_that_hangs_is_waited_for_once_by_all_who_ask(tmp_path: Path) -> None:
    ask, other = asker(tmp_path, 0.5), shell("echo other")
    hanging = shell("echo >> runs; sleep 60")
    asked = await asyncio.gather(ask(hanging), ask(hanging), ask(other), ask(hanging), return_exceptions=True)
    assert [str(one).split(" [")[0] for one in asked] == [
        *("sh took longer than 0.5 s", "sh took longer than 0.5 s", "other", "sh took longer than 0.5 s")
    ]
    assert (tmp_path / "runs").read_text() == "\n"
    with pytest.raises(NoSecret):
        await ask(hanging)
    assert (tmp_path / "runs").read_text() == "\n\n", "anew for who asks later"


async def test_two_never_run_at_once(tmp_path: Path) -> None:
    """They would write one token file."""
    ask = asker(tmp_path)
    command = shell("mkdir alone && sleep 0.02 && rmdir alone && echo token")
    assert await asyncio.gather(*(ask(command) for _ in range(5))) == ["token"] * 5


@pytest.mark.parametrize("command", ["serve", "handset run"])
async def test_the_programs_themselves_run_it(command: str, tmp_path: Path) -> None:
    """With the secret they come as far as the server, which is not there."""
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "token").write_text("ya29.token\n")
    args = ("-m", "hagaki", *command.split(), "--json", "--config", str(tmp_path / "config.toml"))
    child = await asyncio.create_subprocess_exec(
        sys.executable, *args, stdout=asyncio.subprocess.PIPE, env={**os.environ, "ROOT": "5e" * 32}
    )
    assert child.stdout is not None
    try:
        assert b"Connect call failed" in await asyncio.wait_for(trouble(child.stdout), 20)
    finally:
        child.terminate()
        await child.communicate()


async def trouble(told: asyncio.StreamReader) -> bytes:
    """The first event that tells of a mailbox in trouble."""
    while line := await told.readline():
        if b"alarm.mailbox" in line or b"handset.trouble" in line:
            break
    return line
