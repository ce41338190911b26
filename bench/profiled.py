"""`hagaki serve` under cProfile, each thread on its own CPU clock: `python -m bench.profiled OUT --config F`.

SIGUSR1 begins the measurement: what was done until then (imports, start, warming up) is left out.
"""

from __future__ import annotations

import cProfile
import json
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hagaki.cli import main

Edge = tuple[str, tuple[str, str], tuple[str, ...], str]

_profiles: list[tuple[str, cProfile.Profile]] = []
_before: Counter[Edge] = Counter()


def _profiled(name: str, work: Callable[[], Any]) -> None:
    """Waiting costs nothing on a thread's own CPU clock: what is left is work."""
    profile = cProfile.Profile(time.thread_time)
    _profiles.append((name, profile))
    profile.enable()
    try:
        work()
    finally:
        profile.disable()


def _in_threads() -> None:
    run = threading.Thread.run

    def run_profiled(thread: threading.Thread) -> None:
        _profiled("threads", lambda: run(thread))

    setattr(threading.Thread, "run", run_profiled)  # noqa: B010 mypy cannot see through an assignment


def _name(code: Any) -> tuple[str, str]:
    """(file, function); a function of C has no file."""
    if isinstance(code, str):
        return "", code
    return code.co_filename, f"{code.co_qualname}:{code.co_firstlineno}"


def counted() -> Counter[Edge]:
    """(thread, caller, called, what) -> calls or own seconds so far; called is empty for the caller's own."""
    made: Counter[Edge] = Counter()
    for thread, profile in _profiles:
        for entry in profile.getstats():
            name = _name(entry.code)
            rows: list[tuple[Any, Any]] = [((), entry)]
            rows += [(_name(sub.code), sub) for sub in entry.calls or ()]
            for called, row in rows:
                made[thread, name, called, "calls"] += row.callcount
                made[thread, name, called, "own_s"] += row.inlinetime
    return made


if __name__ == "__main__":
    out = Path(sys.argv.pop(1))
    sys.argv.insert(1, "serve")
    _in_threads()
    signal.signal(signal.SIGUSR1, lambda *_: _before.update(counted()))
    try:
        _profiled("loop", main)
    finally:
        spent = counted()
        spent.subtract(_before)
        out.write_text(json.dumps([[*edge, value] for edge, value in spent.items()]), encoding="utf-8")
