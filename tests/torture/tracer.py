"""strace as a tool: the gateway runs so that its k-th system call kills it or fails, or all are noted."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Final

from needs import need

if TYPE_CHECKING:
    from pathlib import Path

WRITES: Final = ("pwrite64", "write", "writev", "ftruncate", "unlink", "unlinkat", "rename")
SYNCS: Final = ("fsync", "fdatasync")
SENDS: Final = ("sendto", "sendmsg")
LOG: Final = "@log@"
"""Stands for the log of the life in question."""

ALL: Final = (*WRITES, *SYNCS, *SENDS)

_STRACE: Final = ("strace", "-D", "-f", "-qqq", "-e", "signal=none")
"""-D: the gateway stays our own child, so signals and exit codes are its own."""

_NOTED: Final = ("-yy", "-xx", "-s", "10000000")
_FAST: Final = "--seccomp-bpf"
"""A filter in the kernel; with it strace 6.1 does not inject, so only notes are taken so."""

_BEGINS: Final = re.compile(r"(\d+) +(\w+)\(")


def need_strace() -> None:
    """Skip the test, or fail it in CI, where there is no strace."""
    need("strace: apt-get install strace", present=shutil.which("strace") is not None)


def note(log: Path, failing: tuple[str, int] | None = None) -> tuple[str, ...]:
    """Note all calls that matter, with all their bytes. failing: this call of this number, from 1, fails."""
    noting = (*_STRACE, *_NOTED, "-o", str(log), "-e", f"trace={','.join((*ALL, 'openat'))}")
    if failing is None:
        return (*noting, _FAST)
    call, number = failing
    return (*noting, "-e", f"inject={call}:error=EIO:when={number}")


def kill_at(call: str, number: int) -> tuple[str, ...]:
    """SIGKILL instead of a thread's call of that name and number, from 1."""
    return _inject(call, f"signal=KILL:when={number}")


def fail_at(call: str, error: str, first: int, last: int) -> tuple[str, ...]:
    """The calls from first to last are not done and return this error."""
    return _inject(call, f"error={error}:when={first}..{last}")


def _inject(call: str, what: str) -> tuple[str, ...]:
    return (*_STRACE, "-o", LOG, "-e", f"trace={call}", "-e", f"inject={call}:{what}")


def counts(log: Path) -> dict[str, int]:
    """Call -> how often the busiest thread made it: the numbers at which it can be met."""
    made: Counter[tuple[str, str]] = Counter()
    with log.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            if begun := _BEGINS.match(line):
                made[begun[1], begun[2]] += 1
    found: dict[str, int] = {}
    for (_, call), count in made.items():
        found[call] = max(found.get(call, 0), count)
    return found
