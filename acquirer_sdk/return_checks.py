"""The kit's checks of money that is given back; an adapter that cannot do it passes by saying so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from acquirer_sdk.bench import Case, Trial, expect
from acquirer_sdk.values import Approved, AuthoriseRequest, Declined, InDoubt, ReturnKind

Check = Callable[[Trial], Awaitable[None]]


async def voids_a_sale(trial: Trial) -> None:
    """A void is Approved for exactly the sale's amount, and leaves nothing charged."""
    if not trial.bench.acquirer.capabilities.void:
        return
    sale = await _sold(trial)
    await _given_back(trial, sale, ReturnKind.VOID, sale.amount_minor)
    expect("charged after a void was approved", holds=_left_minor(trial, sale) == 0)


async def voids_once(trial: Trial) -> None:
    """A sale that was voided is not voided again."""
    if not trial.bench.acquirer.capabilities.void:
        return
    sale = await _sold(trial)
    await _given_back(trial, sale, ReturnKind.VOID, sale.amount_minor)
    await _refused(trial, sale, ReturnKind.VOID, sale.amount_minor)
    expect("voided twice", holds=_left_minor(trial, sale) == 0)


async def refunds_in_parts(trial: Trial) -> None:
    """A sale is refunded piece by piece, each piece an approval of its own."""
    if not trial.bench.acquirer.capabilities.refund:
        return
    sale = await _sold(trial)
    part = trial.bench.amounts[Case.APPROVE]
    for _ in range(2):
        await _given_back(trial, sale, ReturnKind.REFUND, part)
    expect("other than two parts came back", holds=_left_minor(trial, sale) == sale.amount_minor - 2 * part)


async def refunds_no_more_than_the_sale(trial: Trial) -> None:
    """What goes over the sale is a definite no, and books nothing."""
    if not trial.bench.acquirer.capabilities.refund:
        return
    sale = await _sold(trial)
    part = trial.bench.amounts[Case.APPROVE]
    await _given_back(trial, sale, ReturnKind.REFUND, part)
    await _refused(trial, sale, ReturnKind.REFUND, sale.amount_minor)
    expect("a refused refund was booked", holds=_left_minor(trial, sale) == sale.amount_minor - part)


async def refunds_no_unknown_sale(trial: Trial) -> None:
    """A refund of a sale that was never approved is a definite no."""
    if not trial.bench.acquirer.capabilities.refund:
        return
    declined, _, _ = await trial.authorise(Case.DECLINE)
    trial.approvals[declined.reference] = "999999"
    await _refused(trial, declined, ReturnKind.REFUND, trial.bench.amounts[Case.APPROVE])


async def doubts_a_silent_return(trial: Trial) -> None:
    """A return without an answer is in doubt, and its prepared reversal takes it back."""
    if not trial.bench.acquirer.capabilities.refund:
        return
    sale = await _sold(trial)
    request = trial.back(sale, ReturnKind.REFUND, trial.bench.amounts[Case.SILENT])
    reversal = trial.bench.acquirer.prepare(request)
    outcome = await trial.give_back(request)
    expect(f"silence came back as {outcome}", holds=isinstance(outcome, InDoubt))
    await trial.reverse(reversal)
    expect(
        "given back after a reversal was acknowledged", holds=_left_minor(trial, sale) == sale.amount_minor
    )


async def reverses_a_void(trial: Trial) -> None:
    """The reversal of a void makes the sale stand again, however often it is sent."""
    if not trial.bench.acquirer.capabilities.void:
        return
    sale = await _sold(trial)
    request = trial.back(sale, ReturnKind.VOID, sale.amount_minor)
    reversal = trial.bench.acquirer.prepare(request)
    await trial.give_back(request)
    for transmission in (1, 2):
        await trial.reverse(reversal, transmission)
    expect("the sale does not stand again", holds=_left_minor(trial, sale) == sale.amount_minor)


async def returns_without_a_card(trial: Trial) -> None:
    """Where the capabilities promise it, the sale's own references are enough for a refund."""
    capabilities = trial.bench.acquirer.capabilities
    if not (capabilities.refund and capabilities.return_without_card):
        return
    sale = await _sold(trial)
    part = trial.bench.amounts[Case.APPROVE]
    request = trial.without_card(trial.back(sale, ReturnKind.REFUND, part))
    outcome = await trial.give_back(request)
    expect(f"a refund without a card came back as {outcome}", holds=isinstance(outcome, Approved))


async def _sold(trial: Trial) -> AuthoriseRequest:
    request, _, outcome = await trial.authorise(Case.LARGE)
    expect(f"approved sale came back as {outcome}", holds=isinstance(outcome, Approved))
    return request


async def _given_back(trial: Trial, sale: AuthoriseRequest, kind: ReturnKind, amount_minor: int) -> None:
    outcome = await trial.give_back(trial.back(sale, kind, amount_minor))
    approved = isinstance(outcome, Approved) and outcome.amount_minor == amount_minor
    expect(f"a {kind} came back as {outcome}", holds=approved)


async def _refused(trial: Trial, sale: AuthoriseRequest, kind: ReturnKind, amount_minor: int) -> None:
    outcome = await trial.give_back(trial.back(sale, kind, amount_minor))
    expect(f"a {kind} that must not be came back as {outcome}", holds=isinstance(outcome, Declined))


def _left_minor(trial: Trial, sale: AuthoriseRequest) -> int:
    """What the card holder paid for the sale less what came back: nothing else is booked in a check."""
    return trial.net_minor(sale.reference) + sum(min(minor, 0) for minor in trial.bench.charges().values())


RETURN_CHECKS: Final[tuple[Check, ...]] = (
    voids_a_sale,
    voids_once,
    refunds_in_parts,
    refunds_no_more_than_the_sale,
    refunds_no_unknown_sale,
    doubts_a_silent_return,
    reverses_a_void,
    returns_without_a_card,
)
