"""Many seeds, on several processes, taken up again where they were left."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from hagaki.problem import Problem
from hagaki.simulation.run import Result, run_seed
from hagaki.simulation.tally import Tally, tally_of

CHUNK: Final = 10
"""Seeds that one process takes at a time."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to run. last is included. asked: see `faults.chosen`. orders: of shops, in each seed."""

    first: int
    last: int
    payments: int
    asked: str
    orders: int = 0

    def chunks(self) -> Iterator[range]:
        """All its seeds, in portions."""
        for start in range(self.first, self.last + 1, CHUNK):
            yield range(start, min(start + CHUNK, self.last + 1))


@dataclass
class Progress:
    """What is done of an order. path None: nothing is kept."""

    order: Order
    path: Path | None
    tally: Tally = field(default_factory=Tally)
    done: list[int] = field(default_factory=list)

    def left(self) -> list[range]:
        """Portions that nobody has run yet."""
        done = set(self.done)
        return [chunk for chunk in self.order.chunks() if chunk.start not in done]

    def add(self, chunk: range, results: list[Result]) -> None:
        """One portion more, kept before it is told."""
        for result in results:
            self.tally.add(result)
        self.done.append(chunk.start)
        self._keep()

    def _keep(self) -> None:
        if self.path is None:
            return
        facts = {"order": _facts(self.order), "done": self.done, "tally": self.tally.facts()}
        aside = self.path.with_name(f"{self.path.name}.new")
        aside.write_text(json.dumps(facts), encoding="utf-8")
        aside.rename(self.path)


def taken_up(order: Order, path: Path | None) -> Progress:
    """Where an earlier run of the same order was left. Raises Problem for a file of another order."""
    if path is None or not path.exists():
        return Progress(order, path)
    facts = json.loads(path.read_text(encoding="utf-8"))
    if facts["order"] != _facts(order):
        raise Problem(
            f"{path} belongs to other seeds, payments, orders or faults; choose another file", "resume-other"
        )
    return Progress(order, path, tally_of(facts["tally"]), facts["done"])


def run(progress: Progress, jobs: int, seen: Callable[[Result], None]) -> None:
    """Run what is left; seen: told each result. jobs: processes; 1 runs here."""
    if jobs == 1:
        for chunk in progress.left():
            _take(progress, chunk, _run_chunk(progress.order, chunk), seen)
        return
    with ProcessPoolExecutor(jobs) as pool:
        running = {pool.submit(_run_chunk, progress.order, chunk): chunk for chunk in progress.left()}
        for future in as_completed(running):
            _take(progress, running[future], future.result(), seen)


def _take(progress: Progress, chunk: range, results: list[Result], seen: Callable[[Result], None]) -> None:
    progress.add(chunk, results)
    for result in results:
        seen(result)


def _run_chunk(order: Order, chunk: range) -> list[Result]:
    """Garbage is collected between portions: within one seed it would cost a third of the time."""
    gc.disable()
    try:
        return [run_seed(seed, order.payments, order.asked, order.orders) for seed in chunk]
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


def _facts(order: Order) -> dict[str, Any]:
    return asdict(order)
