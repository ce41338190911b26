"""The conformance kit: runs every check against an adapter and its own simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from acquirer_sdk.bench import Bench, Case, NotConforming, Trial
from acquirer_sdk.checks import CHECKS
from acquirer_sdk.quickclock import quickly
from acquirer_sdk.return_checks import Check

__all__ = ["CHECKS", "Bench", "Case", "Check", "Finding", "run_all", "run_check", "run_quickly", "trial"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. fault is empty where it passed."""

    check: str
    demand: str
    fault: str


@asynccontextmanager
async def trial(bench: Bench) -> AsyncIterator[Trial]:
    """The bench's acquirer started, and closed afterwards."""
    running = Trial(bench)
    await bench.acquirer.start(running.late.append)
    try:
        yield running
    finally:
        await bench.acquirer.close()


async def run_check(check: Check, open_bench: Callable[[], AbstractAsyncContextManager[Bench]]) -> Finding:
    """One check on a fresh bench. What the adapter raises passes through."""
    fault = ""
    async with open_bench() as bench, trial(bench) as running:
        try:
            await check(running)
        except NotConforming as error:
            fault = str(error)
    name = getattr(check, "__name__", "check")
    return Finding(name, (check.__doc__ or "").strip(), fault)


async def run_all(open_bench: Callable[[], AbstractAsyncContextManager[Bench]]) -> list[Finding]:
    """Every check, each on a fresh bench."""
    return [await run_check(check, open_bench) for check in CHECKS]


def run_quickly(open_bench: Callable[[], AbstractAsyncContextManager[Bench]]) -> list[Finding]:
    """Every check on a quick clock, for an adapter whose simulator runs in this process."""
    return quickly(run_all)(open_bench)
