"""Bugs of cancels: what is told as undone and is not, is forgotten, given back twice, or still shown."""

from __future__ import annotations

from planted import Bed, wrapped

from acquirer_sdk.values import ReturnRequest
from card_reader_fw.vault import Vault
from mail_gateway.domain import cancel, outcome
from mail_gateway.domain.cancel import Step
from mail_gateway.domain.outcome import Letter, Outcome
from mail_gateway.domain.payment import Event, Kind, State
from mail_gateway.store import cancels
from mail_gateway.work import cancelling, giving_back
from mail_gateway.work.clerk import draft, enter

BED = Bed(payments=2)


@BED.bug("mail-delayed,mail-reordered", seed=13)
def a_burned_key_holds_nothing_back(patch):
    async def told_only(kit, case):
        events = (Event(Kind.OPENED), Event(Kind.CANCELLED))
        return await enter(kit, draft(kit, case.payment, events, **case.changes))

    patch.setitem(cancelling._ENDS, Step.BURN, told_only)


@BED.bug("mail-delayed,mail-reordered", seed=13)
def a_sale_after_its_cancel_is_told_as_a_stolen_key(patch):
    patch.setattr(cancels, "is_burned", lambda *_: False)


@BED.bug("host-stubborn", seed=0)
def a_sale_at_the_acquirer_counts_as_never_asked(patch):
    patch.setattr(cancel, "STEPS", {**cancel.STEPS, State.DISPATCHED: Step.DONE})


@BED.bug("none", seed=13)
def an_approved_sale_is_told_as_cancelled(patch):
    patch.setattr(cancel, "STEPS", {**cancel.STEPS, State.APPROVED: Step.DONE})


@BED.bug("none", seed=14)
def a_cancel_gives_back_twice(patch):
    async def ask(old, acquirer, asked):
        if isinstance(asked, ReturnRequest) and not asked.card.track2:
            await old(acquirer, asked)
        return await old(acquirer, asked)

    wrapped(patch, giving_back, "ask", ask)


@BED.bug("host-stubborn", seed=0)
def a_cancel_that_waits_is_forgotten(patch):
    wrapped(patch, cancelling, "draft", lambda old, *given, **more: old(*given, **{**more, "due_ms": None}))


@BED.bug("cut,crash,host-cut,slow", seed=17)
def a_giving_back_that_was_undone_is_told_as_done(patch):
    patch.setitem(outcome.TOLD_OF_CANCELS, State.REVERSED, (Outcome.CANCELLED, Letter.CANCEL_DONE))


@BED.bug("none", seed=7)
def the_reader_forgets_what_was_undone(patch):
    patch.setattr(Vault, "_undoing", lambda *_: "")


@BED.bug("none", seed=13)
def a_cancel_is_too_old_at_once(patch):
    patch.setattr(cancelling, "PATIENCE_MS", -1)
