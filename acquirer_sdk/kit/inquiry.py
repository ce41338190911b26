"""The kit's checks of inquiry, card check and echo: questions that change nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from acquirer_sdk.bench import Case, expect
from acquirer_sdk.check import Subject
from acquirer_sdk.trial import Sale, Trial
from acquirer_sdk.values import (
    Approved,
    Declined,
    Echoed,
    InDoubt,
    NotFound,
    NotSent,
    Reversal,
)

INQUIRY: Final = Subject("inquiry, card check, echo")


@INQUIRY.check("inquire")
async def finds_an_approval(trial: Trial) -> None:
    """Asked about an approved sale, it gives the same approval again."""
    sale = await trial.sold(Case.APPROVE)
    found = await trial.acquirer.inquire(sale.reversal)
    expect(f"{sale.outcome} was found as {found}", holds=found == sale.outcome)


@INQUIRY.check("inquire")
async def finds_a_decline(trial: Trial) -> None:
    """Asked about a declined sale, it says Declined."""
    sale = await trial.sell(Case.DECLINE)
    found = await trial.acquirer.inquire(sale.reversal)
    expect(f"a declined sale was found as {found}", holds=isinstance(found, Declined))


@INQUIRY.check("inquire")
async def finds_what_was_never_answered(trial: Trial) -> None:
    """Asked about a sale that was charged and never answered, it says Approved."""
    sale = await trial.sell(Case.SILENT)
    found = await trial.acquirer.inquire(sale.reversal)
    same = isinstance(found, Approved) and found.amount_minor == sale.request.amount_minor
    expect(f"a charged sale was found as {found}", holds=same)


@INQUIRY.check("inquire")
async def finds_nothing_that_never_came(trial: Trial) -> None:
    """Asked about a sale that never left, it says NotFound."""
    await trial.until_ready()
    never = trial.acquirer.prepare(trial.request(Case.APPROVE))
    found = await trial.acquirer.inquire(never)
    expect(f"a sale that never came was found as {found}", holds=isinstance(found, NotFound))


@INQUIRY.check("inquire")
async def finds_no_approval_that_was_reversed(trial: Trial) -> None:
    """Asked about a sale that was reversed, it never says Approved."""
    sale = await trial.sold(Case.APPROVE)
    await trial.reverse(sale)
    found = await trial.acquirer.inquire(sale.reversal)
    expect(f"a reversed sale was found as {found}", holds=not isinstance(found, Approved))


@INQUIRY.check("inquire")
async def inquires_without_a_trace(trial: Trial) -> None:
    """Asking changes nothing: any number of times, the same answer and the same charge."""
    sale = await trial.sold(Case.APPROVE)
    found = [await trial.acquirer.inquire(sale.reversal) for _ in range(3)]
    expect(f"three answers: {found}", holds=found == [found[0]] * 3)
    expect("an inquiry moved money", holds=trial.total_minor() == sale.request.amount_minor)


@INQUIRY.check("inquire")
async def inquires_from_stored_bytes(trial: Trial) -> None:
    """Reversal.wire alone is enough to ask with, also on a line that was started again since."""
    sale = await trial.sold(Case.APPROVE)
    stored = Reversal(sale.request.reference, sale.request.stan, bytes(sale.reversal.wire))
    await trial.acquirer.close()
    expect("asked after close", holds=_unknown(await trial.acquirer.inquire(stored)))
    await trial.acquirer.start(trial.late.append)
    await trial.until_ready()
    found = await trial.acquirer.inquire(stored)
    expect(f"{sale.outcome} was found as {found}", holds=found == sale.outcome)


@INQUIRY.check("card_check")
async def checks_a_card(trial: Trial) -> None:
    """A good card is Approved for no amount, and not charged."""
    await trial.until_ready()
    outcome = (await _card_check(trial)).outcome
    good = isinstance(outcome, Approved) and outcome.amount_minor == 0
    expect(f"a good card came back as {outcome}", holds=good)
    expect("a card check charged", holds=trial.total_minor() == 0)


@INQUIRY.check("card_check")
async def checks_no_card_after_close(trial: Trial) -> None:
    """After close a card check is NotSent."""
    await trial.acquirer.close()
    outcome = (await _card_check(trial)).outcome
    expect(f"a card check came back as {outcome}", holds=isinstance(outcome, NotSent))


@INQUIRY.check("echo")
async def echoes(trial: Trial) -> None:
    """A far end that is there is Echoed."""
    await trial.until_ready()
    answer = await trial.acquirer.echo()
    expect(f"an echo came back as {answer}", holds=isinstance(answer, Echoed))


@INQUIRY.check("echo")
async def echoes_nothing_after_close(trial: Trial) -> None:
    """After close an echo is NotSent."""
    await trial.until_ready()
    await trial.acquirer.close()
    answer = await trial.acquirer.echo()
    expect(f"an echo came back as {answer}", holds=isinstance(answer, NotSent))


def _unknown(found: object) -> bool:
    return isinstance(found, InDoubt | NotSent)


async def _card_check(trial: Trial) -> Sale:
    request = replace(trial.request(Case.APPROVE), amount_minor=0)
    reversal = trial.acquirer.prepare(request)
    outcome = await trial.acquirer.card_check(request)
    if isinstance(outcome, Approved | Declined | InDoubt | NotSent):
        return Sale(request, reversal, outcome)
    expect(f"a card check came back as {outcome}", holds=False)
    raise AssertionError
