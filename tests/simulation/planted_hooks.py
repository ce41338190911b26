"""Bugs of what shops' servers are told: marked and not taken, forgotten, not signed, not told."""

from __future__ import annotations

from planted import Bed, wrapped

from mail_gateway.domain.hook import HookEvent
from mail_gateway.domain.order_telling import Telling
from mail_gateway.outbox import hooking
from mail_gateway.outbox.hooking import Teller, Told
from mail_gateway.store import hooks
from mail_gateway.work import order_clerk

BED = Bed(payments=0, orders=2)


@BED.bug("hook-lost")
def silence_counts_as_taken(patch):
    async def post(old, self, row, wrapped_secret, at_s):
        told = await old(self, row, wrapped_secret, at_s)
        return Told(taken=True, remark=told.remark) if told.remark == "timeout" else told

    wrapped(patch, Teller, "_post", post)


@BED.bug("hook-refused")
def any_answer_counts_as_taken(patch):
    async def post(old, self, row, wrapped_secret, at_s):
        told = await old(self, row, wrapped_secret, at_s)
        return Told(taken=told.remark.startswith("HTTP"), remark=told.remark)

    wrapped(patch, Teller, "_post", post)


@BED.bug("crash,shop-down,hook-lost", seed=3)
def a_hook_in_hand_is_left_to_the_dead(patch):
    patch.setattr(hooks, "SENDING_GUARD_MS", 10**12)


@BED.bug("none")
def a_hook_is_signed_with_no_secret(patch):
    wrapped(patch, hooking, "signature", lambda old, _, at_s, body: old(b"", at_s, body))


@BED.bug("shop-down,hook-lost")
def a_hook_is_signed_when_it_is_written(patch):
    def post(old, self, row, wrapped_secret, _):
        return old(self, row, wrapped_secret, row.since_ms // 1000)

    wrapped(patch, Teller, "_post", post)


@BED.bug("none")
def no_server_hears_that_it_is_made(patch):
    patch.setattr(order_clerk, "MADE", Telling(order_clerk.MADE.letters))


@BED.bug("none")
def a_made_order_is_told_twice(patch):
    def hooked(old, entry, event, about=""):
        told = old(entry, event, about)
        return old(told, event, "again") if event is HookEvent.MADE else told

    wrapped(patch, order_clerk, "hooked", hooked)
