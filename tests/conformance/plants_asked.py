"""Faults planted into the bogus acquirer: how sales are asked, answered and reversed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

from plants import Plant, planted

from acquirer_sdk.bench import TRACK2, Sort
from acquirer_sdk.bogus_bench import Overheard
from acquirer_sdk.limits import check_limits
from acquirer_sdk.port import BadRequest
from acquirer_sdk.values import (
    Approved,
    Ask,
    AuthoriseOutcome,
    AuthoriseRequest,
    Declined,
    InDoubt,
    LateAnswer,
    NeedsInput,
    NotSent,
    Ready,
    Reversal,
    ReversalAccepted,
    ReversalOpen,
    ReversalOutcome,
)

ASKED: list[Plant] = []


class Answering(Overheard):
    """Other answers than were given."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        return self.other(await super().authorise(request), request)

    def other(self, outcome: AuthoriseOutcome, request: AuthoriseRequest) -> AuthoriseOutcome:
        return outcome


class Reversing(Overheard):
    """Other answers to reversals than were given."""

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        return self.other(await super().reverse(reversal, transmission=transmission))

    def other(self, outcome: ReversalOutcome) -> ReversalOutcome:
        return outcome


@planted(
    ASKED,
    "doubts_another_terminal",
    "doubts_another_trace_number",
    "doubts_another_reference",
    "doubts_silence",
    "doubts_silence_without_a_charge",
    "doubts_a_late_answer",
    "doubts_a_silent_return",
    "doubts_a_silent_capture",
    "doubts_only_the_silent_ones",
)
class DeclinesOnSilence(Answering):
    """Takes silence for a no."""

    def other(self, outcome, request):
        return Declined("00") if outcome == InDoubt("no-answer") else outcome


@planted(
    ASKED,
    "doubts_unknown_codes",
    "doubts_a_contradiction",
)
class DeclinesUnknownCodes(Answering):
    """Ends its table of codes with `else: Declined`."""

    def other(self, outcome, request):
        return Declined("ZZ") if outcome == InDoubt("unknown-code") else outcome


@planted(
    ASKED,
    "doubts_faults",
)
class DeclinesFaults(Answering):
    """Takes a fault of the company's system for a no."""

    def other(self, outcome, request):
        return Declined("96") if outcome == InDoubt("code-96") else outcome


@planted(
    ASKED,
    "doubts_an_approval_without_number",
)
class ApprovesWithoutANumber(Answering):
    """Takes an approval that has no number."""

    def other(self, outcome, request):
        return Approved("", request.amount_minor) if outcome == InDoubt("no-approval-number") else outcome


@planted(
    ASKED,
    "doubts_another_amount",
)
class IgnoresTheAmount(Answering):
    """Does not compare the amount of the answer."""

    def other(self, outcome, request):
        return Approved("1", request.amount_minor) if outcome == InDoubt("wrong-amount") else outcome


@planted(
    ASKED,
    "doubts_another_currency",
)
class IgnoresTheCurrency(Answering):
    """Does not compare the currency of the answer."""

    def other(self, outcome, request):
        return Approved("1", request.amount_minor) if outcome == InDoubt("wrong-currency") else outcome


@planted(
    ASKED,
    "approves_partially",
)
class TakesAPartForTheWhole(Answering):
    """Gives a partial approval as one of the whole amount."""

    def other(self, outcome, request):
        return replace(outcome, amount_minor=request.amount_minor) if _approved(outcome) else outcome


@planted(
    ASKED,
    "asks_more",
)
class CallsEverythingAgain(Answering):
    """Has one word for whatever the merchant has to do."""

    def other(self, outcome, request):
        return NeedsInput(Ask.AGAIN, outcome.code) if isinstance(outcome, NeedsInput) else outcome


@planted(
    ASKED,
    "doubts_a_cut_line",
)
class SaysNotSentWhenTheLineIsLost(Answering):
    """Takes a line that was lost for one that was never there."""

    def other(self, outcome, request):
        return NotSent("connection-lost") if outcome == InDoubt("connection-lost") else outcome


@planted(
    ASKED,
    "doubts_unknown_codes",
    "doubts_a_contradiction",
    "raises_nothing_when_asked",
    "raises_nothing_when_reversing",
)
class Raises(Answering):
    """Lets its parser's exception out."""

    def other(self, outcome, request):
        return {"00": outcome}["ZZ"] if outcome == InDoubt("unknown-code") else outcome


@planted(
    ASKED,
    "never_asks_twice",
    "asks_once_for_a_silent_return",
)
class AsksTwice(Overheard):
    """Asks again by itself when nobody answered."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        outcome = await super().authorise(request)
        return await super().authorise(request) if outcome == InDoubt("no-answer") else outcome


@planted(
    ASKED,
    "reports_a_no_after_a_yes",
    "reports_a_yes_after_a_no",
    "reports_late_answers",
    "reports_an_approval_after_the_reversal",
)
class ForgetsLateAnswers(Overheard):
    """Drops what nobody waits for."""

    async def start(self, late: Callable[[LateAnswer], None]) -> None:
        await super().start(lambda _: None)


@planted(
    ASKED,
    "reports_a_no_after_a_yes",
    "reports_a_yes_after_a_no",
    "reports_late_answers",
    "reports_an_approval_after_the_reversal",
)
class ReportsLateAnswersAsUnreadable(Overheard):
    """Reports that something came, but not what."""

    async def start(self, late: Callable[[LateAnswer], None]) -> None:
        await super().start(lambda answer: late(replace(answer, outcome=None)))


@planted(
    ASKED,
    "reports_a_no_after_a_yes",
    "reports_a_yes_after_a_no",
    "reports_late_answers",
    "reports_an_approval_after_the_reversal",
)
class ReportsLateAnswersByNumberOnly(Overheard):
    """Reports late answers without their reference."""

    async def start(self, late: Callable[[LateAnswer], None]) -> None:
        await super().start(lambda answer: late(replace(answer, reference="")))


@planted(
    ASKED,
    "leaves_refused_reversals_open",
)
class AcceptsRefusals(Reversing):
    """Takes code 12 to a reversal for done."""

    def other(self, outcome):
        return ReversalAccepted("12") if outcome == ReversalOpen("refused-12") else outcome


@planted(
    ASKED,
    "leaves_unanswered_reversals_open",
    "leaves_reversals_open_for_ever",
)
class AcceptsSilence(Reversing):
    """Takes a reversal that nobody answered for done."""

    def other(self, outcome):
        return ReversalAccepted("") if outcome == ReversalOpen("no-answer") else outcome


@planted(
    ASKED,
    "leaves_unreadable_reversals_open",
)
class AcceptsTheUnreadable(Reversing):
    """Takes a reversal that it cannot read for done."""

    def other(self, outcome):
        return ReversalAccepted("25") if outcome == ReversalOpen("wire-unreadable") else outcome


@planted(
    ASKED,
    "doubts_faults",
    "reverses_what_was_never_seen",
    "reverses_what_was_declined",
)
class LeavesTheUnknownOpen(Reversing):
    """Takes "never saw that sale" for a refusal: such a reversal never ends."""

    def other(self, outcome):
        return ReversalOpen("refused-25") if outcome == ReversalAccepted("25") else outcome


@planted(
    ASKED,
    "marks_repeated_reversals",
)
class DropsTheRepeatFlag(Overheard):
    """Sends every reversal and every advice as a first one."""

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        return await super().reverse(reversal, transmission=1)


@planted(
    ASKED,
    "marks_repeated_reversals",
)
class AlwaysRepeats(Overheard):
    """Marks even the first reversal as repeated."""

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        return await super().reverse(reversal, transmission=transmission + 1)


@planted(
    ASKED,
    "sends_one_reversal_for_one_call",
    "leaves_unanswered_reversals_open",
)
class RepeatsByItself(Overheard):
    """Sends an unanswered reversal once more, unasked."""

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        outcome = await super().reverse(reversal, transmission=transmission)
        if outcome != ReversalOpen("no-answer"):
            return outcome
        return await super().reverse(reversal, transmission=transmission)


@planted(
    ASKED,
    "approves_partially",
    "declines",
    "agrees_on_a_day",
    "differs_on_a_count",
    "differs_on_a_sum",
    "leaves_reversed_sales_out",
    "reconciles_twice",
    "refuses_before_anything_leaves",
    "prepares_purely",
)
class ChargesWhenPreparing(Overheard):
    """Books in prepare."""

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        reversal = super().prepare(request)
        if self._late is not None and type(request) is AuthoriseRequest:
            self._books.book(request, request.amount_minor)
        return reversal


@planted(
    ASKED,
    "prepares_purely",
    "prepares_without_a_line",
)
class PreparesByChance(Overheard):
    """Puts a number that it draws into the reversal."""

    _drawn = itertools.count()

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        wire = super().prepare(request).wire
        return Reversal(request.reference, request.stan, wire + b" " * (next(self._drawn) % 7))


@planted(
    ASKED,
    "stores_no_track",
)
class PreparesWithTheTrack(Overheard):
    """Keeps the whole request for the reversal, track and all."""

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        wire = super().prepare(request).wire.replace(b"{", f'{{"track2": "{TRACK2}", '.encode())
        return Reversal(request.reference, request.stan, wire)


@planted(
    ASKED,
    "refuses_the_impossible",
    "takes_the_payers_that_it_says",
)
class RefusesNothing(Overheard):
    """Finds out only after sending that a request cannot be expressed."""

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        try:
            return super().prepare(request)
        except BadRequest:
            return Reversal(request.reference, request.stan, b'{"amount_minor": 0}')


@planted(
    ASKED,
    "refuses_before_anything_leaves",
)
class RefusesAfterSending(Overheard):
    """Refuses in prepare, and sends all the same when asked."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        outcome = await super().authorise(request)
        if outcome == NotSent("bad-request"):
            await super().authorise(
                replace(request, amount_minor=1200, stan=1, currency=392, reference="7" * 12)
            )
        return outcome


@planted(
    ASKED,
    "refuses_without_naming_the_card",
)
class NamesTheCard(Overheard):
    """Puts the card into BadRequest."""

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        try:
            return super().prepare(request)
        except BadRequest as error:
            raise BadRequest(error.slug, f"{error.where} of {request.card.pan}") from None


@planted(
    ASKED,
    "refuses_without_naming_the_card",
)
class NamesTheCardInTheCause(Overheard):
    """Its BadRequest is clean, but the exception behind it is printed with it."""

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        try:
            int(f"{request.card.track2}" if request.amount_minor < 0 else "0")
        except ValueError as error:
            raise BadRequest("out-of-range", "amount_minor") from error
        return super().prepare(request)


@planted(
    ASKED,
    "sends_no_reversal_after_close",
    "gives_nothing_back_after_close",
    "captures_nothing_after_close",
    "advises_nothing_after_close",
    "inquires_from_stored_bytes",
    "checks_no_card_after_close",
    "echoes_nothing_after_close",
    "reconciles_nothing_after_close",
    "closes_twice",
    "sends_nothing_after_close",
)
class SendsAfterClose(Overheard):
    """Goes on after close."""

    async def close(self) -> None:
        self._late = self._late and (lambda _: None)


@planted(
    ASKED,
    "is_not_ready_before_start",
    "closes_twice",
    "closes_without_a_start",
)
class SaysAlwaysReady(Overheard):
    """Calls itself ready whether or not it is."""

    def ready(self):
        return Ready()


@planted(
    ASKED,
    "carries_one_minor_unit",
    "carries_the_largest_amount",
    "carries_yen",
)
class DividesByAHundred(Overheard):
    """Takes yen for a currency with two decimals."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        outcome = await super().authorise(request)
        if self.heard and self.heard[-1].sort is Sort.REQUEST and request.currency == 392:
            self.heard[-1] = replace(self.heard[-1], amount_minor=request.amount_minor // 100)
        return outcome


@planted(
    ASKED,
    "carries_dollars",
    "carries_dinars",
)
class KnowsOneCurrency(Overheard):
    """Sends yen whatever the currency is."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        return await super().authorise(replace(request, currency=392) if check(request) else request)


@planted(
    ASKED,
    "dates_a_sale_by_itself",
)
class DatesByItsOwnClock(Overheard):
    """Sends today's date, not the sale's."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        return await super().authorise(replace(request, time_s=self.ports.now_ms() // 1000))


@planted(
    ASKED,
    "reverses_across_the_cut_over",
)
class ReversesToday(Overheard):
    """Sends a reversal with the date on which it is sent."""

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        outcome = await super().reverse(reversal, transmission=transmission)
        self.heard[-1] = replace(self.heard[-1], day=str(self.ports.now_ms() // 86_400_000))
        return outcome


def check(request: AuthoriseRequest) -> bool:
    """Whether it is within the limits."""
    try:
        check_limits(request, Overheard.capabilities)
    except BadRequest:
        return False
    return True


def _approved(outcome: AuthoriseOutcome) -> bool:
    return isinstance(outcome, Approved)
