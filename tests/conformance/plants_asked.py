"""Faults planted into the bogus acquirer: how sales are asked and answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from plants import Plant, planted

from acquirer_sdk.bench import Sort
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
)

ASKED: list[Plant] = []


class Answering(Overheard):
    """Other answers than were given."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        return self.other(await super().authorise(request), request)

    def other(self, outcome: AuthoriseOutcome, request: AuthoriseRequest) -> AuthoriseOutcome:
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


def check(request: AuthoriseRequest) -> bool:
    """Whether it is within the limits."""
    try:
        check_limits(request, Overheard.capabilities)
    except BadRequest:
        return False
    return True


def _approved(outcome: AuthoriseOutcome) -> bool:
    return isinstance(outcome, Approved)
