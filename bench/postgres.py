"""A private PostgreSQL, durable as it comes, for the figure of two gateways on one database."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import insert, select

from bench.load import CannotMeasure
from bench.machine import family_cpu_s
from hagaki.world import free_ports
from mail_gateway.store import backend, postgres
from mail_gateway.store.tables import keys, merchants, readers

OWNER: Final = "hagaki_owner"
GATEWAY: Final = "hagaki_gateway"
NAME: Final = "hagaki"
_NO_POSTGRES: Final = "PostgreSQL is not installed (Debian: apt-get install postgresql)."


class Server(NamedTuple):
    """url: the prepared database, as the gateways' role. pid: of the server's first process."""

    url: str
    pid: int

    def cpu_s(self) -> float:
        """User and system time of all its processes so far, seconds."""
        return family_cpu_s(self.pid)


@contextmanager
def server() -> Iterator[Server]:
    """A server with one prepared, empty database. Raises CannotMeasure."""
    if os.geteuid():
        raise CannotMeasure("A private PostgreSQL is started here by root only, as the user postgres.")
    folder, port = Path(tempfile.mkdtemp(prefix="hagaki-bench-pg-")), free_ports(1)[0]
    shutil.chown(folder, "postgres", "postgres")
    try:
        _run("initdb", "-D", folder / "data", "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C")
        given = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c shared_buffers=256MB"
        _run("pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o", given, "start")
        _run("psql", "-h", folder, "-p", port, "-U", OWNER, "-c", f"CREATE ROLE {GATEWAY} LOGIN", "postgres")
        _run("createdb", "-h", folder, "-p", port, "-U", OWNER, NAME)
        postgres.grow(f"postgresql://{OWNER}@127.0.0.1:{port}/{NAME}", GATEWAY)
        pid = int((folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        yield Server(f"postgresql://{GATEWAY}@127.0.0.1:{port}/{NAME}", pid)
    finally:
        _run("pg_ctl", "-D", folder / "data", "-m", "immediate", "stop", must=False)
        shutil.rmtree(folder, ignore_errors=True)


def enrol_the_same(of: str, to: str) -> None:
    """Keys, merchants and readers of one database into another: the same mails are good for both."""
    with backend.guest(of) as ours, backend.guest(to, write=True) as theirs:
        for table in (merchants, keys, readers):
            rows = [dict(row) for row in ours.execute(select(table)).mappings()]
            theirs.execute(insert(table), rows)


def _run(name: str, *words: Any, must: bool = True) -> None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    program = str(found[-1]) if found else shutil.which(name)
    if program is None:
        raise CannotMeasure(_NO_POSTGRES)
    as_postgres: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": ()}
    command = [program, *(str(word) for word in words)]
    # to a file: what it starts keeps the output open
    with tempfile.TemporaryFile() as out:
        ran = subprocess.run(command, stdout=out, stderr=out, cwd="/", check=False, **as_postgres)
        out.seek(0)
        if must and ran.returncode:
            raise CannotMeasure(f"{name} failed: {out.read().decode(errors='replace')[-300:]}")
