"""The kit's checks of reversals: what undoes a sale is sent until it is acknowledged, and undoes it once."""

from __future__ import annotations

import asyncio
from typing import Final

from acquirer_sdk.bench import Case, Sort, expect, until
from acquirer_sdk.check import Subject
from acquirer_sdk.trial import Sale, Trial
from acquirer_sdk.values import Approved, NotSent, Reversal, ReversalAccepted, ReversalOpen

REVERSALS: Final = Subject("reversals")


@REVERSALS.check()
async def reverses_an_approval(trial: Trial) -> None:
    """An acknowledged reversal leaves nothing charged."""
    await _undone(trial, await trial.sell(Case.APPROVE))


@REVERSALS.check("partial_approval")
async def reverses_a_partial_approval(trial: Trial) -> None:
    """The reversal of a partial approval undoes all of it."""
    await _undone(trial, await trial.sell(Case.PARTIAL))


@REVERSALS.check()
async def reverses_silence(trial: Trial) -> None:
    """After silence the prepared reversal undoes the charge."""
    sale = await trial.sell(Case.SILENT)
    expect("the simulator should have charged", holds=trial.net_minor(sale) > 0)
    await _undone(trial, sale)


@REVERSALS.check()
async def reverses_what_was_never_seen(trial: Trial) -> None:
    """A reversal of a sale that the acquirer never booked is acknowledged."""
    await _undone(trial, await trial.sell(Case.UNTOUCHED))


@REVERSALS.check()
async def reverses_what_was_declined(trial: Trial) -> None:
    """A reversal of a declined sale is acknowledged and moves no money."""
    await _undone(trial, await trial.sell(Case.DECLINE))


@REVERSALS.check()
async def reverses_no_other_sale(trial: Trial) -> None:
    """A reversal undoes its own sale and leaves its neighbour's charge."""
    one, other = await trial.sold(Case.APPROVE), await trial.sold(Case.APPROVE)
    await trial.reverse(one)
    expect("charged after a reversal was acknowledged", holds=trial.net_minor(one) == 0)
    expect("another sale was undone", holds=trial.net_minor(other) == other.request.amount_minor)


@REVERSALS.check()
async def repeats_reversals(trial: Trial) -> None:
    """A reversal sent again is acknowledged again and undoes nothing twice."""
    sale = await trial.sell(Case.APPROVE)
    for transmission in (1, 2, 3):
        await trial.reverse(sale, transmission)
    expect("reversed more than was charged", holds=trial.total_minor() == 0)


@REVERSALS.check()
async def marks_repeated_reversals(trial: Trial) -> None:
    """From the second transmission on a reversal carries the repeat flag; the first does not."""
    sale = await trial.sell(Case.APPROVE)
    for transmission in (1, 2, 3):
        await trial.reverse(sale, transmission)
    marks = [one.repeat for one in trial.heard(Sort.REVERSAL, sale.request.reference)]
    expect(f"the far end heard repeat flags {marks}", holds=marks == [False, True, True])


@REVERSALS.check()
async def sends_one_reversal_for_one_call(trial: Trial) -> None:
    """One call is one transmission, even where it is not answered: the gateway repeats, not the adapter."""
    sale = await trial.sell(Case.REVERSAL_SILENT)
    await trial.acquirer.reverse(sale.reversal, transmission=1)
    await asyncio.sleep(600)
    count = len(trial.heard(Sort.REVERSAL, sale.request.reference))
    expect(f"the far end heard {count} reversals for one call", holds=count == 1)


@REVERSALS.check()
async def leaves_unanswered_reversals_open(trial: Trial) -> None:
    """A reversal without an answer is open; the next transmission is acknowledged."""
    sale = await trial.sell(Case.REVERSAL_SILENT_ONCE)
    await _open(trial, sale, 1)
    await trial.reverse(sale, 2)
    expect("charged after a reversal was acknowledged", holds=trial.total_minor() == 0)


@REVERSALS.check()
async def leaves_reversals_open_for_ever(trial: Trial) -> None:
    """However often a reversal was not answered, it is open and never taken for done."""
    sale = await trial.sell(Case.REVERSAL_SILENT)
    for transmission in range(1, 6):
        await _open(trial, sale, transmission)


@REVERSALS.check()
async def leaves_refused_reversals_open(trial: Trial) -> None:
    """A reversal that is refused is open: the customer is still charged."""
    sale = await trial.sell(Case.REVERSAL_REFUSED)
    for transmission in (1, 2):
        await _open(trial, sale, transmission)
    expect("the simulator should have kept the charge", holds=trial.net_minor(sale) > 0)


@REVERSALS.check()
async def reports_an_approval_after_the_reversal(trial: Trial) -> None:
    """An approval that comes after the reversal was acknowledged is reported as late; the reversal stands."""
    sale = await trial.sell(Case.REVERSAL_THEN_YES)
    trial.late.clear()
    await trial.reverse(sale)
    await until(lambda: bool(trial.late), "the approval after the reversal was not reported")
    told = trial.late[0]
    expect("the approval names another sale", holds=told.reference == sale.request.reference)
    expect(f"the approval was reported as {told.outcome}", holds=isinstance(told.outcome, Approved))


@REVERSALS.check()
async def reverses_from_stored_bytes(trial: Trial) -> None:
    """Reversal.wire alone is enough: a new object made of the stored values works."""
    sale = await trial.sell(Case.SILENT)
    await _undone(trial, _stored(sale))


@REVERSALS.check()
async def reverses_after_a_restart(trial: Trial) -> None:
    """The stored reversal works on a line that was closed and started again since."""
    sale = _stored(await trial.sell(Case.SILENT))
    await trial.acquirer.close()
    await trial.acquirer.start(trial.late.append)
    await _undone(trial, sale)


@REVERSALS.check()
async def leaves_unreadable_reversals_open(trial: Trial) -> None:
    """Stored bytes that cannot be read raise nothing and are never taken for done."""
    await trial.until_ready()
    for wire in (b"", b"\xff\xfe\x00", b"0420", b"{}"):
        unreadable = Reversal("700000000009", 9, wire)
        outcome = await trial.acquirer.reverse(unreadable, transmission=1)
        accepted = isinstance(outcome, ReversalAccepted)
        expect(f"an unreadable reversal came back as {outcome}", holds=not accepted)


@REVERSALS.check()
async def sends_no_reversal_after_close(trial: Trial) -> None:
    """After close a reversal is NotSent."""
    sale = await trial.sell(Case.APPROVE)
    await trial.acquirer.close()
    outcome = await trial.acquirer.reverse(sale.reversal, transmission=1)
    expect(f"a reversal came back as {outcome}", holds=isinstance(outcome, NotSent))
    expect("reversed after close", holds=trial.net_minor(sale) == sale.request.amount_minor)


def _stored(sale: Sale) -> Sale:
    """The same with a reversal as it comes out of a database."""
    stored = Reversal(sale.request.reference, sale.request.stan, bytes(sale.reversal.wire))
    return Sale(sale.request, stored, sale.outcome)


async def _undone(trial: Trial, sale: Sale) -> None:
    await trial.reverse(sale)
    expect("charged after a reversal was acknowledged", holds=trial.total_minor() == 0)


async def _open(trial: Trial, sale: Sale, transmission: int) -> None:
    await trial.until_ready()
    outcome = await trial.acquirer.reverse(sale.reversal, transmission=transmission)
    expect(f"came back as {outcome}", holds=isinstance(outcome, ReversalOpen))
