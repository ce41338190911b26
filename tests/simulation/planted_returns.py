"""Bugs of what is given back of orders, and of debits that were not collected."""

from __future__ import annotations

from dataclasses import replace

from planted import Bed, wrapped

from acquirer_sdk.values import ReturnRequest
from mail_gateway.domain import ledger, order_return, order_telling, return_form
from mail_gateway.domain.order import OrderKind, OrderState
from mail_gateway.domain.order_return import by_centre
from mail_gateway.domain.order_telling import Telling
from mail_gateway.domain.payment import Kind, State
from mail_gateway.store import order_moves, order_returns
from mail_gateway.store.order_tables import order_returns as table
from mail_gateway.work import giving_back, order_clerk, order_steps, uncollected
from mail_gateway.work import order_returns as giving

BED = Bed(payments=0, orders=1)


@BED.bug("none", seed=0)
def the_acquirer_is_asked_to_give_back_twice(patch):
    async def ask(old, acquirer, asked):
        if isinstance(asked, ReturnRequest):
            await old(acquirer, asked)
        return await old(acquirer, asked)

    wrapped(patch, giving_back, "ask", ask)


@BED.bug("none", seed=0)
def a_return_that_was_taken_is_forgotten(patch):
    def judge(old, wanted, order, known):
        found = old(wanted, order, known)
        return by_centre(0, found, 0) if isinstance(found, int) else found

    wrapped(patch, order_return, "judge", judge)


@BED.bug("none", seed=15)
def less_is_given_back_than_was_asked_for(patch):
    def put(old, sheet, order, wanted):
        old(sheet, order, replace(wanted, amount_minor=wanted.amount_minor - 1))

    wrapped(patch, order_returns, "put", put)


@BED.bug("none", seed=0)
def the_same_return_again_is_another_one(patch):
    """With a number of its own: the database would refuse the old one."""

    def judge(old, wanted, order, known):
        return old(wanted, order, [one for one in known if one.return_id != wanted.return_id])

    def put(old, sheet, order, wanted):
        count = len(sheet.execute(table.select().where(table.c.order_id == order)).all())
        old(sheet, order, replace(wanted, return_id=f"{wanted.return_id}.{count}"))

    wrapped(patch, order_return, "judge", judge)
    wrapped(patch, order_returns, "put", put)


@BED.bug("none", seed=0)
def the_letter_of_a_return_tells_another_sum(patch):
    def telling(old, kit, entry, letters, **about):
        back = about.get("back")
        wrong = {} if back is None else {"back": replace(back, amount_minor=back.amount_minor - 100)}
        return old(kit, entry, letters, **{**about, **wrong})

    wrapped(patch, order_clerk, "telling", telling)


@BED.bug("none", seed=0)
def the_customer_is_not_told_of_a_return(patch):
    for kind in (OrderKind.RETURNED, OrderKind.RETURNED_PART):
        told = order_telling.TOLD_OF_ORDERS[kind]
        quiet = {**order_telling.TOLD_OF_ORDERS, kind: told._replace(letters=told.letters[1:])}
        patch.setattr(order_telling, "TOLD_OF_ORDERS", quiet)


@BED.bug("none", seed=5)
def goods_that_were_given_back_stay_sold(patch):
    def restock(old, sheet, order, stock, reserved):
        if stock <= 0:
            old(sheet, order, stock, reserved)

    wrapped(patch, order_moves, "_restock", restock)


@BED.bug("none", seed=15)
def a_forms_own_number_is_not_read(patch):
    def read(old, written, own, otherwise):
        form = old(written, own, otherwise)
        return replace(form, wanted=form.wanted and replace(form.wanted, return_id=otherwise))

    wrapped(patch, return_form, "read", read)


@BED.bug("none", seed=5)
def what_was_not_collected_stays_on_the_books(patch):
    patch.delitem(ledger._RULES, (State.APPROVED, Kind.NOT_COLLECTED))


@BED.bug("none", seed=5)
def what_was_not_collected_stays_made(patch):
    for state in (OrderState.CAPTURED, OrderState.HANDED_OVER):
        patch.setitem(order_steps._STEPS, state, giving.next_return)


@BED.bug("none", seed=5)
def nobody_hears_that_it_is_unpaid(patch):
    quiet = {**order_telling.TOLD_OF_ORDERS, OrderKind.NOT_COLLECTED: Telling()}
    patch.setattr(order_telling, "TOLD_OF_ORDERS", quiet)


@BED.bug("none", seed=5)
def what_was_not_collected_is_not_heard(patch):
    async def book(*_):
        return True

    patch.setattr(uncollected, "book", book)
