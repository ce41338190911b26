"""A `pcscd` of one's own with a virtual reader: its own socket, its own ports, in its own mount namespace."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from needs import need

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
READER = "Hagaki"
UNSHARE = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
START = """
mkdir -p /run/pcscd && mount --bind "$1/run" /run/pcscd && exec pcscd --foreground --info --config "$1/conf"
"""
PORT_TRIES = 50


@dataclass(frozen=True, slots=True)
class Pcscd:
    """socket: of the service; port: where a virtual card connects."""

    socket: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """For a process that shall use this service."""
        return {**os.environ, "PCSCLITE_CSOCK_NAME": str(self.socket)}

    @contextmanager
    def card(self, *options: str) -> Iterator[None]:
        """`hagaki card run`: a test card is in the reader."""
        command = [hagaki(), "card", "run", "--port", str(self.port), *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            try:
                assert "is in the reader" in running.stdout.readline()
                yield
            finally:
                running.terminate()


def hagaki() -> str:
    """The command as it is installed."""
    return str(Path(sys.executable).parent / "hagaki")


@contextmanager
def pcscd(folder: Path) -> Iterator[Pcscd]:
    """A running service; folder: short, for it holds a socket."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    found = shutil.which("pcscd", path=path) and DRIVER.exists()
    need("pcscd and vsmartcard-vpcd (Debian packages of these names)", present=bool(found))
    private = shutil.which("unshare") and _quiet([*UNSHARE, "true"])
    need("root or user namespaces (unshare --mount), for a pcscd beside the machine's", present=bool(private))
    port = _two_ports()
    for name in ("conf", "run"):
        (folder / name).mkdir()
    (folder / "conf" / "hagaki").write_text(
        f'FRIENDLYNAME "{READER}"\nDEVICENAME /dev/null:{port:#x}\nLIBPATH {DRIVER}\nCHANNELID {port:#x}\n'
    )
    command = [*UNSHARE, "sh", "-c", START, "sh", str(folder)]
    log = folder / "log"
    with log.open("wb") as out:
        running = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, "PATH": path})
    try:
        _until_ready(running, log)
        yield Pcscd(folder / "run" / "pcscd.comm", port)
    finally:
        running.terminate()
        running.wait(10)


def _until_ready(running: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(100):
        if b"daemon ready" in log.read_bytes():
            return
        try:
            running.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError(log.read_text("utf-8", "replace"))


def _two_ports() -> int:
    """A free port and the next one, for the driver opens two readers; none that the system gives away."""
    for attempt in range(PORT_TRIES):
        port = 20_000 + (os.getpid() + attempt) % 5_000 * 2
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise AssertionError("no two free ports in a row")


def _quiet(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
