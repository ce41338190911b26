"""A private PostgreSQL cluster for the tests, started on demand; every test gets a database of its own."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from needs import need

from hagaki.world import free_ports
from mail_gateway.store import postgres

OWNER = "hagaki_owner"
GATEWAY = "hagaki_gateway"
HOW = "PostgreSQL 13 or newer with initdb: on Debian apt-get install postgresql"


def tool(name: str) -> str:
    """A program of PostgreSQL; Debian keeps the newest of each version in a folder of its own."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    where = str(found[-1]) if found else shutil.which(name)
    need(HOW, present=where is not None)
    return str(where)


def user() -> dict[str, Any]:
    """PostgreSQL does not run as root: then it runs as the user that its package made."""
    return {"user": "postgres", "group": "postgres", "extra_groups": ()} if os.geteuid() == 0 else {}


def folder_for(prefix: str) -> Path:
    """A new folder that PostgreSQL's user may use."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    return folder


@dataclass
class Cluster:
    """One server on a free port of loopback, with the settings that a gateway insists on."""

    folder: Path = field(default_factory=lambda: folder_for("hagaki-pg-"))
    port: int = field(default_factory=lambda: free_ports(1)[0])
    settings: tuple[str, ...] = ()
    _numbers: Any = field(default_factory=count)
    _server: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make its files, start it, and make the two roles."""
        run = [tool("initdb"), "-D", str(self.folder / "data"), "-U", OWNER, "-A", "trust", "-E", "UTF8"]
        subprocess.run([*run, "--no-sync", "--locale=C"], check=True, capture_output=True, cwd="/", **user())
        self.start()
        self.sql(f"CREATE ROLE {GATEWAY} LOGIN")

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "max_connections": 60,
            "shared_buffers": "64MB",
            "log_min_messages": "fatal",
        }
        given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        given += [part for one in self.settings for part in ("-c", one)]
        command = [tool("postgres"), "-D", str(self.folder / "data"), *given]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **user())
        ready = [tool("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "30"]
        while subprocess.run(ready, check=False).returncode:
            assert self._server.poll() is None, (self.folder / "log").read_text()

    def stop(self, how: str = "immediate") -> None:
        """immediate: as if the power went; fast: connections are cut, everything is written."""
        stopping = [tool("pg_ctl"), "-D", str(self.folder / "data"), "-m", how, "-w", "stop"]
        subprocess.run(stopping, check=False, capture_output=True, cwd="/", **user())
        if self._server is not None:
            self._server.wait()

    def close(self) -> None:
        """Nothing of it stays."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, statement: str, database: str = "postgres") -> list[Any]:
        """One statement as the owner, outside any transaction."""
        import psycopg

        with psycopg.connect(self.url(database, OWNER), autocommit=True) as conn:
            cursor = conn.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def url(self, database: str, role: str = GATEWAY) -> str:
        """As the configuration has it."""
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def fresh(self, template: str = "") -> str:
        """A new database with our tables, or a copy of `template`; -> its name."""
        name = f"test_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template or _template(self)}")
        return name


@cache
def cluster() -> Cluster:
    """This process's cluster."""
    need(HOW, present=bool(tool("initdb")))
    made = Cluster()
    atexit.register(made.close)
    made.make()
    return made


def _template(server: Cluster) -> str:
    name = "hagaki_template"
    if not server.sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
        server.sql(f"CREATE DATABASE {name}")
        postgres.grow(server.url(name, OWNER), GATEWAY)
    return name


def fresh_url() -> str:
    """The gateway's URL of a new database."""
    return cluster().url(cluster().fresh())
