"""The disk under the gateway's database, and how it fails: full for SQLite's next page, or for the system's
next byte."""

from __future__ import annotations

import resource
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from hagaki.simulation.loop import PROCESS, Process
from mail_gateway.store import sqlite

_PAGES_MAX: Final = 4_294_967_294
_OPEN: Final[dict[Process, list[Any]]] = {}
"""The connections that each simulated program has opened."""


def watch() -> None:
    """From now on every connection that a simulated program opens is known here. Again is no work."""
    opened = sqlite._apply
    if getattr(opened, "watched", False):
        return

    def apply(driver: Any, wanted: Mapping[str, int | str]) -> None:
        opened(driver, wanted)
        if PROCESS.get().name.startswith("gateway"):
            _OPEN.setdefault(PROCESS.get(), []).append(driver)

    apply.watched = True  # type: ignore[attr-defined]
    sqlite._apply = apply


class Disk:
    """Good, full or failing. Full: no page more. Failing: the log cannot grow, so that a commit breaks off
    anywhere in its writing."""

    def __init__(self) -> None:
        self.is_full = False
        self._log_max: int | None = None
        watch()

    def do(self, work: Callable[[], Any]) -> Any:
        """What the store wants done, on this disk."""
        if self._log_max is None:
            return work()
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self._log_max, before[1]))
        try:
            return work()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    def fail(self, database: Path, more: int) -> None:
        """From now on no file grows beyond what the log is now, and that many bytes more."""
        log = database.with_name(f"{database.name}-wal")
        files = [path.stat().st_size for path in (log, database) if path.exists()]
        self._log_max = max(files, default=0) + more

    def mend(self) -> None:
        """Files grow again."""
        self._log_max = None

    def fill(self, process: Process | None) -> None:
        """No page more for the databases of that program."""
        self.is_full = True
        self._limit(process)

    def make_room(self, process: Process | None) -> None:
        """There is room again."""
        self.is_full = False
        self._limit(process)

    def forget(self, process: Process) -> None:
        """That program is dead: the system closes its files."""
        _OPEN.pop(process, None)

    def _limit(self, process: Process | None) -> None:
        for driver in _OPEN.get(process, ()) if process is not None else ():
            with suppress(driver.ProgrammingError):  # closed since
                pages = driver.execute("PRAGMA page_count").fetchone()[0] if self.is_full else _PAGES_MAX
                driver.execute(f"PRAGMA max_page_count = {pages}").fetchall()
