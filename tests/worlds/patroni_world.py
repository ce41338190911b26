"""A PostgreSQL that survives the loss of a machine: etcd and three Patroni members on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from needs import need
from postgres_world import GATEWAY, OWNER, folder_for, tool, user

from hagaki.world import free_ports
from mail_gateway.store import postgres

LIMIT_S = 90
NAME = "hagaki"

MEMBER = """\
scope: town
name: {name}
restapi: {{listen: "127.0.0.1:{api}", connect_address: "127.0.0.1:{api}"}}
etcd3: {{host: "127.0.0.1:{etcd}"}}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 1
    retry_timeout: 3
    maximum_lag_on_failover: 1048576
    synchronous_mode: true
    synchronous_mode_strict: true
    postgresql:
      use_pg_rewind: true
      parameters: {{max_connections: 60, shared_buffers: 32MB, wal_keep_size: 64MB, synchronous_commit: "on"}}
  initdb: [{{encoding: UTF8}}, {{locale: C}}, {{auth: trust}}]
  pg_hba: ["host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]
postgresql:
  listen: "127.0.0.1:{port}"
  connect_address: "127.0.0.1:{port}"
  data_dir: {folder}/{name}
  bin_dir: {bin}
  pgpass: {folder}/{name}.pgpass
  authentication:
    superuser: {{username: {owner}, password: unused}}
    replication: {{username: copier, password: unused}}
  parameters: {{unix_socket_directories: "{folder}", log_min_messages: fatal}}
"""


@dataclass
class Member:
    """One machine: Patroni and the PostgreSQL that it keeps."""

    name: str
    port: int
    api: int
    folder: Path
    patroni: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / f"{self.name}.log").open("ab") as log:
            command = ["/usr/bin/patroni", str(self.folder / f"{self.name}.yml")]
            self.patroni = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", env=_plain(), **user())

    def says(self) -> dict[str, Any]:
        """What Patroni says of it; empty while it says nothing."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.api}/patroni", timeout=2) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as answer:
            return dict(json.load(answer))
        except (OSError, ValueError):
            return {}

    def cut(self) -> None:
        """The machine's power fails: Patroni and every process of PostgreSQL are gone at once."""
        if self.patroni is not None:
            self.patroni.kill()
            self.patroni.wait()
        pid_file = self.folder / self.name / "postmaster.pid"
        if pid_file.exists():
            postmaster = int(pid_file.read_text().split()[0])
            for pid in (postmaster, *_children(postmaster)):
                _kill(pid)


class Patroni:
    """Three members, one of them the primary, one the synchronous stand-by."""

    def __init__(self) -> None:
        for program in ("/usr/bin/patroni", shutil.which("etcd") or "/usr/bin/etcd"):
            need(
                "Patroni and etcd: on Debian apt-get install patroni etcd-server",
                present=Path(program).exists(),
            )
        self.folder = folder_for("hagaki-patroni-")
        ports = free_ports(8)
        self._etcd_ports = ports[:2]
        names = ("one", "two", "three")
        self.members = [
            Member(name, port, api, self.folder)
            for name, port, api in zip(names, ports[2::2], ports[3::2], strict=True)
        ]
        self._etcd: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Patroni:
        self._start_etcd()
        for member in self.members:
            text = MEMBER.format(
                name=member.name,
                api=member.api,
                port=member.port,
                etcd=self._etcd_ports[0],
                folder=self.folder,
                bin=Path(tool("postgres")).parent,
                owner=OWNER,
            )
            (self.folder / f"{member.name}.yml").write_text(text, encoding="utf-8")
            member.start()
        await self.whole(3)
        await asyncio.to_thread(self._prepare)
        return self

    async def __aexit__(self, *_: object) -> None:
        for member in self.members:
            member.cut()
        if self._etcd is not None:
            self._etcd.kill()
            self._etcd.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start_etcd(self) -> None:
        client, peer = (f"http://127.0.0.1:{port}" for port in self._etcd_ports)
        given = {
            "data-dir": self.folder / "etcd",
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"default={peer}",
        }
        command = ["etcd", *(f"--{name}={value}" for name, value in given.items())]
        with (self.folder / "etcd.log").open("ab") as log:
            self._etcd = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **user())

    def primary(self) -> Member | None:
        """Who is the primary now, if anybody is."""
        for member in self.members:
            said = member.says()
            if said.get("role") in ("master", "primary") and said.get("state") == "running":
                return member
        return None

    async def whole(self, members: int) -> None:
        """Until there is a primary with a synchronous stand-by, and so many members run."""
        async with asyncio.timeout(LIMIT_S):
            while not await asyncio.to_thread(self._is_whole, members):
                await asyncio.sleep(0.2)

    def _is_whole(self, members: int) -> bool:
        said = [member.says() for member in self.members]
        running = [one for one in said if one.get("state") in ("running", "streaming")]
        copies = [row for one in said for row in one.get("replication") or ()]
        in_step = [row for row in copies if row.get("sync_state") in ("sync", "quorum")]
        return len(running) >= members and self.primary() is not None and bool(in_step)

    def _prepare(self) -> None:
        import psycopg

        with psycopg.connect(self.url("postgres", OWNER), autocommit=True) as conn:
            conn.execute(f"CREATE ROLE {GATEWAY} LOGIN")
            conn.execute(f"CREATE DATABASE {NAME}")
        postgres.grow(self.url(NAME, OWNER), GATEWAY)

    def url(self, database: str = NAME, role: str = GATEWAY) -> str:
        """All members in one URL; libpq finds the primary."""
        hosts = ",".join(f"127.0.0.1:{member.port}" for member in self.members)
        return f"postgresql://{role}@{hosts}/{database}?target_session_attrs=primary"


def _plain() -> dict[str, str]:
    """Patroni is Debian's and runs on Debian's Python."""
    return {"PATH": "/usr/bin:/bin:/usr/sbin", "LANG": "C.UTF-8", "HOME": "/tmp"}


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["pgrep", "-P", str(pid)], check=False, capture_output=True, text=True)
    return [int(line) for line in listed.stdout.split()]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
