"""The kit's checks of time: trace numbers wrap, days change, clocks are wrong, and no sale suffers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from acquirer_sdk.bench import START_S, Case, Heard, Sort, expect
from acquirer_sdk.check import Subject
from acquirer_sdk.trial import Sale, Trial
from acquirer_sdk.values import Approved

TIME: Final = Subject("time")

DAY_MS: Final = 86_400_000
STAN_MAX: Final = 999_999
MOMENTS: Final = (
    datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2028, 1, 1, tzinfo=UTC),
    datetime(2028, 2, 29, 12, tzinfo=UTC),
    datetime(2026, 12, 31, 14, 59, 59, tzinfo=UTC),  # one second before the year ends in Japan
    datetime(2026, 12, 31, 15, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),  # one second more than 31 bits hold
)


@TIME.check()
async def wraps_trace_numbers(trial: Trial) -> None:
    """Sales numbered 999999 and then 1 are two sales, each reversed by its own reversal."""
    last, first = await trial.sold(Case.APPROVE, stan=STAN_MAX), await trial.sold(Case.APPROVE, stan=1)
    await trial.reverse(last)
    expect("charged after a reversal was acknowledged", holds=trial.net_minor(last) == 0)
    expect("the sale after the wrap was undone", holds=trial.net_minor(first) > 0)


@TIME.check()
async def reverses_across_the_cut_over(trial: Trial) -> None:
    """A reversal that is sent on the next day undoes the sale, and carries the sale's date."""
    sale = await trial.sell(Case.SILENT)
    trial.outside.skew_ms += DAY_MS
    await trial.reverse(sale)
    expect("charged after a reversal was acknowledged", holds=trial.net_minor(sale) == 0)
    days = {one.day for one in _heard(trial, sale)}
    expect(f"the far end heard the dates {sorted(days)}", holds=len(days) == 1)


@TIME.check()
async def dates_a_sale_by_itself(trial: Trial) -> None:
    """The date of a sale is when it was keyed, however wrong the gateway's clock is."""
    right = await trial.sold(Case.APPROVE)
    trial.outside.skew_ms -= 40 * DAY_MS
    wrong = await trial.sold(Case.APPROVE)
    days = {one.day for sale in (right, wrong) for one in _heard(trial, sale)}
    expect(f"the far end heard the dates {sorted(days)}", holds=len(days) == 1)


@TIME.check()
async def waits_by_no_wall_clock_ahead(trial: Trial) -> None:
    """A wall clock that jumps a day ahead ends no sale that is under way."""
    await _slow_sale_while_the_clock_jumps(trial, DAY_MS)


@TIME.check()
async def waits_by_no_wall_clock_behind(trial: Trial) -> None:
    """A wall clock that jumps a day back holds up no sale that is under way."""
    await _slow_sale_while_the_clock_jumps(trial, -DAY_MS)


@TIME.check()
async def sells_at_any_moment(trial: Trial) -> None:
    """The last second of a year, a leap day, and a time beyond 31 bits are moments like any other."""
    for moment in MOMENTS:
        trial.outside.skew_ms = int(moment.timestamp() - START_S) * 1000
        sale = await trial.sold(Case.APPROVE, time_s=int(moment.timestamp()))
        await trial.reverse(sale)
    expect("charged after reversals were acknowledged", holds=trial.total_minor() == 0)


async def _slow_sale_while_the_clock_jumps(trial: Trial, by_ms: int) -> None:
    await trial.until_ready()
    slow = asyncio.create_task(trial.ask(trial.request(Case.SLOW)))
    await asyncio.sleep(0)
    trial.outside.skew_ms += by_ms
    outcome = (await slow).outcome
    expect(f"a slow answer came back as {outcome}", holds=isinstance(outcome, Approved))
    await trial.sold(Case.APPROVE)


def _heard(trial: Trial, sale: Sale) -> list[Heard]:
    reference = sale.request.reference
    return [*trial.heard(Sort.REQUEST, reference), *trial.heard(Sort.REVERSAL, reference)]
