"""The fault classes of the torture: for each, every point of the reference day at which it can strike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tracer import SENDS, SYNCS, WRITES, fail_at, kill_at

WIDTHS: Final = (1, 2, 3)
"""So many calls in a row fail. The gateway's pauses after failures grow: more would only take longer."""

SHORT_FROM: Final = 65_536
SHORT_STEP: Final = 3_000
"""Bytes. No multiple of a page or of a frame of the log, so that writes end short in all places."""

_RECOVERY: Final = {"pwrite64": 80, "fdatasync": 12, "sendto": 20}
"""How many calls of a restart are met: it has settled what was open by then."""

Under = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One moment. under: what the gateway's first, second ... life runs under."""

    kind: str
    name: str
    under: Under


def _kills(kind: str, calls: tuple[str, ...], made: Mapping[str, int]) -> list[Point]:
    return [
        Point(kind, f"{call} {number}", (kill_at(call, number),))
        for call in calls
        for number in range(1, made.get(call, 0) + 1)
    ]


def _again(kind: str, made: Mapping[str, int]) -> list[Point]:
    """Every call of a recovery, after first deaths spread over the day."""
    first = [one for calls in (SENDS, SYNCS, WRITES) for one in _kills("", calls, made)]
    points: list[Point] = []
    for call, most in _RECOVERY.items():
        for number in range(1, most + 1):
            death = first[len(points) * 37 % len(first)]
            under = (*death.under, kill_at(call, number))
            points.append(Point(kind, f"{death.name}, then {call} {number}", under))
    return points


def _failures(kind: str, calls: tuple[str, ...], error: str, made: Mapping[str, int]) -> list[Point]:
    points: list[Point] = []
    for call in calls:
        for number in range(1, made.get(call, 0) + 1):
            last = number + WIDTHS[number % len(WIDTHS)] - 1
            points.append(Point(kind, f"{call} {number}-{last}", (fail_at(call, error, number, last),)))
    return points


def _short(kind: str, made: Mapping[str, int]) -> list[Point]:
    """The kernel itself cuts the write short: no file may grow past a size until a refusal was heard."""
    end = made.get("pwrite64", 0) * 4096 // 2
    sizes = range(SHORT_FROM, max(end, SHORT_FROM + 1), SHORT_STEP)
    return [Point(kind, f"{size} bytes", (("prlimit", f"--fsize={size}:unlimited"),)) for size in sizes]


CLASSES: Final[Mapping[str, Callable[[str, Mapping[str, int]], list[Point]]]] = {
    "killed at a write": lambda kind, made: _kills(kind, WRITES, made),
    "killed at a sync": lambda kind, made: _kills(kind, SYNCS, made),
    "killed at a send": lambda kind, made: _kills(kind, SENDS, made),
    "killed again while it recovers": _again,
    "I/O error on a write": lambda kind, made: _failures(kind, ("pwrite64", "ftruncate"), "EIO", made),
    "I/O error on a sync": lambda kind, made: _failures(kind, SYNCS, "EIO", made),
    "disk full on a write": lambda kind, made: _failures(kind, ("pwrite64",), "ENOSPC", made),
    "write cut short": _short,
}


def points(kind: str, made: Mapping[str, int], most: int | None) -> list[Point]:
    """The points of a class, all or at most so many of them, evenly over the day. made: tracer.counts."""
    found = CLASSES[kind](kind, made)
    if most is None or len(found) <= most:
        return found
    return [found[(2 * index + 1) * len(found) // (2 * most)] for index in range(most)]
