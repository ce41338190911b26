"""The kit's checks of captures: what was held is taken once, and never more than was held."""

from __future__ import annotations

from typing import Final

from acquirer_sdk.bench import Case, expect
from acquirer_sdk.check import Subject
from acquirer_sdk.trial import Sale, Trial
from acquirer_sdk.values import AuthoriseRequest, Declined, InDoubt, NotSent

CAPTURES: Final = Subject("captures")


@CAPTURES.check("capture")
async def holds_without_charging(trial: Trial) -> None:
    """A sale with `hold` is approved for its amount and charges nothing yet."""
    await _held(trial)
    _taken(trial, 0)


@CAPTURES.check("capture")
async def captures_what_was_held(trial: Trial) -> None:
    """A capture of all that was held charges exactly that."""
    held = await _held(trial)
    await trial.approved(trial.capture(held, held.request.amount_minor))
    _taken(trial, held.request.amount_minor)


@CAPTURES.check("capture")
async def captures_less(trial: Trial) -> None:
    """A capture of less charges only that."""
    held = await _held(trial)
    await trial.approved(trial.capture(held, Case.APPROVE))
    _taken(trial, trial.amount(Case.APPROVE))


@CAPTURES.check("capture")
async def captures_once(trial: Trial) -> None:
    """What was captured is not captured again."""
    held = await _held(trial)
    await trial.approved(trial.capture(held, held.request.amount_minor))
    await _refused(trial, trial.capture(held, held.request.amount_minor))
    _taken(trial, held.request.amount_minor)


@CAPTURES.check("capture")
async def captures_no_more_than_was_held(trial: Trial) -> None:
    """A capture of more than was held is a definite no."""
    held = await _held(trial)
    await _refused(trial, trial.capture(held, held.request.amount_minor + 1000))
    _taken(trial, 0)


@CAPTURES.check("capture")
async def captures_nothing_unknown(trial: Trial) -> None:
    """A capture of what was never held is a definite no."""
    declined = await trial.sell(Case.DECLINE, hold=True)
    await _refused(trial, trial.capture(declined, Case.APPROVE))
    _taken(trial, 0)


@CAPTURES.check("capture")
async def captures_nothing_that_was_reversed(trial: Trial) -> None:
    """A hold that was reversed has nothing left to capture."""
    held = await _held(trial)
    await trial.reverse(held)
    await _refused(trial, trial.capture(held, Case.APPROVE))
    _taken(trial, 0)


@CAPTURES.check("capture")
async def doubts_a_silent_capture(trial: Trial) -> None:
    """A capture without an answer is in doubt, and its prepared reversal takes it back."""
    held = await _held(trial)
    taking = await trial.ask(trial.capture(held, Case.SILENT))
    expect(f"silence came back as {taking.outcome}", holds=isinstance(taking.outcome, InDoubt))
    await trial.reverse(taking)
    _taken(trial, 0)


@CAPTURES.check("capture")
async def captures_nothing_after_close(trial: Trial) -> None:
    """After close a capture is NotSent."""
    held = await _held(trial)
    await trial.acquirer.close()
    taking = await trial.ask(trial.capture(held, Case.APPROVE))
    expect(f"a capture came back as {taking.outcome}", holds=isinstance(taking.outcome, NotSent))
    _taken(trial, 0)


async def _held(trial: Trial) -> Sale:
    return await trial.sold(hold=True)


async def _refused(trial: Trial, request: AuthoriseRequest) -> None:
    outcome = (await trial.ask(request)).outcome
    expect(f"what must not be came back as {outcome}", holds=isinstance(outcome, Declined))


def _taken(trial: Trial, amount_minor: int) -> None:
    found = trial.total_minor()
    expect(f"{found} is charged, not {amount_minor}", holds=found == amount_minor)
