"""The kit's checks of a day's totals: agreed where they agree, and the acquirer's own told where not."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from acquirer_sdk.bench import Case, expect
from acquirer_sdk.check import Subject
from acquirer_sdk.trial import Trial
from acquirer_sdk.values import NotSent, Reconciled, Totals

TOTALS: Final = Subject("totals")

DAY: Final = "2026-01-01"
YEN: Final = 392


@TOTALS.check("reconcile")
async def agrees_on_a_day(trial: Trial) -> None:
    """Totals that are the acquirer's own agree, and its own are told."""
    ours = await _day(trial)
    await _reconciled(trial, ours, ours)


@TOTALS.check("reconcile")
async def differs_on_a_count(trial: Trial) -> None:
    """Totals with a sale too many do not agree, and the acquirer's own are told."""
    theirs = await _day(trial)
    await _reconciled(trial, replace(theirs, sales=theirs.sales + 1), theirs)


@TOTALS.check("reconcile")
async def differs_on_a_sum(trial: Trial) -> None:
    """Totals with the right counts and a wrong sum do not agree."""
    theirs = await _day(trial)
    await _reconciled(trial, replace(theirs, sales_minor=theirs.sales_minor + 1), theirs)


@TOTALS.check("reconcile")
async def leaves_reversed_sales_out(trial: Trial) -> None:
    """A sale that was reversed is in no sum."""
    theirs = await _day(trial)
    await trial.reverse(await trial.sold(Case.APPROVE))
    await _reconciled(trial, theirs, theirs)


@TOTALS.check("reconcile", "refund")
async def counts_returns_apart(trial: Trial) -> None:
    """A refund is in the returns, and the sale that it gives back stays in the sales."""
    sale, part = await trial.sold(), trial.amount(Case.APPROVE)
    await trial.approved(trial.refund(sale, part))
    theirs = Totals(DAY, YEN, 1, sale.request.amount_minor, 1, part)
    await _reconciled(trial, theirs, theirs)


@TOTALS.check("reconcile")
async def knows_an_empty_day(trial: Trial) -> None:
    """A day on which nothing was sold is a day of zeros."""
    await trial.sold(Case.APPROVE)
    empty = Totals("2025-12-24", YEN, 0, 0, 0, 0)
    await _reconciled(trial, empty, empty)


@TOTALS.check("reconcile")
async def reconciles_twice(trial: Trial) -> None:
    """Asking again gives the same answer and moves no money."""
    ours = await _day(trial)
    for _ in range(2):
        await _reconciled(trial, ours, ours)
    expect("reconciling moved money", holds=trial.total_minor() == ours.sales_minor)


@TOTALS.check("reconcile")
async def reconciles_nothing_after_close(trial: Trial) -> None:
    """After close totals are NotSent."""
    await trial.until_ready()
    await trial.acquirer.close()
    answer = await trial.acquirer.reconcile(Totals(DAY, YEN, 0, 0, 0, 0))
    expect(f"totals came back as {answer}", holds=isinstance(answer, NotSent))


async def _day(trial: Trial) -> Totals:
    """Two sales and one that was declined."""
    sold = [await trial.sold(case) for case in (Case.APPROVE, Case.LARGE)]
    await trial.sell(Case.DECLINE)
    return Totals(DAY, YEN, 2, sum(sale.request.amount_minor for sale in sold), 0, 0)


async def _reconciled(trial: Trial, ours: Totals, theirs: Totals) -> None:
    await trial.until_ready()
    answer = await trial.acquirer.reconcile(ours)
    expect(f"totals came back as {answer}", holds=answer == Reconciled(theirs, agrees=ours == theirs))
