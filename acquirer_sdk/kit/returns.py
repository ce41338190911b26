"""The kit's checks of money that is given back: never more than the sale, and never twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from acquirer_sdk.bench import Case, Sort, expect
from acquirer_sdk.check import Subject
from acquirer_sdk.trial import Trial
from acquirer_sdk.values import AuthoriseRequest, CardData, Declined, InDoubt, NotSent

RETURNS: Final = Subject("returns")


@RETURNS.check("void")
async def voids_a_sale(trial: Trial) -> None:
    """A void is Approved for exactly the sale's amount, and leaves nothing charged."""
    sale = await trial.sold()
    await trial.approved(trial.void(sale))
    _left(trial, 0)


@RETURNS.check("void")
async def voids_once(trial: Trial) -> None:
    """A sale that was voided is not voided again."""
    sale = await trial.sold()
    await trial.approved(trial.void(sale))
    await _refused(trial, trial.void(sale))
    _left(trial, 0)


@RETURNS.check("void", "refund")
async def voids_nothing_that_was_refunded(trial: Trial) -> None:
    """A sale of which some was refunded is not voided: too much would come back."""
    sale, part = await trial.sold(), trial.amount(Case.APPROVE)
    await trial.approved(trial.refund(sale, part))
    await _refused(trial, trial.void(sale))
    _left(trial, sale.request.amount_minor - part)


@RETURNS.check("void", "refund")
async def refunds_nothing_that_was_voided(trial: Trial) -> None:
    """A sale that was voided has nothing left to refund."""
    sale = await trial.sold()
    await trial.approved(trial.void(sale))
    await _refused(trial, trial.refund(sale, Case.APPROVE))
    _left(trial, 0)


@RETURNS.check("refund")
async def refunds_all(trial: Trial) -> None:
    """A refund of the whole amount leaves nothing charged."""
    sale = await trial.sold()
    await trial.approved(trial.refund(sale, sale.request.amount_minor))
    _left(trial, 0)


@RETURNS.check("refund")
async def refunds_in_parts(trial: Trial) -> None:
    """A sale is refunded piece by piece, each piece an approval of its own."""
    sale, part = await trial.sold(), trial.amount(Case.APPROVE)
    for _ in range(2):
        await trial.approved(trial.refund(sale, part))
    _left(trial, sale.request.amount_minor - 2 * part)


@RETURNS.check("refund")
async def refunds_no_more_than_the_sale(trial: Trial) -> None:
    """What goes over the sale is a definite no, and books nothing."""
    sale, part = await trial.sold(), trial.amount(Case.APPROVE)
    await trial.approved(trial.refund(sale, part))
    await _refused(trial, trial.refund(sale, sale.request.amount_minor))
    _left(trial, sale.request.amount_minor - part)


@RETURNS.check("refund")
async def refunds_no_unknown_sale(trial: Trial) -> None:
    """A refund of a sale that was never approved is a definite no."""
    declined = await trial.sell(Case.DECLINE)
    await _refused(trial, trial.refund(declined, Case.APPROVE))


@RETURNS.check("refund")
async def refunds_nothing_that_was_reversed(trial: Trial) -> None:
    """A sale that was reversed has nothing left to refund."""
    sale = await trial.sold()
    await trial.reverse(sale)
    await _refused(trial, trial.refund(sale, Case.APPROVE))
    _left(trial, 0)


@RETURNS.check("refund")
async def doubts_a_silent_return(trial: Trial) -> None:
    """A return without an answer is in doubt, and its prepared reversal takes it back."""
    sale = await trial.sold()
    back = await trial.ask(trial.refund(sale, Case.SILENT))
    expect(f"silence came back as {back.outcome}", holds=isinstance(back.outcome, InDoubt))
    await trial.reverse(back)
    _left(trial, sale.request.amount_minor)


@RETURNS.check("refund")
async def asks_once_for_a_silent_return(trial: Trial) -> None:
    """After silence a return is not sent again by itself."""
    sale = await trial.sold()
    back = await trial.ask(trial.refund(sale, Case.SILENT))
    count = len(trial.heard(Sort.REQUEST, back.request.reference))
    expect(f"the far end heard {count} requests for one call", holds=count == 1)


@RETURNS.check("void")
async def reverses_a_void(trial: Trial) -> None:
    """The reversal of a void makes the sale stand again, however often it is sent."""
    sale = await trial.sold()
    back = await trial.approved(trial.void(sale))
    for transmission in (1, 2):
        await trial.reverse(back, transmission)
    _left(trial, sale.request.amount_minor)


@RETURNS.check("refund", "return_without_card")
async def refunds_without_a_card(trial: Trial) -> None:
    """Where the capabilities promise it, the sale's own references are enough for a refund."""
    sale, part = await trial.sold(), trial.amount(Case.APPROVE)
    await trial.approved(replace(trial.refund(sale, part), card=CardData()))
    _left(trial, sale.request.amount_minor - part)


@RETURNS.check("void", "return_without_card")
async def voids_without_a_card(trial: Trial) -> None:
    """Where the capabilities promise it, the sale's own references are enough for a void."""
    sale = await trial.sold()
    await trial.approved(replace(trial.void(sale), card=CardData()))
    _left(trial, 0)


@RETURNS.check("refund")
async def gives_nothing_back_after_close(trial: Trial) -> None:
    """After close a return is NotSent."""
    sale = await trial.sold()
    await trial.acquirer.close()
    back = await trial.ask(trial.refund(sale, Case.APPROVE))
    expect(f"a refund came back as {back.outcome}", holds=isinstance(back.outcome, NotSent))
    _left(trial, sale.request.amount_minor)


async def _refused(trial: Trial, request: AuthoriseRequest) -> None:
    outcome = (await trial.ask(request)).outcome
    expect(f"what must not be came back as {outcome}", holds=isinstance(outcome, Declined))


def _left(trial: Trial, amount_minor: int) -> None:
    """Nothing else is booked in a check."""
    found = trial.total_minor()
    expect(f"{found} is charged in the end, not {amount_minor}", holds=found == amount_minor)
