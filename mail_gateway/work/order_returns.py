"""What is given back of an order that is made, next: one entry, or none. Asks nobody.

What was charged is given back by a payment, and told once that is approved. What is only held is not charged
any more: the order's move says so, and that is all. One return at a time; what a person at the centre gives
back is begun beside them, and ends as they do.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mail_gateway.domain.order import OrderEvent, OrderKind
from mail_gateway.domain.order_return import ReturnState
from mail_gateway.domain.order_telling import told_of
from mail_gateway.domain.payment import ENDED, TAKEN, Trade
from mail_gateway.store import order_returns
from mail_gateway.store.order_moves import OrderEntry
from mail_gateway.work import order_clerk
from mail_gateway.work.order_waiting import LOOK_MS, NO, later_ms, rest, return_ms

if TYPE_CHECKING:
    from mail_gateway.domain.order_return import OrderReturn
    from mail_gateway.store.order_payments import Bought
    from mail_gateway.store.orders import Case
    from mail_gateway.work.kit import Kit


def next_return(kit: Kit, case: Case) -> OrderEntry | None:
    """Of an order that was charged: what was given back is told, what is asked for is begun.

    A refused void is followed by a refund. What nobody has answered counts for nothing, and is begun anew,
    ever more seldom.
    """
    paid, charged = {one.id: one for one in case.payments}, _charged(case)
    wishes = [one for one in case.returns if one.state is ReturnState.OPEN]
    for one in wishes:
        if one.payment is not None and paid[one.payment].state in TAKEN:
            return _returned(kit, case, one)
    if not wishes or charged is None:
        return rest(kit, case, None)
    wanted = wishes[0]
    newest = None if wanted.payment is None else paid[wanted.payment]
    if newest is not None and newest.state not in ENDED:
        return rest(kit, case, later_ms(kit, case))
    if newest is not None and newest.state in NO and newest.kind is not Trade.VOID:
        return _refused(kit, case, replace(wanted, code=newest.code or newest.state.value))
    from_ms = return_ms(case, charged.id)
    if kit.ports.now_ms() < from_ms:
        return rest(kit, case, from_ms)
    return _begin(kit, case, wanted, charged)


def is_wanted(case: Case) -> bool:
    """Whether something is still to be given back of it."""
    return any(one.state is ReturnState.OPEN for one in case.returns)


def forgone(kit: Kit, case: Case) -> OrderEntry | None:
    """Of an order whose money is only held, and not being taken: so much less is taken, or nothing."""
    wanted = next((one for one in case.returns if one.state is ReturnState.OPEN), None)
    return None if wanted is None else _returned(kit, case, wanted)


def _charged(case: Case) -> Bought | None:
    """The sale or capture that took the money."""
    took = (one for one in case.payments if one.state in TAKEN and not one.kind.is_return and not one.hold)
    return next(took, None)


def _begin(kit: Kit, case: Case, wanted: OrderReturn, charged: Bought) -> OrderEntry:
    now_ms = kit.ports.now_ms()
    unit = partial(order_returns.begin, wanted=wanted, charged=charged.id, node=kit.node, now_ms=now_ms)
    return order_clerk.also(order_clerk.noting(kit, case, due_ms=now_ms + LOOK_MS), unit)


def _returned(kit: Kit, case: Case, back: OrderReturn) -> OrderEntry:
    given_minor = case.order.returned_minor + back.amount_minor
    is_whole = given_minor == case.order.total_minor
    kind = OrderKind.RETURNED if is_whole else OrderKind.RETURNED_PART
    return _ended(kit, case, kind, replace(back, state=ReturnState.DONE), given_minor)


def _refused(kit: Kit, case: Case, back: OrderReturn) -> OrderEntry:
    ended = replace(back, state=ReturnState.REFUSED)
    return _ended(kit, case, OrderKind.NOT_RETURNED, ended, case.order.returned_minor)


def _ended(kit: Kit, case: Case, kind: OrderKind, back: OrderReturn, given_minor: int) -> OrderEntry:
    """The entry of a return's end: the order, the customer, the shop and its server say the same."""
    facts: dict[str, str | int] = {"return": back.return_id, "amount_minor": back.amount_minor}
    if back.code:
        facts["reason"] = back.code
    changes = {"returned_minor": given_minor}
    entry = OrderEntry(case, kit.node, kit.ports.now_ms(), (OrderEvent(kind, facts),), changes, back=back)
    told = told_of(kind, made=True)
    return order_clerk.hooked(
        order_clerk.telling(kit, entry, told.letters, back=back), told.hook, back.return_id
    )
