"""A private Postfix: own configuration, queue and port in a folder; what it does with a mail is given."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.load import CannotMeasure
from bench.machine import family_cpu_s

# Its defaults, but for what would only slow it down here: names looked up, limits for one client.
MAIN: Final = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = {commands}
daemon_directory = {daemons}
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
myhostname = postfix.example
mydestination =
alias_maps =
local_recipient_maps =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
relay_domains = pay.example
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
relay_transport = {transport}
"""
MASTER: Final = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup  unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr    unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce  unix - - n - 0 bounce
defer   unix - - n - 0 bounce
trace   unix - - n - 0 bounce
error   unix - - n - - error
retry   unix - - n - - error
discard unix - - n - - discard
lmtp    unix - - n - - lmtp
anvil   unix - - n - 1 anvil
scache  unix - - n - 1 scache
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
script  unix - n n - - pipe flags=R user=nobody argv={script}
"""
_QUEUES: Final = ("incoming", "active", "deferred", "maildrop")
_LOOK_S: Final = 0.01
_DRAIN_LIMIT_S: Final = 300


@dataclass(frozen=True, slots=True)
class Postfix:
    """One that runs. folder: all it has."""

    folder: Path
    port: int

    def wait_until_empty(self) -> None:
        """Until nothing is left in its queue. Raises CannotMeasure if a mail stays there."""
        ends = time.monotonic() + _DRAIN_LIMIT_S
        while any(self._holds(queue) for queue in _QUEUES):
            if time.monotonic() > ends or self._holds("deferred"):
                raise CannotMeasure(f"Postfix could not get rid of a mail: {self._last('status=deferred')}")
            time.sleep(_LOOK_S)

    def cpu_s(self) -> float:
        """User and system time of its master and of all that it started, seconds."""
        return family_cpu_s(int((self.folder / "queue/pid/master.pid").read_text()))

    def _last(self, words: str) -> str:
        log = (self.folder / "mail.log").read_text(errors="replace").splitlines()
        return next((line for line in reversed(log) if words in line), "it does not say why")

    def _holds(self, queue: str) -> bool:
        return any(files for _, _, files in os.walk(self.folder / "queue" / queue))


@contextmanager
def postfix(port: int, transport: str, script: str = "/bin/false") -> Iterator[Postfix]:
    """Postfix on that port. transport: what relay_transport says. script: what the service of that name runs.

    Raises CannotMeasure where Postfix is not installed, or this is not root: it starts as nobody else.
    """
    control = shutil.which("postfix") or shutil.which("postfix", path="/usr/sbin")
    if control is None:
        raise CannotMeasure("Postfix is not installed (Debian: apt-get install postfix).")
    if os.geteuid():
        raise CannotMeasure("A private Postfix can be started by root only.")
    with tempfile.TemporaryDirectory(prefix="hagaki-postfix-") as name:
        folder = Path(name)
        _configure(folder, Path(control), MASTER.format(port=port, script=script), transport)
        _run(control, folder, "start")
        try:
            yield Postfix(folder, port)
        finally:
            _run(control, folder, "stop")


def _configure(folder: Path, control: Path, master: str, transport: str) -> None:
    folder.chmod(0o755)
    for part in ("etc", "queue", "data"):
        (folder / part).mkdir()
    shutil.chown(folder / "data", "postfix")
    daemons = subprocess.check_output([control.with_name("postconf"), "-dh", "daemon_directory"], text=True)
    known = {"folder": folder, "commands": control.parent, "daemons": daemons.strip()}
    (folder / "etc/main.cf").write_text(MAIN.format(**known, transport=transport))
    (folder / "etc/master.cf").write_text(master)


def _run(control: str, folder: Path, verb: str) -> None:
    made = subprocess.run(
        [control, "-c", str(folder / "etc"), verb], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise CannotMeasure(f"Postfix does not {verb}: {(made.stderr or made.stdout)[-300:]}")
