"""Run days, several at a time, each struck at one point, and count what came of them by fault class."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from day import Day, day
from faults import Point
from scene import Scene
from tracer import counts, note
from verdict import Verdict, judge

JOBS: Final = int(os.environ.get("HAGAKI_JOBS", "6"))
"""Days at the same time: most of a day is waiting."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A day that nothing kills. log: its system calls; made: how often each; day: what came of it."""

    log: Path
    made: dict[str, int]
    day: Day


@dataclass(slots=True)
class Row:
    """One fault class so far. struck: at how many points the fault did happen; wrong: what went wrong."""

    kind: str
    tried: int = 0
    struck: int = 0
    lost: int = 0
    double: int = 0
    untrue: int = 0
    broken: int = 0
    wrong: list[str] = field(default_factory=list)
    said: int = 0

    def add_many(self, count: int, verdict: Verdict) -> None:
        """Count so many points that were judged together; each thing that is wrong counts."""
        self.tried += count
        self.struck += count
        self.lost += len(verdict.lost)
        self.double += len(verdict.double)
        self.untrue += len(verdict.untrue)
        self.broken += len(verdict.broken)
        self.wrong += [f"{self.kind}: {sentence}" for sentence in verdict.all()]

    def add(self, name: str, verdict: Verdict, *, struck: bool) -> None:
        """Count one point."""
        self.tried += 1
        self.struck += struck
        for count in ("lost", "double", "untrue", "broken"):
            setattr(self, count, getattr(self, count) + bool(getattr(verdict, count)))
        self.wrong += [f"{self.kind}, {name}: {sentence}" for sentence in verdict.all()]


async def reference(folder: Path, scene: Scene, failing: tuple[str, int] | None = None) -> Reference:
    """Run the scene's day with every system call noted. failing: the one that fails.

    Raises AssertionError where the day itself goes wrong.
    """
    folder.mkdir()
    log = folder / "calls"
    noted = await day(scene, folder / "noted", (note(log, failing),)).run()
    assert not judge(noted).all(), judge(noted).all()
    return Reference(log, counts(log), noted)


async def strike(
    scene: Scene, folder: Path, points: Iterable[Point], done: Callable[[Row], None] = lambda row: None
) -> dict[str, Row]:
    """Each point in a day of its own. done: told after each, with the row of its class."""
    rows: dict[str, Row] = {}
    room = asyncio.Semaphore(JOBS)

    async def one(number: int, point: Point) -> None:
        async with room:
            place = folder / f"day-{number}"
            struck = await day(scene, place, point.under).run()
            verdict = judge(struck)
            row = rows.setdefault(point.kind, Row(point.kind))
            row.add(point.name, verdict, struck=struck.struck())
            done(row)
            if not verdict.all():
                shutil.rmtree(place)

    async with asyncio.TaskGroup() as group:
        for number, point in enumerate(points):
            group.create_task(one(number, point))
    return rows


def table(rows: Iterable[Row]) -> str:
    """The rows as a table in markdown."""
    head = ("fault class", "points tried", "struck", "lost", "double", "untrue", "database broken")
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    for row in rows:
        figures = (row.tried, row.struck, row.lost, row.double, row.untrue, row.broken)
        lines.append(f"| {row.kind} | {' | '.join(f'{figure:,}' for figure in figures)} |")
    return "\n".join(lines)
