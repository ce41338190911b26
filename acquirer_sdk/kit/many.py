"""The kit's checks of many at once: every answer reaches who asked, whatever else is under way."""

from __future__ import annotations

import asyncio
from typing import Final

from acquirer_sdk.bench import CannotProvoke, Case, expect
from acquirer_sdk.check import Subject
from acquirer_sdk.trial import Trial
from acquirer_sdk.values import Approved, Declined, InDoubt, ReversalAccepted

MANY: Final = Subject("many at once")

OUTSTANDING: Final = 64


@MANY.check()
async def keeps_many_apart(trial: Trial) -> None:
    """Sixty-four at once get each their own answer."""
    await trial.until_ready()
    cases = [Case.APPROVE, Case.DECLINE] * (OUTSTANDING // 2)
    asked = [trial.request(case) for case in cases]
    sales = await asyncio.gather(*(trial.ask(request) for request in asked))
    wanted = [Approved if case is Case.APPROVE else Declined for case in cases]
    expect("answers were mixed up", holds=[type(sale.outcome) for sale in sales] == wanted)


@MANY.check()
async def books_each_of_many_once(trial: Trial) -> None:
    """Sixty-four at once are charged once each."""
    await trial.until_ready()
    await asyncio.gather(*(trial.sold(Case.APPROVE) for _ in range(OUTSTANDING)))
    owed = OUTSTANDING * trial.amount(Case.APPROVE)
    expect(f"{trial.total_minor()} is charged, not {owed}", holds=trial.total_minor() == owed)


@MANY.check()
async def doubts_only_the_silent_ones(trial: Trial) -> None:
    """Among sixty-four, those without an answer are in doubt and the others are not."""
    await trial.until_ready()
    cases = [Case.APPROVE, Case.UNTOUCHED, Case.DECLINE, Case.UNTOUCHED] * (OUTSTANDING // 4)
    sales = await asyncio.gather(*(trial.ask(trial.request(case)) for case in cases))
    wanted = {Case.APPROVE: Approved, Case.UNTOUCHED: InDoubt, Case.DECLINE: Declined}
    mixed = [type(sale.outcome) for sale in sales] != [wanted[case] for case in cases]
    expect("answers were mixed up", holds=not mixed)


@MANY.check()
async def takes_answers_out_of_order(trial: Trial) -> None:
    """A slow answer that comes after those of later sales is still its own sale's."""
    await trial.until_ready()
    slow = asyncio.create_task(trial.ask(trial.request(Case.SLOW)))
    await asyncio.sleep(0)
    declined = await trial.sell(Case.DECLINE)
    expect("answers were mixed up", holds=isinstance(declined.outcome, Declined) and not slow.done())
    expect("answers were mixed up", holds=isinstance((await slow).outcome, Approved))


@MANY.check()
async def reverses_many(trial: Trial) -> None:
    """Sixty-four reversals at once are acknowledged each, and nothing stays charged."""
    sales = await asyncio.gather(*(trial.sold(Case.APPROVE) for _ in range(OUTSTANDING)))
    outcomes = await asyncio.gather(
        *(trial.acquirer.reverse(sale.reversal, transmission=1) for sale in sales)
    )
    open_ones = [outcome for outcome in outcomes if not isinstance(outcome, ReversalAccepted)]
    expect(f"{len(open_ones)} reversals were not acknowledged", holds=not open_ones)
    expect("charged after reversals were acknowledged", holds=trial.total_minor() == 0)


@MANY.check()
async def reverses_beside_silent_sales(trial: Trial) -> None:
    """Sixty-four silent sales hold up no reversal."""
    sale = await trial.sold(Case.APPROVE)
    silent = [asyncio.create_task(trial.ask(trial.request(Case.UNTOUCHED))) for _ in range(OUTSTANDING)]
    await asyncio.sleep(0)
    if any(task.done() for task in silent):
        raise CannotProvoke("silence does not last here")
    await trial.reverse(sale)
    expect("the reversal waited for silent sales", holds=not any(task.done() for task in silent))
    expect("charged after a reversal was acknowledged", holds=trial.net_minor(sale) == 0)
    await asyncio.gather(*silent)


@MANY.check()
async def keeps_terminals_apart(trial: Trial) -> None:
    """One trace number at two terminals is two sales."""
    await trial.until_ready()
    one = trial.request(Case.APPROVE, stan=77, terminal_id="T0000001")
    other = trial.request(Case.DECLINE, stan=77, terminal_id="T0000002")
    first, second = await asyncio.gather(trial.ask(one), trial.ask(other))
    apart = isinstance(first.outcome, Approved) and isinstance(second.outcome, Declined)
    expect("answers were mixed up", holds=apart)


@MANY.check()
async def keeps_references_apart(trial: Trial) -> None:
    """A trace number that is used again, while nobody knows how its first sale ended, is another sale."""
    silent = await trial.sell(Case.SILENT, stan=77)
    other = await trial.sold(Case.APPROVE, stan=77)
    await trial.reverse(silent)
    expect("the silent sale stayed charged", holds=trial.net_minor(silent) == 0)
    expect("the other sale was undone", holds=trial.net_minor(other) == other.request.amount_minor)
