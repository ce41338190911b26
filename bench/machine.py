"""What the kernel says of a process: time used, memory, from /proc."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """User and system time of a process so far, all threads, seconds."""
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS


def memory_bytes(pid: int) -> int:
    """Pss of a process: its own pages, and its part of those it shares."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise OSError("smaps_rollup has no Pss")


def family_cpu_s(pid: int) -> float:
    """The same for a process and all its children, with those that ended and were waited for."""
    whole = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # it ended just now
        if int(after_name[1]) == pid or int(stat.parent.name) == pid:
            whole += sum(int(ticks) for ticks in after_name[11:15]) / _TICKS
    return whole
