"""Sales a second against other things that take the same mails: a bare sink, and Postfix in three ways."""

from __future__ import annotations

import pwd
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from bench.ground import Ground, Seller
from bench.load import CannotMeasure, How
from bench.machine import cpu_s
from bench.postfix import Postfix, postfix
from bench.rounds import ROUNDS, Better, Figure, in_turn
from hagaki.world import free_ports

SALES: Final = 1500
MAILS: Final = 3000
SCRIPT_MAILS: Final = 150
SCRIPT: Final = Path(__file__).with_name("stored_by_pipe.py")
NO_LETTERS: Final = How(letters=False, limit_s=300)


@dataclass(slots=True)
class Other:
    """What the gateway is measured against. cpu_s: of all its processes. wait: until it has done its work."""

    ground: Ground
    port: int
    cpu_s: Callable[[], float]
    wait: Callable[[], None] = lambda: None
    mails: int = MAILS
    cpu_us: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    def rate(self) -> float:
        """Mails a second in one round, from the first MAIL until it has done its work."""
        before, began = self.cpu_s(), time.perf_counter()
        sent = self.ground.load.send([self.port], range(self.mails), NO_LETTERS).complete(letters=False)
        self.wait()
        rate = self.mails / (time.perf_counter() - began)
        self.cpu_us.append((self.cpu_s() - before) / self.mails * 1e6)
        self.shares.append(sent.generator_share)
        self.ground.say(f"{rate:.0f} mails/s, {self.cpu_us[-1]:.0f} us of CPU each")
        return rate


def bare_sink(ground: Ground) -> Figure:
    """Against aiosmtpd with a handler that forgets every mail."""
    port = free_ports(1)[0]
    with daemon("sink", port) as pid:
        title = "sales a second / mails into a bare aiosmtpd sink"
        other = Other(ground, port, lambda: cpu_s(pid))
        return _against(other, Figure("sink", title, 0.35, Better.MORE, None, ""))


def queue_only(ground: Ground) -> Figure:
    """Against Postfix that queues every mail durably, as it does, and discards it."""
    with postfix(free_ports(1)[0], "discard:") as mta:
        title = "sales a second / Postfix, queue and discard"
        return _against(_behind(ground, mta), Figure("postfix", title, 1.5, Better.MORE, None, ""))


def lmtp(ground: Ground) -> Figure:
    """Against Postfix and behind it a daemon that commits every mail to SQLite."""
    port, own_port = free_ports(2)
    database = ground.folder / "lmtp.db"
    with daemon("lmtp", port, database) as pid, postfix(own_port, f"lmtp:inet:127.0.0.1:{port}") as mta:
        title = "sales a second / Postfix and an LMTP daemon that stores"
        other = replace(_behind(ground, mta), cpu_s=lambda: mta.cpu_s() + cpu_s(pid))
        figure = _against(other, Figure("lmtp", title, 2, Better.MORE, None, ""))
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
        with postfix(free_ports(1)[0], "script:", f"{python} {script} {name}/mails.db") as mta:
            title = "sales a second / Postfix and a script for each mail that stores"
            other = replace(_behind(ground, mta), mails=SCRIPT_MAILS)
            figure = _against(other, Figure("pipe", title, 30, Better.MORE, None, ""))
        _check_stored(Path(name) / "mails.db", SCRIPT_MAILS * ROUNDS)
    return figure


def _behind(ground: Ground, mta: Postfix) -> Other:
    return Other(ground, mta.port, mta.cpu_s, mta.wait_until_empty)


def _against(other: Other, empty: Figure) -> Figure:
    with other.ground.gateway() as gateway:
        seller = Seller(other.ground, [gateway], SALES)
        ours, theirs = in_turn(seller.rate, other.rate)
    words = f"{ours:.0f} sales/s to {theirs:.0f} mails/s"
    facts = {
        **seller.facts,
        "other_cpu_us_per_mail": round(statistics.median(other.cpu_us)),
        "generator_share_at_other": round(statistics.median(other.shares), 3),
    }
    return replace(empty, value=ours / theirs, words=words, facts=facts)


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
def daemon(*words: str | int | Path) -> Iterator[int]:
    """One of bench.daemons, listening; -> its process."""
    command = [sys.executable, "-m", "bench.daemons", *(str(word) for word in words)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        child.stdout.readline()
        yield child.pid
    finally:
        child.terminate()
        child.wait()
