"""`python -m bench`: the figures, a line each with its bar; or `--stages`, `--stripes`: a table."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from bench import backlog, delay, full, nodes, profile, speed, stripes, waiting
from bench.ground import Ground, ground
from bench.load import CannotMeasure
from bench.rounds import Better, Figure

FIGURES: Final[Mapping[str, Callable[[Ground], Figure]]] = {
    "sink": speed.bare_sink,
    "postfix": speed.queue_only,
    "lmtp": speed.lmtp,
    "pipe": speed.pipe,
    "nodes": nodes.two,
    "delay": delay.added,
    "memory": waiting.memory,
    "full": full.many_payments,
    "backlog": backlog.drained,
}


def main() -> int:
    """-> 0 if every figure asked for keeps its bar, else 1; 3: nothing could be measured."""
    asked = _arguments()
    if asked.stripes:
        for line in stripes.table():
            print(line, flush=True)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what it started ends too
    try:
        with tempfile.TemporaryDirectory(prefix="hagaki-bench-") as folder, ground(Path(folder)) as here:
            if asked.stages:
                print(profile.by_stages(here))
                return 0
            figures = [_measured(here, name) for name in asked.only or FIGURES]
    except CannotMeasure as cannot:
        print(cannot, file=sys.stderr)
        return 3
    if asked.json:
        print(json.dumps([{**asdict(one), "passed": one.passed} for one in figures], ensure_ascii=False))
    return 0 if all(one.passed for one in figures) else 1


def _measured(here: Ground, name: str) -> Figure:
    here.say(name)
    try:
        figure = FIGURES[name](here)
    except CannotMeasure as cannot:  # one figure less is no reason for none
        figure = Figure(name, name, 0, Better.MORE, None, str(cannot))
    print(_line(figure), file=sys.stderr if "--json" in sys.argv else sys.stdout, flush=True)
    return figure


def _line(figure: Figure) -> str:
    verdict = "ok  " if figure.passed else "FAIL" if figure.value is not None else "none"
    value = "not measured" if figure.value is None else f"{figure.value:.3f}"
    facts = "; ".join(f"{name} {value:g}" for name, value in figure.facts.items())
    bar = f"{figure.better.value} {figure.bar:g}" if figure.value is not None else ""
    return f"{verdict} {value:>12} {bar:>8}  {figure.title}: {figure.words}" + (
        f" ({facts})" if facts else ""
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(FIGURES), help="one figure; may be repeated")
    parser.add_argument("--json", action="store_true", help="print one JSON list at the end")
    parser.add_argument("--stages", action="store_true", help="profile: us of CPU per sale, stage by stage")
    parser.add_argument("--stripes", action="store_true", help="how many swipes are read, against jitter")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
