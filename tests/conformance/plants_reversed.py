"""Faults planted into the bogus acquirer: how reversals are made and sent, and what is refused before."""

from __future__ import annotations

import itertools
from dataclasses import replace

from plants import Plant, planted

from acquirer_sdk.bench import TRACK2
from acquirer_sdk.bogus_bench import Overheard
from acquirer_sdk.port import BadRequest
from acquirer_sdk.values import (
    AuthoriseOutcome,
    AuthoriseRequest,
    NotSent,
    Reversal,
    ReversalAccepted,
    ReversalOpen,
    ReversalOutcome,
)

REVERSED: list[Plant] = []


class Reversing(Overheard):
    """Other answers to reversals than were given."""

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        return self.other(await super().reverse(reversal, transmission=transmission))

    def other(self, outcome: ReversalOutcome) -> ReversalOutcome:
        return outcome


@planted(
    REVERSED,
    "leaves_refused_reversals_open",
)
class AcceptsRefusals(Reversing):
    """Takes code 12 to a reversal for done."""

    def other(self, outcome):
        return ReversalAccepted("12") if outcome == ReversalOpen("refused-12") else outcome


@planted(
    REVERSED,
    "leaves_unanswered_reversals_open",
    "leaves_reversals_open_for_ever",
)
class AcceptsSilence(Reversing):
    """Takes a reversal that nobody answered for done."""

    def other(self, outcome):
        return ReversalAccepted("") if outcome == ReversalOpen("no-answer") else outcome


@planted(
    REVERSED,
    "leaves_unreadable_reversals_open",
)
class AcceptsTheUnreadable(Reversing):
    """Takes a reversal that it cannot read for done."""

    def other(self, outcome):
        return ReversalAccepted("25") if outcome == ReversalOpen("wire-unreadable") else outcome


@planted(
    REVERSED,
    "doubts_faults",
    "reverses_what_was_never_seen",
    "reverses_what_was_declined",
)
class LeavesTheUnknownOpen(Reversing):
    """Takes "never saw that sale" for a refusal: such a reversal never ends."""

    def other(self, outcome):
        return ReversalOpen("refused-25") if outcome == ReversalAccepted("25") else outcome


@planted(
    REVERSED,
    "marks_repeated_reversals",
)
class DropsTheRepeatFlag(Overheard):
    """Sends every reversal as a first one."""

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        return await super().reverse(reversal, transmission=1)


@planted(
    REVERSED,
    "marks_repeated_reversals",
)
class AlwaysRepeats(Overheard):
    """Marks even the first reversal as repeated."""

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        return await super().reverse(reversal, transmission=transmission + 1)


@planted(
    REVERSED,
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
    REVERSED,
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
    REVERSED,
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
    REVERSED,
    "stores_no_track",
)
class PreparesWithTheTrack(Overheard):
    """Keeps the whole request for the reversal, track and all."""

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        wire = super().prepare(request).wire.replace(b"{", f'{{"track2": "{TRACK2}", '.encode())
        return Reversal(request.reference, request.stan, wire)


@planted(
    REVERSED,
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
    REVERSED,
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
    REVERSED,
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
    REVERSED,
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
    REVERSED,
    "reverses_across_the_cut_over",
)
class ReversesToday(Overheard):
    """Sends a reversal with the date on which it is sent."""

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        outcome = await super().reverse(reversal, transmission=transmission)
        self.heard[-1] = replace(self.heard[-1], day=str(self.ports.now_ms() // 86_400_000))
        return outcome
