"""The kit's checks of answers: yes, no, again, more, and those that are none."""

from __future__ import annotations

from typing import Final

from acquirer_sdk.bench import Case, expect, until
from acquirer_sdk.check import Subject
from acquirer_sdk.trial import Trial
from acquirer_sdk.values import Approved, Ask, AuthoriseOutcome, Declined, InDoubt, NeedsInput

ANSWERS: Final = Subject("answers")


@ANSWERS.check()
async def approves(trial: Trial) -> None:
    """An approval has a number and exactly the amount asked for, and charges once."""
    sale = await trial.sold(Case.APPROVE)
    granted = sale.outcome
    expect("approved without a number", holds=isinstance(granted, Approved) and granted.approval_number != "")
    same = isinstance(granted, Approved) and granted.amount_minor == sale.request.amount_minor
    expect("approved another amount", holds=same)
    expect("the charge is not the amount", holds=trial.total_minor() == sale.request.amount_minor)


@ANSWERS.check("partial_approval")
async def approves_partially(trial: Trial) -> None:
    """A partial approval is Approved with the smaller amount, which is what was charged."""
    sale = await trial.sell(Case.PARTIAL)
    granted = sale.outcome
    less = isinstance(granted, Approved) and 0 < granted.amount_minor < sale.request.amount_minor
    expect(f"a partial approval came back as {granted}", holds=less)
    exact = isinstance(granted, Approved) and granted.amount_minor == trial.total_minor()
    expect("another amount was charged than approved", holds=exact)


@ANSWERS.check()
async def declines(trial: Trial) -> None:
    """A definite no is Declined with the acquirer's code, and charges nothing."""
    sale = await trial.sell(Case.DECLINE)
    no = isinstance(sale.outcome, Declined) and sale.outcome.code != ""
    expect(f"a declined sale came back as {sale.outcome}", holds=no)
    expect("a declined sale was charged", holds=trial.total_minor() == 0)


@ANSWERS.check()
async def asks_again(trial: Trial) -> None:
    """A wrong PIN or number is NeedsInput(AGAIN)."""
    outcome = (await trial.sell(Case.AGAIN)).outcome
    expect(f"came back as {outcome}", holds=isinstance(outcome, NeedsInput) and outcome.ask is Ask.AGAIN)


@ANSWERS.check()
async def asks_more(trial: Trial) -> None:
    """A referral is NeedsInput(MORE)."""
    outcome = (await trial.sell(Case.MORE)).outcome
    expect(f"came back as {outcome}", holds=isinstance(outcome, NeedsInput) and outcome.ask is Ask.MORE)


@ANSWERS.check()
async def doubts_faults(trial: Trial) -> None:
    """A system fault is in doubt, never declined."""
    await _doubted(trial, Case.FAULT)


@ANSWERS.check()
async def doubts_unknown_codes(trial: Trial) -> None:
    """A code that the adapter does not know is in doubt, never declined."""
    await _doubted(trial, Case.UNKNOWN_CODE)


@ANSWERS.check()
async def doubts_an_approval_without_number(trial: Trial) -> None:
    """An approval without an approval number is in doubt: nobody could ever name it."""
    await _doubted(trial, Case.NO_NUMBER)


@ANSWERS.check()
async def doubts_a_contradiction(trial: Trial) -> None:
    """An answer that says both yes and no is in doubt."""
    await _doubted(trial, Case.CONTRADICTION)


@ANSWERS.check()
async def doubts_another_amount(trial: Trial) -> None:
    """An approval of more than was asked, or of another amount, is in doubt."""
    await _doubted(trial, Case.OTHER_AMOUNT)


@ANSWERS.check()
async def doubts_another_currency(trial: Trial) -> None:
    """An approval in another currency is in doubt."""
    await _doubted(trial, Case.OTHER_CURRENCY)


@ANSWERS.check()
async def doubts_another_terminal(trial: Trial) -> None:
    """An answer for another terminal is no answer to this sale."""
    await _doubted(trial, Case.OTHER_TERMINAL)


@ANSWERS.check()
async def doubts_another_trace_number(trial: Trial) -> None:
    """An answer with another trace number is no answer to this sale."""
    await _doubted(trial, Case.OTHER_STAN)


@ANSWERS.check()
async def doubts_another_reference(trial: Trial) -> None:
    """An answer with another reference is no answer to this sale, though its trace number fits."""
    await _doubted(trial, Case.OTHER_REFERENCE)


@ANSWERS.check()
async def takes_a_doubled_answer_once(trial: Trial) -> None:
    """An approval that comes twice is one approval and one charge, and the next sale gets its own answer."""
    sale = await trial.sold(Case.DOUBLED)
    expect("the charge is not the amount", holds=trial.total_minor() == sale.request.amount_minor)
    declined = await trial.sell(Case.DECLINE)
    expect("the second copy answered the next sale", holds=isinstance(declined.outcome, Declined))


@ANSWERS.check()
async def reports_a_no_after_a_yes(trial: Trial) -> None:
    """Of yes, then no, the yes stands, and the no is reported as a late answer."""
    await _contradicted(trial, Case.YES_THEN_NO, Approved, Declined)


@ANSWERS.check()
async def reports_a_yes_after_a_no(trial: Trial) -> None:
    """Of no, then yes, the no stands, and the yes is reported as a late answer."""
    await _contradicted(trial, Case.NO_THEN_YES, Declined, Approved)


async def _doubted(trial: Trial, case: Case) -> None:
    """In doubt, and the reversal takes back whatever was charged."""
    sale = await trial.sell(case)
    expect(f"came back as {sale.outcome}", holds=isinstance(sale.outcome, InDoubt))
    await trial.reverse(sale)
    expect("charged after a reversal was acknowledged", holds=trial.total_minor() == 0)


async def _contradicted(
    trial: Trial, case: Case, first: type[AuthoriseOutcome], second: type[AuthoriseOutcome]
) -> None:
    sale = await trial.sell(case)
    expect(f"the first answer came back as {sale.outcome}", holds=isinstance(sale.outcome, first))
    await until(lambda: bool(trial.late), "the second answer was not reported")
    told = trial.late[0]
    expect("the second answer names another sale", holds=told.reference == sale.request.reference)
    expect(f"the second answer was reported as {told.outcome}", holds=isinstance(told.outcome, second))
