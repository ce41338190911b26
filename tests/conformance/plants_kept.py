"""Faults planted into the bogus acquirer: start and close, what is kept, and promises of every kind."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from plants import Plant, planted

from acquirer_sdk.bogus_bench import Overheard
from acquirer_sdk.port import BadRequest
from acquirer_sdk.values import (
    Approved,
    Ask,
    AuthoriseOutcome,
    AuthoriseRequest,
    CaptureRequest,
    Declined,
    InDoubt,
    NeedsInput,
    NotFound,
    Reconciled,
    ReturnRequest,
    Reversal,
    ReversalAccepted,
    ReversalOpen,
    ReversalOutcome,
    Totals,
)

KEPT: list[Plant] = []


@planted(
    KEPT,
    "reverses_no_other_sale",
    "leaves_refused_reversals_open",
    "sends_no_reversal_after_close",
    "keeps_references_apart",
    "wraps_trace_numbers",
)
class ReversesTheLastSale(Overheard):
    """Undoes whatever was booked last, too."""

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        last = next(reversed(self.charges()), reversal.reference)
        self._books.undo(last)
        return await super().reverse(reversal, transmission=transmission)


@planted(
    KEPT,
    "doubts_unknown_codes",
    "doubts_an_approval_without_number",
    "doubts_a_contradiction",
    "doubts_another_amount",
    "doubts_another_currency",
    "doubts_another_terminal",
    "doubts_another_trace_number",
    "doubts_another_reference",
    "doubts_a_late_answer",
    "doubts_a_cut_line",
    "reverses_an_approval",
    "reverses_a_partial_approval",
    "reverses_silence",
    "reverses_no_other_sale",
    "repeats_reversals",
    "reverses_from_stored_bytes",
    "reverses_after_a_restart",
    "refunds_nothing_that_was_reversed",
    "doubts_a_silent_return",
    "reverses_a_void",
    "doubts_a_silent_capture",
    "leaves_reversed_sales_out",
    "reverses_many",
    "keeps_references_apart",
    "wraps_trace_numbers",
    "reverses_across_the_cut_over",
    "sells_at_any_moment",
)
class AcknowledgesWithoutUndoing(Overheard):
    """Is told that it is done before it is."""

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        before = self.charges().get(reversal.reference, 0)
        outcome = await super().reverse(reversal, transmission=transmission)
        if isinstance(outcome, ReversalAccepted):
            self._books._booked[reversal.reference] = before
        return outcome


@planted(
    KEPT,
    "repeats_reversals",
    "leaves_unanswered_reversals_open",
    "reverses_a_void",
)
class UndoesTwice(Overheard):
    """Gives back once more with each transmission."""

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        outcome = await super().reverse(reversal, transmission=transmission)
        if transmission > 1 and isinstance(outcome, ReversalAccepted):
            self._books._booked[reversal.reference] -= 1200
        return outcome


@planted(
    KEPT,
    "reverses_from_stored_bytes",
    "reverses_after_a_restart",
)
class KeepsReversalsInMemory(Overheard):
    """Knows only reversals that it made itself since it was started."""

    made: tuple[Reversal, ...] = ()

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        reversal = super().prepare(request)
        self.made = (*self.made, reversal)
        return reversal

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        if not any(reversal is one for one in self.made):
            return ReversalOpen("unknown")
        return await super().reverse(reversal, transmission=transmission)


@planted(
    KEPT,
    "prepares_different_sales_differently",
)
class PreparesAllAlike(Overheard):
    """Leaves the reference out of the reversal's bytes."""

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        facts = json.loads(super().prepare(request).wire)
        wire = json.dumps({"amount_minor": facts["amount_minor"]}).encode()
        return Reversal(request.reference, request.stan, wire)


@planted(
    KEPT,
    "waits_for_a_slow_answer",
    "sells_on_beside_a_silent_sale",
    "takes_answers_out_of_order",
    "waits_by_no_wall_clock_ahead",
    "waits_by_no_wall_clock_behind",
)
class HasNoPatience(Overheard):
    """Gives up long before the time-out."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        try:
            return await asyncio.wait_for(super().authorise(request), 0.5)
        except TimeoutError:
            return InDoubt("no-answer")


@planted(
    KEPT,
    "sells_at_any_moment",
)
class CountsIn31Bits(Overheard):
    """Has no room for a moment after January 2038."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        request.time_s.to_bytes(4, "big", signed=True)
        return await super().authorise(request)


@planted(
    KEPT,
    "asks_again",
)
class CallsEverythingMore(Overheard):
    """Wants something else where the same once more would do."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        outcome = await super().authorise(request)
        again = isinstance(outcome, NeedsInput) and outcome.ask is Ask.AGAIN
        return NeedsInput(Ask.MORE, "55") if again else outcome


@planted(
    KEPT,
    "approves",
    "reverses_no_other_sale",
    "sends_no_reversal_after_close",
    "voids_nothing_that_was_refunded",
    "refunds_in_parts",
    "refunds_no_more_than_the_sale",
    "refunds_without_a_card",
    "captures_less",
    "acknowledges_an_advice",
    "inquires_without_a_trace",
    "agrees_on_a_day",
    "differs_on_a_count",
    "differs_on_a_sum",
    "leaves_reversed_sales_out",
    "counts_returns_apart",
    "reconciles_twice",
    "books_each_of_many_once",
    "keeps_references_apart",
    "stays_one_when_started_twice",
)
class ApprovesOnceMore(Overheard):
    """Books each approval with a fee on top."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        outcome = await super().authorise(request)
        booked = self._books._booked
        if isinstance(outcome, Approved) and request.amount_minor == 1200 and booked.get(request.reference):
            booked[request.reference] += 1 if booked[request.reference] > 0 else -1
        return outcome


@planted(
    KEPT,
    "raises_nothing_in_the_background",
)
class DiesInTheBackground(Overheard):
    """Starts a task that nobody looks at, and it dies."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        asyncio.get_running_loop().create_task(self.boom())
        return await super().authorise(request)

    async def boom(self) -> None:
        raise ValueError("nobody reads this")


@planted(
    KEPT,
    "reverses_after_a_restart",
    "inquires_from_stored_bytes",
    "starts_again_after_close",
)
class ClosesForEver(Overheard):
    """Cannot be started again."""

    closed = False

    async def close(self) -> None:
        self.closed = True
        await super().close()

    async def start(self, late) -> None:
        if not self.closed:
            await super().start(late)


@planted(
    KEPT,
    "stays_one_when_started_twice",
)
class StopsWhenStartedTwice(Overheard):
    """Takes a second start for a switch."""

    async def start(self, late) -> None:
        if self._late is None:
            await super().start(late)
        else:
            self._late = None


@planted(
    KEPT,
    "closes_in_time",
)
class ClosesSlowly(Overheard):
    """Waits for its far end when it is closed, as long as that takes."""

    async def close(self) -> None:
        await asyncio.sleep(3600)
        await super().close()


@planted(
    KEPT,
    "reports_nothing_after_close",
)
class TalksAfterClose(Overheard):
    """Goes on reporting late answers after close."""

    def _deliver(self, answer) -> None:
        self.told(answer)

    async def start(self, late) -> None:
        self.told = late
        await super().start(late)


@planted(
    KEPT,
    "is_true_about_capture",
    "is_true_about_void",
    "is_true_about_refund",
    "is_true_about_advise",
    "is_true_about_card_check",
    "is_true_about_inquire",
    "is_true_about_reconcile",
    "is_true_about_echo",
)
class DeniesEverything(Overheard):
    """Its capabilities deny all that it does."""

    capabilities = replace(
        Overheard.capabilities,
        capture=False,
        void=False,
        refund=False,
        advise=False,
        card_check=False,
        inquire=False,
        reconcile=False,
        echo=False,
    )


@planted(
    KEPT,
    "refunds_without_a_card",
    "voids_without_a_card",
)
class WantsACardAllTheSame(Overheard):
    """Promises returns without a card, and refuses them."""

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        if isinstance(request, ReturnRequest) and not request.card.track2:
            raise BadRequest("not-taken", "card")
        return super().prepare(request)


@planted(
    KEPT,
    "refuses_the_impossible",
    "prepares_different_sales_differently",
    "wants_a_card_unless_it_says_so",
    "takes_the_payers_that_it_says",
)
class WantsNoCard(Overheard):
    """Denies returns without a card, and takes them."""

    capabilities = replace(Overheard.capabilities, return_without_card=False)

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        return Reversal(request.reference, request.stan, b'{"amount_minor": %d}' % request.amount_minor)


@planted(
    KEPT,
    "counts_returns_apart",
)
class NetsReturns(Overheard):
    """Takes refunds off the sales in its totals."""

    async def reconcile(self, ours: Totals):
        answer = await super().reconcile(ours)
        if not isinstance(answer, Reconciled):
            return answer
        theirs = answer.theirs
        net = replace(
            theirs, sales_minor=theirs.sales_minor - theirs.returns_minor, returns=0, returns_minor=0
        )
        return Reconciled(net, agrees=net == ours)


@planted(
    KEPT,
    "knows_an_empty_day",
)
class KnowsOneDay(Overheard):
    """Answers with today's totals whatever the day is."""

    async def reconcile(self, ours: Totals):
        answer = await super().reconcile(replace(ours, day="2026-01-01"))
        if not isinstance(answer, Reconciled):
            return answer
        theirs = replace(answer.theirs, day=ours.day)
        return Reconciled(theirs, agrees=theirs == ours)


@planted(
    KEPT,
    "finds_nothing_that_never_came",
)
class FindsEverything(Overheard):
    """Takes "never came" for a no."""

    async def inquire(self, reversal: Reversal):
        found = await super().inquire(reversal)
        return Declined("25") if isinstance(found, NotFound) else found


@planted(
    KEPT,
    "captures_nothing_unknown",
    "captures_nothing_that_was_reversed",
)
class CapturesTheUnknown(Overheard):
    """Captures what was never held, or is not held any more."""

    async def capture(self, request: CaptureRequest) -> AuthoriseOutcome:
        outcome = await super().capture(request)
        moved = any(self._books._moved(request.original.reference))
        if isinstance(outcome, Declined) and outcome.code == "G94" and not moved:
            self._books.book(request, request.amount_minor)
            return Approved("100000", request.amount_minor)
        return outcome
