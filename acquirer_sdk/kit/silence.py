"""The kit's checks of silence: before sending nothing happened, after it nobody knows."""

from __future__ import annotations

import asyncio
from typing import Final

from acquirer_sdk.bench import PATIENCE_S, CannotProvoke, Case, Sort, expect, until
from acquirer_sdk.check import Subject
from acquirer_sdk.trial import Trial
from acquirer_sdk.values import Approved, InDoubt, NotSent

SILENCE: Final = Subject("silence")


@SILENCE.check()
async def doubts_silence(trial: Trial) -> None:
    """Silence is in doubt, never declined."""
    outcome = (await trial.sell(Case.SILENT)).outcome
    expect(f"silence came back as {outcome}", holds=isinstance(outcome, InDoubt))


@SILENCE.check()
async def doubts_silence_without_a_charge(trial: Trial) -> None:
    """Silence is in doubt even where the acquirer never booked: who asked cannot know."""
    outcome = (await trial.sell(Case.UNTOUCHED)).outcome
    expect(f"silence came back as {outcome}", holds=isinstance(outcome, InDoubt))


@SILENCE.check()
async def gives_up_in_time(trial: Trial) -> None:
    """A sale that nobody answers ends by itself within 90 s."""
    await trial.until_ready()
    request = trial.request(Case.UNTOUCHED)
    trial.acquirer.prepare(request)
    task = asyncio.create_task(trial.acquirer.authorise(request))
    done, _ = await asyncio.wait({task}, timeout=PATIENCE_S)
    task.cancel()
    expect(f"still waits after {PATIENCE_S} s", holds=bool(done))


@SILENCE.check()
async def never_asks_twice(trial: Trial) -> None:
    """After silence the adapter does not ask again by itself: one call is one request."""
    sale = await trial.sell(Case.SILENT)
    await asyncio.sleep(PATIENCE_S)
    count = len(trial.heard(Sort.REQUEST, sale.request.reference))
    expect(f"the far end heard {count} requests for one call", holds=count == 1)


@SILENCE.check()
async def waits_for_a_slow_answer(trial: Trial) -> None:
    """A slow answer within the time-out is an answer."""
    await trial.sold(Case.SLOW)


@SILENCE.check()
async def reports_late_answers(trial: Trial) -> None:
    """An answer after the time-out reaches `late` with its reference, number and outcome."""
    sale = await trial.sell(Case.LATE)
    await until(lambda: bool(trial.late), "the late answer was not reported")
    told, request = trial.late[0], sale.request
    same = (told.reference, told.stan) == (request.reference, request.stan)
    expect("the late answer names another sale", holds=same)
    expect(f"a late approval was reported as {told.outcome}", holds=isinstance(told.outcome, Approved))


@SILENCE.check()
async def doubts_a_late_answer(trial: Trial) -> None:
    """What is answered only after the time-out is in doubt, and its reversal takes it back."""
    sale = await trial.sell(Case.LATE)
    expect(f"a late answer came back as {sale.outcome}", holds=isinstance(sale.outcome, InDoubt))
    await trial.reverse(sale)
    expect("charged after a reversal was acknowledged", holds=trial.total_minor() == 0)


@SILENCE.check()
async def sells_on_beside_a_silent_sale(trial: Trial) -> None:
    """One silent sale holds up no other."""
    await trial.until_ready()
    silent = asyncio.create_task(trial.ask(trial.request(Case.SILENT)))
    await asyncio.sleep(0)
    if silent.done():
        raise CannotProvoke("silence does not last here")
    await trial.sold(Case.APPROVE)
    expect("the silent sale ended with the other's answer", holds=not silent.done())
    await silent


@SILENCE.check()
async def sends_nothing_while_the_line_is_down(trial: Trial) -> None:
    """While the far end cannot be reached a sale is NotSent, and never leaves by itself later."""
    await trial.until_ready()
    await trial.wire.unplug()
    await asyncio.sleep(1)  # both ends see it
    sale = await trial.ask(trial.request(Case.APPROVE))
    expect(f"a sale came back as {sale.outcome}", holds=isinstance(sale.outcome, NotSent))
    await trial.wire.plug()
    await trial.until_ready()
    await asyncio.sleep(PATIENCE_S)
    expect("what was NotSent was sent later", holds=trial.total_minor() == 0)


@SILENCE.check()
async def reverses_nothing_while_the_line_is_down(trial: Trial) -> None:
    """While the far end cannot be reached a reversal is NotSent: it was no transmission."""
    sale = await trial.sell(Case.SILENT)
    await trial.wire.unplug()
    await asyncio.sleep(1)  # both ends see it
    outcome = await trial.acquirer.reverse(sale.reversal, transmission=1)
    expect(f"a reversal came back as {outcome}", holds=isinstance(outcome, NotSent))
    await trial.wire.plug()
    await trial.reverse(sale)
