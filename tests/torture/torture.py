"""The long form: `make torture`. Prints how far it is, and at the end one table in markdown.

HAGAKI_POINTS: points of each fault class, or all. HAGAKI_IMAGES: disks after a power cut.
HAGAKI_FAILED_SYNCS: days with one failed sync, each with a tenth of the images. HAGAKI_SOAK_S: seconds of the
soak. HAGAKI_JOBS: days at a time.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cuts import cut
from faults import CLASSES, points
from reach import reach
from scene import Scene, prepare
from soak import soak
from strike import Reference, Row, reference, strike, table

IMAGES: Final = 20_000
FAILED_SYNCS: Final = 10
SOAK_S: Final = 600
SEED: Final = 1
_SAY_EVERY: Final = 25


async def main(folder: Path) -> list[Row]:
    """Everything, one after the other."""
    scene = prepare(folder / "scene")
    undisturbed = await reference(folder / "day", scene)
    say(f"system calls of one thread on the reference day: {undisturbed.made}")
    rows = [await struck(kind, undisturbed, folder) for kind in CLASSES]
    images = reach("IMAGES", IMAGES)
    rows.append(await asyncio.to_thread(cuts, "power cut", [undisturbed], images, folder))
    rows.append(await failed_syncs(undisturbed, scene, folder))
    rows.append(await soaked(folder))
    return rows


async def struck(kind: str, undisturbed: Reference, folder: Path) -> Row:
    """One fault class, at all its points or as many as asked for."""
    place = folder / kind.replace(" ", "-").replace("/", "-")
    place.mkdir()
    chosen = points(kind, undisturbed.made, reach("POINTS", 0) or None)
    began = time.monotonic()

    def done(row: Row) -> None:
        if row.tried % _SAY_EVERY == 0 or row.tried == len(chosen):
            say(f"{kind}: {row.tried} of {len(chosen)}, {time.monotonic() - began:.0f} s")
        for line in row.wrong[row.said :]:
            say(line)
        row.said = len(row.wrong)

    rows = await strike(undisturbed.day.scene, place, chosen, done)
    return rows.get(kind, Row(kind))


def cuts(kind: str, days: Iterable[Reference], most: int | None, folder: Path) -> Row:
    """Every image of these days, or so many of each."""
    row = Row(kind)
    memory = Path("/dev/shm")
    for number, one in enumerate(days):
        with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else folder) as place:
            judged = cut(one, Path(place), most, SEED + number)
        row.add_many(len(judged.seen), judged.verdict)
        say(f"{kind}: {row.tried} images, {len(row.wrong)} wrong")
        for line in row.wrong[:5]:
            say(line)
    return row


async def failed_syncs(undisturbed: Reference, scene: Scene, folder: Path) -> Row:
    """Days with one sync that fails, evenly spread, and then every power cut."""
    days, most = [], reach("IMAGES", IMAGES)
    wanted, count = reach("FAILED_SYNCS", FAILED_SYNCS) or FAILED_SYNCS, undisturbed.made["fdatasync"]
    for number in range(1, wanted + 1):
        at = 4 + number * (count - 6) // wanted
        days.append(await reference(folder / f"failed-sync-{at}", scene, ("fdatasync", at)))
    share = None if most is None else most // 10
    return await asyncio.to_thread(cuts, "power cut after a sync that failed", days, share, folder)


async def soaked(folder: Path) -> Row:
    """The soak; its points are the kills."""
    run = soak(folder / "soak", SEED)
    verdict = await run.run(reach("SOAK_S", SOAK_S) or SOAK_S)
    row = Row(f"soak: five processes, {len(run.sold)} sales, random kills")
    row.add_many(run.kills, verdict)
    say(f"soak: {len(run.sold)} sales, {run.kills} kills, {verdict.all()[:5]}")
    return row


def say(line: str) -> None:
    """Progress, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="hagaki-torture-") as place:
        found = asyncio.run(main(Path(place)))
    say(table(found))
    sys.exit(any(row.wrong for row in found))
