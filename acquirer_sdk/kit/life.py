"""The kit's checks of start, readiness and close."""

from __future__ import annotations

import asyncio
from typing import Final

from acquirer_sdk.bench import PATIENCE_S, CannotProvoke, Case, Sort, expect
from acquirer_sdk.check import Subject
from acquirer_sdk.trial import Trial
from acquirer_sdk.values import Approved, InDoubt, NotReady, NotSent, Ready

LIFE: Final = Subject("start and close")


@LIFE.check(started=False)
async def is_not_ready_before_start(trial: Trial) -> None:
    """Before start nothing is ready, and a sale is NotSent."""
    expect("ready before start", holds=isinstance(trial.acquirer.ready(), NotReady))
    outcome = (await trial.ask(trial.request(Case.APPROVE))).outcome
    expect(f"before start came back as {outcome}", holds=isinstance(outcome, NotSent))
    expect("charged before start", holds=trial.total_minor() == 0)


@LIFE.check(started=False)
async def starts_at_once_when_nobody_is_there(trial: Trial) -> None:
    """start returns at once even if the far end is down; when that is up, the adapter is ready by itself."""
    await trial.wire.unplug()
    starting = asyncio.create_task(trial.acquirer.start(trial.late.append))
    done, _ = await asyncio.wait({starting}, timeout=1)
    expect("start still waits after 1 s", holds=bool(done))
    await asyncio.sleep(PATIENCE_S)
    await trial.wire.plug()
    await trial.sold(Case.APPROVE)


@LIFE.check()
async def says_honestly_when_it_is_ready(trial: Trial) -> None:
    """While `ready` says Ready a sale leaves; while it says NotReady a sale is NotSent."""
    for _ in range(3):
        was = trial.acquirer.ready()
        outcome = (await trial.ask(trial.request(Case.APPROVE))).outcome
        honest = isinstance(outcome, NotSent) == isinstance(was, NotReady)
        expect(f"{was}, and a sale came back as {outcome}", holds=honest)
        await trial.until_ready()


@LIFE.check()
async def stays_one_when_started_twice(trial: Trial) -> None:
    """A second start does no harm: sales go on, and late answers still come."""
    await trial.until_ready()
    await trial.acquirer.start(trial.late.append)
    await trial.sold(Case.APPROVE)
    expect("a sale was charged more than once", holds=trial.total_minor() == trial.amount(Case.APPROVE))


@LIFE.check()
async def closes_twice(trial: Trial) -> None:
    """A second close does no harm."""
    await trial.sold(Case.APPROVE)
    for _ in range(2):
        await trial.acquirer.close()
    expect("ready after close", holds=isinstance(trial.acquirer.ready(), NotReady))


@LIFE.check(started=False)
async def closes_without_a_start(trial: Trial) -> None:
    """close without a start does no harm."""
    await trial.acquirer.close()
    expect("ready after close", holds=isinstance(trial.acquirer.ready(), NotReady))


@LIFE.check()
async def closes_in_time(trial: Trial) -> None:
    """close ends within 90 s though the far end answers nothing any more."""
    await trial.until_ready()
    if trial.bench.wire is not None:
        await trial.wire.unplug()
    task = asyncio.create_task(trial.acquirer.close())
    done, _ = await asyncio.wait({task}, timeout=PATIENCE_S)
    task.cancel()
    expect(f"close takes more than {PATIENCE_S} s", holds=bool(done))


@LIFE.check()
async def ends_waiting_sales_when_closed(trial: Trial) -> None:
    """close ends every sale that still waits as InDoubt: it had left."""
    await trial.until_ready()
    waiting = [asyncio.create_task(trial.ask(trial.request(Case.UNTOUCHED))) for _ in range(4)]
    await asyncio.sleep(1)
    if any(task.done() for task in waiting):
        raise CannotProvoke("silence does not last here")
    await trial.acquirer.close()
    done, _ = await asyncio.wait(waiting, timeout=1)
    expect("sales still wait after close", holds=len(done) == len(waiting))
    for task in waiting:
        outcome = task.result().outcome
        expect(f"came back as {outcome}", holds=isinstance(outcome, InDoubt))


@LIFE.check()
async def sends_nothing_after_close(trial: Trial) -> None:
    """After close no sale leaves, and that is said as NotSent."""
    await trial.until_ready()
    await trial.acquirer.close()
    outcome = (await trial.ask(trial.request(Case.APPROVE))).outcome
    expect(f"after close came back as {outcome}", holds=isinstance(outcome, NotSent))
    await asyncio.sleep(PATIENCE_S)
    expect("the far end heard of it", holds=trial.total_minor() == 0)


@LIFE.check()
async def reports_nothing_after_close(trial: Trial) -> None:
    """After close nothing reaches `late` any more."""
    await trial.sell(Case.LATE)
    await trial.acquirer.close()
    trial.late.clear()
    await asyncio.sleep(600)
    expect("a late answer came after close", holds=not trial.late)


@LIFE.check()
async def starts_again_after_close(trial: Trial) -> None:
    """What was closed can be started again."""
    await trial.until_ready()
    await trial.acquirer.close()
    await trial.acquirer.start(trial.late.append)
    await trial.sold(Case.APPROVE)


@LIFE.check()
async def keeps_the_line_alone(trial: Trial) -> None:
    """Ten minutes without a sale cost nothing: the adapter is ready after them, and nothing was asked."""
    await trial.until_ready()
    await asyncio.sleep(600)
    expect("not ready after ten idle minutes", holds=isinstance(trial.acquirer.ready(), Ready))
    expect("the far end heard a request", holds=not trial.heard(Sort.REQUEST))
    expect("a sale fails after them", holds=isinstance((await trial.sell(Case.APPROVE)).outcome, Approved))
