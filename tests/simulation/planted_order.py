"""Bugs of order: commit, send and acknowledge in the wrong one, and what a restart forgets."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from planted import Bed, wrapped

from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.payment import Event, Kind, State
from mail_gateway.intake import accept
from mail_gateway.store import handover, inbox, letters, payments, record
from mail_gateway.store.record import Stale
from mail_gateway.work import clerk, reversal, runner, sale

BED = Bed()


@BED.bug("crash,cut,slow", seed=13)
def the_250_goes_before_the_commit(patch):
    async def early(old, self, raw, route):
        async def later():
            await asyncio.sleep(2)
            await old(self, raw, route)

        asyncio.get_running_loop().create_task(later())
        return accept.reply("new")

    wrapped(patch, accept.Intake, "accept", early)


@BED.bug("disk-failing", seed=2)
def a_failing_disk_is_answered_250(patch):
    wrapped(patch, accept, "reply", lambda old, slug: old("new" if slug.startswith("store-") else slug))


@BED.bug("crash,no-dedup,slow")
def sent_before_the_dispatch_is_committed(patch):
    async def dispatch(kit, ready):
        payment = ready.payment
        chosen = kit.acquirers.choose(payment, ready.request)
        if chosen.why:
            return await sale._wait_for_line(kit, ready, chosen)
        outcome = await chosen.acquirer.authorise(replace(ready.request, stan=payment.id))
        changes = {**ready.changes, "attempts": 1, "due_ms": None}
        entry = clerk.draft(kit, payment, (*ready.events, Event(Kind.DISPATCHED)), **changes)
        entry = replace(entry, sale_epoch=ready.sale_epoch)
        dispatched = await clerk.enter_dispatch(kit, entry, lambda stan: b"\0" * 40)
        return await sale.record_answer(kit, dispatched, outcome, ready.told)

    patch.setattr(sale, "dispatch", dispatch)


@BED.bug("crash,slow,host-late")
def asked_again_after_a_restart(patch):
    async def again(kit, payment):
        changes = {"due_ms": kit.ports.now_ms(), "stan": None}
        return await clerk.enter(kit, clerk.draft(kit, payment, [Event(Kind.NOT_SENT)], **changes))

    patch.setitem(runner.STAGES, State.DISPATCHED, again)


@BED.bug("crash,slow,host-late")
def what_a_dead_life_dispatched_is_not_adopted(patch):
    patch.setattr(payments, "adopt", lambda *_: None)


@BED.bug("crash,slow,host-late")
def what_a_dead_life_dispatched_counts_as_declined(patch):
    async def declined(kit, payment):
        return await clerk.enter(kit, clerk.draft(kit, payment, [Event(Kind.HOST_DECLINED)], code="05"))

    patch.setitem(runner.STAGES, State.DISPATCHED, declined)


@BED.bug("disk-failing,disk-full")
def an_answer_that_cannot_be_stored_is_dropped(patch):
    async def once(kit, entry):
        try:
            return await clerk.enter(kit, entry)
        except (GatewayError, Stale):
            return entry.payment

    patch.setattr(clerk, "enter_surely", once)


@BED.bug("crash,mail-doubled")
def a_new_sale_relies_on_being_woken(patch):
    def keep(old, sheet, arrival, *more):
        return old(sheet, replace(arrival, received_ms=arrival.received_ms + 10**12), *more)

    wrapped(patch, inbox, "keep", keep)


@BED.bug("host-down,refused,cut")
def a_sale_without_a_line_is_never_looked_at_again(patch):
    async def waits(kit, ready, _reason):
        changes = {**ready.changes, "due_ms": None}
        return await clerk.enter(kit, clerk.draft(kit, ready.payment, ready.events, **changes))

    patch.setattr(sale, "_wait_for_line", waits)


@BED.bug("crash,host-silent,host-stubborn")
def a_claimed_reversal_is_not_due_any_more(patch):
    wrapped(patch, reversal, "claim", lambda old, conn, payment, node, _due: old(conn, payment, node, None))


@BED.bug("crash,host-silent,host-garbage")
def the_confirming_waits_in_memory_only(patch):
    def draft(old, kit, payment, events, **changes):
        if events and events[0].kind is Kind.REVERSAL_ACKED:
            changes["due_ms"] = None
        return old(kit, payment, events, **changes)

    wrapped(patch, reversal, "draft", draft)


@BED.bug("crash", seed=15)
def a_letter_is_queued_after_the_commit(patch):
    async def enter(kit, entry):
        await kit.store.run(record.record, replace(entry, letter=None))
        if entry.letter is not None:
            await asyncio.sleep(1)
            now_ms = kit.ports.now_ms()
            await kit.store.run(letters.put, entry.payment.id, entry.letter, now_ms)
            kit.letter_queued()
        return clerk._as_written(entry)

    for module in (clerk, sale, reversal):
        patch.setattr(module, "enter", enter)


@BED.bug("crash,cut,slow")
def a_letter_in_sending_is_left_to_the_dead(patch):
    patch.setattr(letters, "adopt", lambda *_: None)
    patch.setattr(handover, "SENDING_GUARD_MS", 10**12)
