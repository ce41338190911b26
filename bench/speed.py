"""Sales a second against other things that take the same mails: a bare sink, and Postfix in three ways."""

from __future__ import annotations

import pwd
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.ground import Ground, Seller
from bench.load import CannotMeasure, How
from bench.postfix import Postfix, postfix
from bench.rounds import ROUNDS, Better, Figure, in_turn
from hagaki.world import free_ports

SALES: Final = 1500
MAILS: Final = 3000
SCRIPT_MAILS: Final = 150
SCRIPT: Final = Path(__file__).with_name("stored_by_pipe.py")
NO_LETTERS: Final = How(letters=False, limit_s=300)


def bare_sink(ground: Ground) -> Figure:
    """Against aiosmtpd with a handler that forgets every mail."""
    port = free_ports(1)[0]
    with daemon("sink", port), ground.gateway() as gateway:
        seller = Seller(ground, [gateway], SALES)

        def bare() -> float:
            sent = ground.load.send([port], range(MAILS), NO_LETTERS).complete(letters=False)
            seller.shares.append(sent.generator_share)
            return MAILS / float(sent["taken_s"])

        ours, theirs = in_turn(seller.rate, bare)
    words = f"{ours:.0f} sales/s to {theirs:.0f} mails/s"
    title = "sales a second / mails into a bare aiosmtpd sink"
    return Figure("sink", title, 0.35, Better.MORE, ours / theirs, words, seller.facts)


def queue_only(ground: Ground) -> Figure:
    """Against Postfix that queues every mail durably, as it does, and discards it."""
    with postfix(free_ports(1)[0], "discard:") as other:
        title = "sales a second / Postfix, queue and discard"
        return _against(ground, other, Figure("postfix", title, 1.5, Better.MORE, None, ""))


def lmtp(ground: Ground) -> Figure:
    """Against Postfix and behind it a daemon that commits every mail to SQLite."""
    port, own_port = free_ports(2)
    database = ground.folder / "lmtp.db"
    with daemon("lmtp", port, database), postfix(own_port, f"lmtp:inet:127.0.0.1:{port}") as other:
        title = "sales a second / Postfix and an LMTP daemon that stores"
        figure = _against(ground, other, Figure("lmtp", title, 2, Better.MORE, None, ""))
    _check_stored(database, MAILS * ROUNDS)
    return figure


def pipe(ground: Ground) -> Figure:
    """Against Postfix that starts a script for every mail."""
    python = next((one for one in (sys.executable, "/usr/bin/python3") if _nobody_can_run(one)), None)
    if python is None:
        raise CannotMeasure("No Python here can be run by the user nobody, as whom Postfix starts scripts.")
    with tempfile.TemporaryDirectory(prefix="hagaki-pipe-") as name:
        Path(name).chmod(0o777)
        script = shutil.copy(SCRIPT, name)
        command = f"{python} {script} {name}/mails.db"
        with postfix(free_ports(1)[0], "script:", command) as other:
            title = "sales a second / Postfix and a script for each mail that stores"
            empty = Figure("pipe", title, 30, Better.MORE, None, "")
            figure = _against(ground, other, empty, mails=SCRIPT_MAILS)
        _check_stored(Path(name) / "mails.db", SCRIPT_MAILS * ROUNDS)
    return figure


def _against(ground: Ground, other: Postfix, empty: Figure, mails: int = MAILS) -> Figure:
    with ground.gateway() as gateway:
        seller = Seller(ground, [gateway], SALES)
        ours, theirs = in_turn(seller.rate, lambda: _through(ground, other, mails))
    words = f"{ours:.0f} sales/s to {theirs:.0f} mails/s"
    return replace(empty, value=ours / theirs, words=words, facts=seller.facts)


def _through(ground: Ground, other: Postfix, mails: int) -> float:
    """Mails a second, from the first until its queue is empty again."""
    began, cpu_s = time.perf_counter(), other.cpu_s()
    ground.load.send([other.port], range(mails), NO_LETTERS).complete(letters=False)
    other.wait_until_empty()
    rate = mails / (time.perf_counter() - began)
    ground.say(f"{rate:.0f} mails/s, {(other.cpu_s() - cpu_s) / mails * 1e6:.0f} us of CPU each")
    return rate


def _nobody_can_run(python: str) -> bool:
    command = [python, "-c", "import sqlite3"]
    try:
        group = pwd.getpwnam("nobody").pw_gid
        ran = subprocess.run(
            command, user="nobody", group=group, extra_groups=(), capture_output=True, check=False
        )
    except (OSError, KeyError):
        return False
    return ran.returncode == 0


def _check_stored(database: Path, least: int) -> None:
    with closing(sqlite3.connect(database)) as db:
        count: int = db.execute("SELECT count(*) FROM mails").fetchone()[0]
    if count != least:
        raise CannotMeasure(f"{count} mails were stored, not {least}: the figure would be no figure.")


@contextmanager
def daemon(*words: str | int | Path) -> Iterator[None]:
    """One of bench.daemons, listening."""
    command = [sys.executable, "-m", "bench.daemons", *(str(word) for word in words)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        child.stdout.readline()
        yield
    finally:
        child.terminate()
        child.wait()
