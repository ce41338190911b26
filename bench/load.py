"""The generator: builds load.c with the C compiler at hand, starts it, gives it commands."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

SOURCE: Final = Path(__file__).with_name("load.c")
CONNECTIONS: Final = 16


class CannotMeasure(Exception):
    """Something that a figure needs is not on this machine; the text is one sentence that says what."""


@dataclass(frozen=True, slots=True)
class How:
    """rate: mails a second, 0: as fast as they are taken. letters: wait for each sale's letter."""

    rate: int = 0
    letters: bool = True
    limit_s: int = 120


@dataclass(frozen=True, slots=True)
class Sent:
    """What one `send` of load.c printed."""

    facts: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]

    @property
    def generator_share(self) -> float:
        """The part of one core that the generator itself used."""
        return float(self["cpu_s"]) / max(float(self["wall_s"]), 1e-9)

    def complete(self, *, letters: bool = True) -> Sent:
        """This, if everything was taken and answered once; else CannotMeasure."""
        whole = self["taken"] == self["sales"] and not self["refused"] and not self["reversals"]
        if not whole or (letters and self["letters"] != self["sales"]):
            raise CannotMeasure(f"A round was not complete: {json.dumps(self.facts)}.")
        return self


@dataclass(slots=True)
class Load:
    """One running generator: sender, sink and host."""

    pool: Path
    sink_port: int
    host_port: int
    _child: subprocess.Popen[str] = field(init=False)

    def start(self, folder: Path) -> None:
        """Build and start it. Raises CannotMeasure without a C compiler."""
        binary = folder / "load"
        build(binary)
        ports = [str(self.sink_port), str(self.host_port)]
        self._child = subprocess.Popen(
            [binary, *ports], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._answer()

    def hold(self, ms: int) -> int:
        """The host answers after so many milliseconds; 0: at once; -1: not until the next hold.

        -> how many requests wait for their answer at this moment.
        """
        return int(self._ask(f"hold {ms}")["held"])

    def send(self, ports: Sequence[int], mails: range, how: How = How()) -> Sent:
        """Send those mails of the pool, spread over the ports, and wait for it."""
        self.begin(ports, mails, how)
        return self.end()

    def begin(self, ports: Sequence[int], mails: range, how: How = How()) -> None:
        """Begin to send; `end` waits for it."""
        to = ",".join(str(port) for port in ports)
        rest = f"{CONNECTIONS * len(ports)} {how.rate} {int(how.letters)} {how.limit_s}"
        self._say(f"send {self.pool} {mails.start} {len(mails)} {to} {rest}")

    def end(self) -> Sent:
        """What came of the send that was begun."""
        return Sent(self._answer())

    def close(self) -> None:
        """It ends when nobody speaks to it any more."""
        if self._child.stdin is not None:
            self._child.stdin.close()
        self._child.wait(10)

    def _ask(self, command: str) -> dict[str, Any]:
        self._say(command)
        return self._answer()

    def _say(self, command: str) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(f"{command}\n")
        self._child.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise CannotMeasure("The generator ended: its own message stands above.")
        answer: dict[str, Any] = json.loads(line)
        return answer


def build(binary: Path) -> None:
    """Compile load.c. Raises CannotMeasure where that cannot be done."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise CannotMeasure("The load generator is C: install a C compiler (Debian: apt-get install gcc).")
    made = subprocess.run(
        [compiler, "-O2", "-o", binary, SOURCE], capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise CannotMeasure(f"The load generator could not be built (it needs Linux): {made.stderr[:300]}")
