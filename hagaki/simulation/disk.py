"""The disk under the gateway's database, and how it gets full: SQLite itself refuses the next page."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
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
    """Full or not; to a life that begins while it is full it is full as well."""

    def __init__(self) -> None:
        self.is_full = False
        watch()

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
