"""The kit's checks of what is added to a sale: carried as written, told until acknowledged, never money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acquirer_sdk.bench import Case, DoesNotApply, Sort, expect
from acquirer_sdk.check import Subject
from acquirer_sdk.items import with_items
from acquirer_sdk.trial import Sale, Trial
from acquirer_sdk.values import (
    AdviceAccepted,
    AdviceOpen,
    AdviceOutcome,
    AdviceRefused,
    Item,
    NeedsInput,
    NotSent,
)

ADVICES: Final = Subject("advices")

WRITTEN: Final[Mapping[Item, str]] = {
    Item.PRODUCT_CODE: "0990",
    Item.DIVISION: "61/03",
    Item.START_MONTH: "07",
    Item.BONUS_MONTHS: "07:100,12:0",
    Item.TAX: "100",
    Item.APPROVAL_NUMBER: "123456",
    Item.NOTE: "gift",
}
"""One value of each item."""


@ADVICES.check("advise")
async def acknowledges_an_advice(trial: Trial) -> None:
    """An advice about an approved sale is AdviceAccepted, and moves no money."""
    sale = await trial.sold(Case.APPROVE)
    await _told(trial, sale, 1)
    expect("an advice moved money", holds=trial.total_minor() == sale.request.amount_minor)


@ADVICES.check("advise")
async def carries_every_item_that_it_takes(trial: Trial) -> None:
    """Each item that the capabilities say it takes reaches the far end as it was written."""
    sale = await trial.sold(Case.APPROVE)
    for item in trial.capabilities.items_taken:
        await _told(trial, sale, 1, {item: WRITTEN[item]})
    heard = [one for advice in trial.heard(Sort.ADVICE) for one in advice.items.items()]
    lost = [item.value for item in trial.capabilities.items_taken if (item, WRITTEN[item]) not in heard]
    expect(f"did not arrive as written: {', '.join(lost)}", holds=not lost)


@ADVICES.check("advise")
async def repeats_advices(trial: Trial) -> None:
    """An advice sent again is acknowledged again, and marked as repeated from the second transmission on."""
    sale = await trial.sold(Case.APPROVE)
    advice = trial.advice(sale, _items(trial))
    for transmission in (1, 2):
        outcome = await trial.acquirer.advise(advice, transmission=transmission)
        expect(f"an advice came back as {outcome}", holds=isinstance(outcome, AdviceAccepted))
    marks = [one.repeat for one in trial.heard(Sort.ADVICE, advice.reference)]
    expect(f"the far end heard repeat flags {marks}", holds=marks == [False, True])


@ADVICES.check("advise")
async def leaves_unanswered_advices_open(trial: Trial) -> None:
    """An advice without an answer is open; the next transmission is acknowledged."""
    sale = await trial.sold(Case.ADVICE_SILENT_ONCE)
    advice = trial.advice(sale, _items(trial))
    outcome = await trial.acquirer.advise(advice, transmission=1)
    expect(f"silence came back as {outcome}", holds=isinstance(outcome, AdviceOpen))
    await trial.until_ready()
    again = await trial.acquirer.advise(advice, transmission=2)
    expect(f"the second transmission came back as {again}", holds=isinstance(again, AdviceAccepted))


@ADVICES.check("advise")
async def says_that_an_advice_was_refused(trial: Trial) -> None:
    """An advice that the acquirer does not take is AdviceRefused with its code: a person has to look."""
    sale = await trial.sold(Case.ADVICE_REFUSED)
    outcome = await _advise(trial, sale, 1, _items(trial))
    refused = isinstance(outcome, AdviceRefused) and outcome.code != ""
    expect(f"a refusal came back as {outcome}", holds=refused)


@ADVICES.check("advise")
async def advises_nothing_after_close(trial: Trial) -> None:
    """After close an advice is NotSent."""
    sale = await trial.sold(Case.APPROVE)
    await trial.acquirer.close()
    outcome = await trial.acquirer.advise(trial.advice(sale, _items(trial)), transmission=1)
    expect(f"an advice came back as {outcome}", holds=isinstance(outcome, NotSent))


@ADVICES.check("advise")
async def asks_merchants_only_for_what_it_takes(trial: Trial) -> None:
    """What every merchant is asked for after an approval is something that `advise` takes."""
    asked, taken = trial.capabilities.items_after, trial.capabilities.items_taken
    expect("advise is promised and no item is taken", holds=bool(taken))
    odd = [item.value for item in asked if item not in taken]
    expect(f"asked for and not taken: {', '.join(odd)}", holds=not odd)


@ADVICES.check()
async def carries_what_it_asked_for(trial: Trial) -> None:
    """Where a code wants items before approving, the next attempt with them carries them to the far end."""
    wanting = (await trial.sell(Case.MORE)).outcome
    wanted = wanting.items if isinstance(wanting, NeedsInput) else ()
    if not wanted:
        raise DoesNotApply("it asks for no item before approving")
    sale = await trial.ask(with_items(trial.request(Case.APPROVE), {item: WRITTEN[item] for item in wanted}))
    heard = [one for request in trial.heard(Sort.REQUEST, sale.request.reference) for one in request.items]
    lost = [item.value for item in wanted if item not in heard]
    expect(f"asked for and not carried: {', '.join(lost)}", holds=not lost)


def _items(trial: Trial) -> Mapping[Item, str]:
    return {item: WRITTEN[item] for item in trial.capabilities.items_taken[:1]}


async def _advise(trial: Trial, sale: Sale, transmission: int, items: Mapping[Item, str]) -> AdviceOutcome:
    outcome = await trial.acquirer.advise(trial.advice(sale, items), transmission=transmission)
    if isinstance(outcome, AdviceAccepted | AdviceRefused | AdviceOpen | NotSent):
        return outcome
    expect("advise is promised and unsupported", holds=False)
    raise AssertionError


async def _told(trial: Trial, sale: Sale, transmission: int, items: Mapping[Item, str] | None = None) -> None:
    outcome = await _advise(trial, sale, transmission, _items(trial) if items is None else items)
    expect(f"an advice came back as {outcome}", holds=isinstance(outcome, AdviceAccepted))
