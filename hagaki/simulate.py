"""`hagaki simulate`: whole worlds from seeds, with every fault there is, and a table of what they found."""

from __future__ import annotations

import json
import re
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hagaki.problem import DONE, NO, Problem
from hagaki.sections import AsJson

if TYPE_CHECKING:
    from hagaki.simulation.campaign import Order
    from hagaki.simulation.run import Result
    from hagaki.simulation.tally import Tally

ORDERS: Final = 2
"""Of shops, beside the payments of readers: they cost as much time as four payments."""

_SEEDS: Final = re.compile(r"(\d{1,15})(?:-(\d{1,15}))?")


def command(
    seeds: Annotated[str, typer.Option(help="One seed, or first-last.")] = "0-99",
    payments: Annotated[int, typer.Option(min=0, max=40, help="Payments in each seed.")] = 10,
    orders: Annotated[int, typer.Option(min=0, max=20, help="Orders by mail in each seed.")] = ORDERS,
    faults: Annotated[str, typer.Option(help="Names with commas, all (the seed chooses) or none.")] = "all",
    jobs: Annotated[int, typer.Option(min=1, max=256, help="Processes.")] = 1,
    resume: Annotated[Path | None, typer.Option(help="Keep here what is done, and go on from it.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the table here, as Markdown.")] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Print all that happened; for one seed.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Run the whole system in simulated worlds and check each: nothing lost, double, untrue or leaked."""
    from hagaki.simulation import campaign
    from hagaki.simulation.faults import chosen
    from hagaki.simulation.tally import markdown

    first, last = _range(seeds)
    chosen(first, faults)
    if history:
        return _show(campaign.Order(first, first, payments, faults, orders))
    progress = campaign.taken_up(campaign.Order(first, last, payments, faults, orders), resume)
    with _watching(last - first + 1, progress.tally.seeds, as_json=as_json) as seen:
        campaign.run(progress, jobs, seen)
    tally = progress.tally
    if report is not None:
        report.write_text(markdown(tally), encoding="utf-8")
    _print(tally, as_json=as_json)
    return NO if tally.failures else DONE


def _range(text: str) -> tuple[int, int]:
    found = _SEEDS.fullmatch(text)
    if found is None or int(found.group(2) or found.group(1)) < int(found.group(1)):
        raise Problem(f"--seeds {text!r} must be one number, or first-last", "seeds-form")
    return int(found.group(1)), int(found.group(2) or found.group(1))


def _show(one: Order) -> int:
    from hagaki.simulation.run import run_seed

    lines: list[str] = []
    result = run_seed(one.first, one.payments, one.asked, one.orders, history=lines)
    print("\n".join(lines))
    print(*result.findings, f"digest {result.digest}", sep="\n")
    return NO if result.findings else DONE


def _watching(total: int, done: int, *, as_json: bool) -> AbstractContextManager[Any]:
    """On a terminal a bar; a seed that finds something is said at once."""
    if as_json or not sys.stderr.isatty():
        return nullcontext(_say_failure)
    return _Bar(total, done)


def _say_failure(result: Result) -> None:
    if result.findings:
        print(result.replay, f"digest {result.digest}", *result.findings, sep="\n  ", file=sys.stderr)


class _Bar:
    """How far it is, with what was found above it."""

    def __init__(self, total: int, done: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress("seeds", *columns, console=Console(stderr=True))
        self._task = self._progress.add_task("", total=total, completed=done)

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, result: Result) -> None:
        self._progress.advance(self._task)
        if result.findings:
            lines = (result.replay, f"digest {result.digest}", *map(str, result.findings))
            self._progress.console.print("\n  ".join(lines), markup=False, highlight=False)


def _print(tally: Tally, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(tally.facts(), ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    from hagaki.simulation.tally import HEAD

    table = Table(*HEAD, title=tally.sentence())
    for row in tally.rows():
        table.add_row(*row)
    Console().print(table)
