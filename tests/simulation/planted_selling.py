"""Bugs of orders: what a customer said, when the money is taken, what is in stock, what survives a death."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from planted import Bed, wrapped

from acquirer_sdk.values import ReversalAccepted
from cafis_adapter import adapter
from mail_gateway.domain import answering
from mail_gateway.domain.answering import Ruling, Verdict
from mail_gateway.domain.order import OrderState
from mail_gateway.intake import customers
from mail_gateway.store import order_moves, order_payments
from mail_gateway.work import buying, confirming, order_clerk, order_steps

BED = Bed(payments=0, orders=1)


@BED.bug("none", seed=8)
def a_yes_needs_no_code(patch):
    patch.setattr(answering, "enough", lambda *_, **__: True)


@BED.bug("none", seed=30)
def a_wrong_code_is_as_good(patch):
    def judge(old, asking, terms, answer, ocra):
        said = replace(answer.said, code=True, wrong_code=False) if answer.said.wrong_code else answer.said
        return old(asking, terms, replace(answer, said=said), ocra)

    wrapped(patch, confirming, "judge", judge)


@BED.bug("none", seed=11)
def an_absence_note_is_an_answer(patch):
    patch.setattr(customers.robots, "is_automatic", lambda *_: False)


@BED.bug("none", seed=88)
def a_stranger_may_answer(patch):
    async def not_theirs(old, self, mail, raw, session, asked):
        anybody = replace(asked, on_file=(*asked.on_file, mail.from_address.lower()))
        return await old(self, mail, raw, session, anybody)

    wrapped(patch, customers.Customers, "_not_theirs", not_theirs)


@BED.bug("none", seed=9)
def a_no_is_asked_back(patch):
    def judge(old, *given):
        ruling = old(*given)
        return Ruling(Verdict.ASKED_AGAIN, "unclear") if ruling.verdict is Verdict.REFUSED else ruling

    wrapped(patch, confirming, "judge", judge)


@BED.bug("none", seed=6)
def an_answer_after_the_end_counts(patch):
    """Nothing lapses by the clock, and nobody looks when an answer came."""

    def wait(old, kit, case):
        return old(kit, replace(case, order=replace(case.order, until_ms=case.order.until_ms + 3_600_000)))

    wrapped(patch, confirming, "apply", lambda old, kit, n, answer: old(kit, n, replace(answer, at_ms=0)))
    patch.setitem(order_steps._STEPS, OrderState.ASKED, partial(wait, order_steps._STEPS[OrderState.ASKED]))


@BED.bug("none", seed=9)
def who_is_asked_first_is_charged_first(patch):
    patch.setattr(buying, "_AGREED", frozenset(OrderState))


@BED.bug("none", seed=557)
def a_hold_is_let_go_on_paper_only(patch):
    async def reverse(*_, **__):
        return ReversalAccepted("00")

    patch.setattr(adapter.Cafis, "reverse", reverse)


@BED.bug("none", seed=87)
def the_charge_of_a_dead_order_is_kept(patch):
    patch.setattr(order_steps, "_is_kept", lambda *_: False)


@BED.bug("none", seed=310)
def stock_is_freed_twice(patch):
    def restock(old, sheet, order, stock, reserved):
        old(sheet, order, stock or -reserved, reserved)

    wrapped(patch, order_moves, "_restock", restock)


@BED.bug("none", seed=29)
def what_was_bought_stays_reserved(patch):
    wrapped(patch, order_moves, "_restock", lambda old, sheet, order, stock, _: old(sheet, order, stock, 0))


@BED.bug("host-says-no", seed=20)
def what_could_not_be_charged_stays_sold(patch):
    def restock(old, sheet, order, stock, reserved):
        if stock <= 0:
            old(sheet, order, stock, reserved)

    wrapped(patch, order_moves, "_restock", restock)


@BED.bug("none", seed=15)
def less_is_taken_than_was_kept(patch):
    def capture(old, sheet, hold, amount_minor, **more):
        return old(sheet, hold, amount_minor - 1000, **more)

    wrapped(patch, order_payments, "capture", capture)


@BED.bug("host-says-no", seed=20)
def made_is_said_before_the_money(patch):
    def capture(old, kit, case, hold):
        if case.order.made_ms is None:
            return order_clerk.made(kit, order_clerk.noting(kit, case))
        return old(kit, case, hold)

    wrapped(patch, order_steps, "_capture", capture)
