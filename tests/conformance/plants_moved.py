"""Faults planted into the bogus acquirer: captures, returns, advices, questions, promises and secrets."""

from __future__ import annotations

from dataclasses import replace

from plants import Plant, planted

from acquirer_sdk.bench import Sort
from acquirer_sdk.bogus_bench import Overheard
from acquirer_sdk.values import (
    Advice,
    AdviceAccepted,
    AdviceOutcome,
    Approved,
    AuthoriseOutcome,
    AuthoriseRequest,
    CaptureRequest,
    Declined,
    Item,
    NotFound,
    Reconciled,
    ReturnKind,
    Reversal,
    Totals,
    Unsupported,
)

MOVED: list[Plant] = []


class Booking(Overheard):
    """Books what should have been refused."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        outcome = await super().authorise(request)
        if isinstance(outcome, Declined) and self.forgives(request, outcome):
            self._books.book(request, request.amount_minor)
            return Approved("100000", request.amount_minor)
        return outcome

    def forgives(self, request: AuthoriseRequest, no: Declined) -> bool:
        return False


@planted(
    MOVED,
    "captures_once",
)
class CapturesTwice(Booking):
    """Captures again what was captured."""

    def forgives(self, request, no):
        return isinstance(request, CaptureRequest) and any(self._books._moved(request.original.reference))


@planted(
    MOVED,
    "captures_no_more_than_was_held",
)
class CapturesMore(Booking):
    """Captures more than was held."""

    def forgives(self, request, no):
        return isinstance(request, CaptureRequest) and no.code == "61"


@planted(
    MOVED,
    "holds_without_charging",
    "captures_what_was_held",
    "captures_less",
    "captures_once",
    "captures_no_more_than_was_held",
    "doubts_a_silent_capture",
    "captures_nothing_after_close",
)
class ChargesWhatItHolds(Overheard):
    """Does not know of holds: charges at once."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        outcome = await super().authorise(request)
        if request.hold and isinstance(outcome, Approved):
            self._books.book(replace(request, hold=False), request.amount_minor)
        return outcome


@planted(
    MOVED,
    "refunds_nothing_that_was_voided",
    "refunds_no_more_than_the_sale",
)
class RefundsTooMuch(Booking):
    """Gives back more than the sale took."""

    def forgives(self, request, no):
        return getattr(request, "kind", None) is ReturnKind.REFUND and no.code == "61"


@planted(
    MOVED,
    "voids_once",
    "voids_nothing_that_was_refunded",
)
class VoidsTwice(Booking):
    """Voids what was voided or refunded."""

    def forgives(self, request, no):
        return getattr(request, "kind", None) is ReturnKind.VOID and no.code == "G80"


@planted(
    MOVED,
    "refunds_no_unknown_sale",
    "refunds_nothing_that_was_reversed",
)
class RefundsTheUnknown(Booking):
    """Refunds sales that it never had."""

    def forgives(self, request, no):
        return getattr(request, "kind", None) is ReturnKind.REFUND and no.code == "G94"


@planted(
    MOVED,
    "carries_every_item_that_it_takes",
)
class LosesTheTax(Overheard):
    """Says that it takes the tax, and leaves it out."""

    async def advise(self, advice: Advice, *, transmission: int) -> AdviceOutcome:
        items = {item: value for item, value in advice.items.items() if item is not Item.TAX}
        return await super().advise(replace(advice, items=items), transmission=transmission)


@planted(
    MOVED,
    "leaves_unanswered_advices_open",
    "says_that_an_advice_was_refused",
    "advises_nothing_after_close",
)
class AcceptsEveryAdvice(Overheard):
    """Tells that an advice was taken whatever came back."""

    async def advise(self, advice: Advice, *, transmission: int) -> AdviceOutcome:
        await super().advise(advice, transmission=transmission)
        return AdviceAccepted("00")


@planted(
    MOVED,
    "repeats_advices",
)
class AdvisesAlwaysAnew(Overheard):
    """Sends a repeated advice as a first one."""

    async def advise(self, advice: Advice, *, transmission: int) -> AdviceOutcome:
        return await super().advise(advice, transmission=1)


@planted(
    MOVED,
    "carries_what_it_asked_for",
)
class ForgetsTheTelephone(Overheard):
    """Asks for the approval number by telephone, and does not send it."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        return await super().authorise(replace(request, referral_number=""))


@planted(
    MOVED,
    "asks_merchants_only_for_what_it_takes",
)
class AsksForWhatItDoesNotTake(Overheard):
    """Asks every merchant for something that advise does not take."""

    capabilities = replace(Overheard.capabilities, items_after=(Item.TAX,), items_taken=(Item.NOTE,))


@planted(
    MOVED,
    "inquires_without_a_trace",
)
class ReversesWhenInquiring(Overheard):
    """Has no message to inquire with, and reverses instead."""

    async def inquire(self, reversal: Reversal):
        found = await super().inquire(reversal)
        if not isinstance(found, NotFound):
            self._books.undo(reversal.reference)
        return found


@planted(
    MOVED,
    "finds_an_approval",
    "finds_a_decline",
    "finds_what_was_never_answered",
    "inquires_from_stored_bytes",
)
class FindsNothing(Overheard):
    """Takes every answer to an inquiry for "never came"."""

    async def inquire(self, reversal: Reversal):
        return NotFound() if self._late is not None else await super().inquire(reversal)


@planted(
    MOVED,
    "finds_no_approval_that_was_reversed",
)
class FindsWhatWasReversed(Overheard):
    """Tells the first answer even after the reversal."""

    async def reverse(self, reversal: Reversal, *, transmission: int):
        known = self._known.get(reversal.reference)
        outcome = await super().reverse(reversal, transmission=transmission)
        if known is not None:
            self._known[reversal.reference] = known
        return outcome


@planted(
    MOVED,
    "checks_a_card",
)
class ChecksACardWithMoney(Overheard):
    """Checks a card by a sale of one."""

    async def card_check(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        if self._late is not None:
            self._books.book(request, 1)
        return await super().card_check(request)


@planted(
    MOVED,
    "differs_on_a_count",
    "differs_on_a_sum",
)
class AlwaysAgrees(Overheard):
    """Agrees with any totals."""

    async def reconcile(self, ours: Totals):
        answer = await super().reconcile(ours)
        return Reconciled(ours, agrees=True) if isinstance(answer, Reconciled) else answer


@planted(
    MOVED,
    "is_true_about_refund",
)
class DeniesRefunds(Overheard):
    """Its capabilities deny what it does."""

    capabilities = replace(Overheard.capabilities, refund=False)


@planted(
    MOVED,
    "echoes",
    "echoes_nothing_after_close",
    "is_true_about_echo",
)
class PromisesEchoes(Overheard):
    """Its capabilities promise what it does not have."""

    async def echo(self):
        return Unsupported("echo")


@planted(
    MOVED,
    "is_true_about_card_check",
)
class SaysTheWrongWord(Overheard):
    """Says Unsupported with another operation's name."""

    capabilities = replace(Overheard.capabilities, card_check=False)

    async def card_check(self, request: AuthoriseRequest):
        return Unsupported("capture")


@planted(
    MOVED,
    "is_true_about_card_check",
)
class SilentNo(Overheard):
    """Answers an operation that it does not have with a plain no."""

    capabilities = replace(Overheard.capabilities, card_check=False)

    async def card_check(self, request: AuthoriseRequest):
        return Declined("05")


@planted(
    MOVED,
    "approves_no_part_unless_it_says_so",
)
class HidesPartialApprovals(Overheard):
    """Does not say that it approves in part, and does."""

    capabilities = replace(Overheard.capabilities, partial_approval=False)


@planted(
    MOVED,
    "takes_the_conditions_that_it_says",
)
class TakesEveryCondition(Overheard):
    """Names the ways of payment that it takes, and takes others."""

    capabilities = replace(Overheard.capabilities, conditions=(10, 61))

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        return super().prepare(replace(request, condition=10))


@planted(
    MOVED,
    "has_a_name",
)
class HasNoName(Overheard):
    """Is called by a sentence."""

    name = "My Bank Ltd."


@planted(
    MOVED,
    "tells_no_card",
)
class TellsTheCard(Overheard):
    """Logs the card number."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        self.ports.tell("bogus.asked", card=request.card.pan)
        return await super().authorise(request)


@planted(
    MOVED,
    "tells_plain_facts",
)
class TellsObjects(Overheard):
    """Logs the request as an object: today its repr is masked."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        self.ports.tell("bogus.asked", request=request)
        return await super().authorise(request)


@planted(
    MOVED,
    "keeps_no_card",
)
class KeepsTheCard(Overheard):
    """Keeps the last track for later."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        self.last = {"track": request.card.track2}
        return await super().authorise(request)


@planted(
    MOVED,
    "shows_no_card",
)
class AnswersWithTheCard(Overheard):
    """Puts the card number into the code of a decline."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        outcome = await super().authorise(request)
        return Declined(f"05 {request.card.pan}") if isinstance(outcome, Declined) else outcome


@planted(
    MOVED,
    "reports_no_card",
)
class KeepsLateAnswersLoud(Overheard):
    """Puts the card number into late answers."""

    async def start(self, late) -> None:
        await super().start(lambda answer: late(replace(answer, code="00 4111111111111111")))


@planted(
    MOVED,
    "never_asks_twice",
    "asks_nothing_twice_after_a_cut",
    "asks_once_for_a_silent_return",
    "carries_one_minor_unit",
    "carries_the_largest_amount",
    "carries_yen",
    "carries_dollars",
    "carries_dinars",
)
class ListensToItself(Overheard):
    """Sends every sale twice to be sure; the far end books it once."""

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        outcome = await super().authorise(request)
        if self.heard and self.heard[-1].sort is Sort.REQUEST:
            self.heard.append(self.heard[-1])
        return outcome
