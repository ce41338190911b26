"""Bugs that make a last word untrue: what an answer, a silence or a reversal means."""

from __future__ import annotations

from dataclasses import replace

from planted import Bed, wrapped

from acquirer_sdk.values import Approved, Declined, InDoubt, NotSent, ReversalAccepted, ReversalOpen
from cafis_adapter import adapter
from mail_gateway.domain import decide, outcome
from mail_gateway.domain.outcome import Letter, Outcome
from mail_gateway.domain.payment import Event, Kind, State
from mail_gateway.waker import Waker
from mail_gateway.work import reversal, runner, sale, sweeper, told

BED = Bed()


@BED.bug("host-silent,host-late,host-cut")
def silence_counts_as_declined(patch):
    def event_of(old, answer, amount, *more, **named):
        return (
            Event(Kind.HOST_DECLINED, {"code": "05"})
            if isinstance(answer, InDoubt)
            else old(answer, amount, *more, **named)
        )

    wrapped(patch, decide, "event_of", event_of)


@BED.bug("host-silent,host-late,host-cut")
def silence_counts_as_approved(patch):
    def event_of(old, answer, amount, *more, **named):
        return old(
            Approved("123456", amount) if isinstance(answer, InDoubt) else answer, amount, *more, **named
        )

    wrapped(patch, decide, "event_of", event_of)


@BED.bug("host-says-no")
def declined_counts_as_approved(patch):
    def event_of(old, answer, amount, *more, **named):
        return old(
            Approved("123456", amount) if isinstance(answer, Declined) else answer, amount, *more, **named
        )

    wrapped(patch, decide, "event_of", event_of)


@BED.bug("host-garbage")
def a_partial_approval_counts_as_a_whole_one(patch):
    def event_of(old, answer, amount, *more, **named):
        whole = Approved(answer.approval_number, amount) if isinstance(answer, Approved) else answer
        return old(whole, amount, *more, **named)

    wrapped(patch, decide, "event_of", event_of)


@BED.bug("host-garbage")
def an_unclear_answer_counts_as_declined(patch):
    def authorisation(old, codes, got, request):
        found = old(codes, got, request)
        return Declined("05") if isinstance(found, InDoubt) else found

    wrapped(patch, adapter.answers, "authorisation", authorisation)


@BED.bug("host-cut,cut")
def a_lost_line_counts_as_declined(patch):
    async def authorise(old, self, request):
        found = await old(self, request)
        return Declined("05") if found == InDoubt("connection-lost") else found

    wrapped(patch, adapter.Cafis, "authorise", authorise)


@BED.bug("host-cut,cut,no-dedup")
def a_lost_line_counts_as_not_sent(patch):
    async def authorise(old, self, request):
        found = await old(self, request)
        return NotSent("connection-lost") if found == InDoubt("connection-lost") else found

    wrapped(patch, adapter.Cafis, "authorise", authorise)


@BED.bug("host-silent,host-late")
def a_time_out_is_asked_once_more(patch):
    async def authorise(old, self, request):
        found = await old(self, request)
        return await old(self, request) if found == InDoubt("no-answer") else found

    wrapped(patch, adapter.Cafis, "authorise", authorise)


@BED.bug("host-stubborn")
def a_refused_reversal_counts_as_accepted(patch):
    wrapped(patch, adapter.answers, "reversal", lambda old, codes, got: ReversalAccepted("00"))


@BED.bug("host-stubborn,host-down")
def an_unanswered_reversal_counts_as_accepted(patch):
    async def reverse(old, self, advice, *, transmission):
        found = await old(self, advice, transmission=transmission)
        return ReversalAccepted("00") if isinstance(found, NotSent | ReversalOpen) else found

    wrapped(patch, adapter.Cafis, "reverse", reverse)


@BED.bug("host-silent,host-garbage,host-late")
def the_reversal_names_another_attempt(patch):
    def prepare(old, self, request):
        return old(self, replace(request, stan=request.stan % 999_999 + 1))

    wrapped(patch, adapter.Cafis, "prepare", prepare)


@BED.bug("slow,cut,crash,forgetful,host-late", seed=28)
def the_reversal_is_not_confirmed(patch):
    def entry(old, kit, payment, happened, **changes):
        if happened and happened[0].kind is Kind.REVERSAL_ACKED:
            happened = [*happened, Event(Kind.CONFIRMED_AGAIN, happened[0].facts)]
        return old(kit, payment, happened, **changes)

    wrapped(patch, reversal, "draft", entry)


@BED.bug("host-stubborn")
def a_reversal_is_given_up_after_three(patch):
    def draft(old, kit, payment, happened, **changes):
        if payment.transmissions >= 3 and happened and happened[0].kind is Kind.SILENCE:
            changes["due_ms"] = None
        return old(kit, payment, happened, **changes)

    wrapped(patch, reversal, "draft", draft)


@BED.bug("host-stubborn,host-silent")
def in_doubt_is_told_as_cancelled(patch):
    patch.setitem(outcome.TOLD, State.IN_DOUBT, (Outcome.CANCELLED, Letter.CANCELLED))


@BED.bug("host-silent,host-cut")
def a_reversed_return_is_told_as_returned(patch):
    patch.setitem(outcome.TOLD_OF_RETURNS, State.REVERSED, (Outcome.APPROVED, Letter.RETURNED))


@BED.bug("host-twice,host-late")
def a_late_approval_is_not_looked_at(patch):
    patch.setattr(decide, "late", lambda *_: decide.LateVerdict(None, ""))


@BED.bug("host-twice")
def an_approval_after_a_no_is_not_reversed(patch):
    def judge(old, answer, state, number):
        return decide.LateVerdict(None, "") if state is State.DECLINED else old(answer, state, number)

    wrapped(patch, decide, "late", judge)


@BED.bug("host-twice,host-late,answers-twice")
def late_answers_are_not_kept(patch):
    async def nobody(*_):
        return None

    patch.setattr(runner, "late", nobody)


@BED.bug("host-silent,host-garbage")
def every_result_is_sealed_as_the_first(patch):
    def result(old, payment, *more):
        return old(replace(payment, version=1), *more)

    wrapped(patch, told, "_result", result)


@BED.bug("host-silent,host-garbage")
def the_version_is_not_raised(patch):
    def draft(old, kit, payment, happened, **more):
        return old(kit, replace(payment, version=0), happened, **more)

    for module in (sale, reversal):
        wrapped(patch, module, "draft", draft)


@BED.bug("host-silent")
def the_sweeper_sleeps_for_a_day(patch):
    class Sleeper(Waker):
        async def sleep(self, _seconds):
            await super().sleep(86_400)

    patch.setattr(sweeper, "Waker", Sleeper)
