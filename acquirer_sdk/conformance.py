"""The conformance kit: runs every check against an adapter on its bench, and says what it found."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Any, Final

from acquirer_sdk.bench import Bench, CannotProvoke, DoesNotApply, NotConforming, OpenBench, Outside
from acquirer_sdk.check import Check
from acquirer_sdk.kit import (
    advices,
    amounts,
    answers,
    captures,
    collecting,
    faults,
    inquiry,
    life,
    many,
    promises,
    returns,
    reversals,
    secrets_kept,
    silence,
    time,
    totals,
)
from acquirer_sdk.quickclock import quickly
from acquirer_sdk.trial import PLACES_MAX, Trial
from acquirer_sdk.values import Capabilities

SUBJECTS: Final = (
    answers.ANSWERS,
    silence.SILENCE,
    faults.FAULTS,
    reversals.REVERSALS,
    returns.RETURNS,
    captures.CAPTURES,
    advices.ADVICES,
    inquiry.INQUIRY,
    totals.TOTALS,
    collecting.COLLECTING,
    many.MANY,
    time.TIME,
    amounts.AMOUNTS,
    life.LIFE,
    promises.PROMISES,
    secrets_kept.SECRETS_KEPT,
)
CHECKS: Final = tuple(check for subject in SUBJECTS for check in subject.checks)
"""Every check, in the order of the report card."""

CHECK_LIMIT_S: Final = 6 * 3600
"""How long one check may take on the loop's clock."""


class Verdict(StrEnum):
    """What became of one check."""

    PASS = "pass"
    FAIL = "FAIL"
    DENIED = "n/a"  # the capabilities deny it
    UNPROVOKED = "cannot be provoked here"


@dataclass(frozen=True, slots=True)
class Finding:
    """sentence: what is wrong, or why the check says nothing; empty where it passed."""

    check: str
    subject: str
    demand: str
    verdict: Verdict
    sentence: str = ""


async def run_check(check: Check, open_bench: OpenBench, places_max: int = PLACES_MAX) -> Finding:
    """One check on a fresh bench. places_max: at how many places within a message a line fault is tried."""
    outside = Outside()
    async with open_bench(outside) as bench:
        denied = [name for name in check.needs if not getattr(bench.acquirer.capabilities, name)]
        if denied:
            return _finding(check, Verdict.DENIED, f"the capabilities deny {denied[0]}")
        trial = Trial(bench, outside, places_max)
        _listen(trial)
        task = asyncio.create_task(_tried(check, trial))
        await asyncio.wait({task}, timeout=CHECK_LIMIT_S)
        finding = _judged(check, task)
        await _end(task, bench)
    return finding


async def run_checks(
    open_bench: OpenBench,
    checks: Iterable[Check] = CHECKS,
    found: Callable[[Finding], None] = lambda _: None,
    places_max: int = PLACES_MAX,
) -> list[Finding]:
    """Every check, one after the other, on the clock of the running loop. found gets each finding at once."""
    findings = []
    for check in checks:
        findings.append(await run_check(check, open_bench, places_max))
        found(findings[-1])
    await asyncio.sleep(1)  # connections that are just being made or closed come to their end
    return findings


run_quickly: Final = quickly(run_checks)
"""The same on a quick clock, for a simulator that runs in this process."""


def capabilities(open_bench: OpenBench) -> Capabilities:
    """What the adapter on this bench says that it can."""

    async def read() -> Capabilities:
        async with open_bench(Outside()) as bench:
            return bench.acquirer.capabilities

    return quickly(read)()


async def _tried(check: Check, trial: Trial) -> None:
    if check.started:
        await trial.acquirer.start(trial.late.append)
    await check.run(trial)


def _judged(check: Check, task: asyncio.Task[None]) -> Finding:
    if not task.done():
        return _finding(check, Verdict.FAIL, f"did not end within {CHECK_LIMIT_S // 3600} hours")
    error = task.exception()
    if error is None:
        return _finding(check, Verdict.PASS)
    if isinstance(error, CannotProvoke):
        return _finding(check, Verdict.UNPROVOKED, str(error))
    if isinstance(error, DoesNotApply):
        return _finding(check, Verdict.DENIED, str(error))
    return _finding(check, Verdict.FAIL, str(error) if isinstance(error, NotConforming) else _raised(error))


def _finding(check: Check, verdict: Verdict, sentence: str = "") -> Finding:
    return Finding(check.name, check.subject, check.demand, verdict, sentence)


def _raised(error: BaseException) -> str:
    """What an adapter let out, and where; never its text, which may hold a card."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"raised {type(error).__name__}{where}"


def _listen(trial: Trial) -> None:
    """Exceptions that a task of the adapter died of are the trial's to judge, and nobody's to print."""

    def heard(_loop: object, context: dict[str, Any]) -> None:
        trial.noise.append(type(context.get("exception")).__name__)

    asyncio.get_running_loop().set_exception_handler(heard)


async def _end(task: asyncio.Task[None], bench: Bench) -> None:
    """Whatever the check left running ends; that closing works is a check of its own."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.gather(asyncio.wait_for(bench.acquirer.close(), CHECK_LIMIT_S), return_exceptions=True)
