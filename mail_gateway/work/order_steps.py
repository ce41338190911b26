"""What an order does next, by what it, its payments and the clock say: one entry, or none. Asks nobody."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from mail_gateway.domain.confirmation import Confirmation, ConfirmState
from mail_gateway.domain.day import next_end
from mail_gateway.domain.offer import HOUR_MS
from mail_gateway.domain.order import (
    CAPTURES_MAX,
    DEAD,
    ORDER_TRANSITIONS,
    OrderEvent,
    OrderKind,
    OrderState,
    Settle,
)
from mail_gateway.domain.order_telling import told_of
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import ENDED, TAKEN, UNANSWERED, State, Trade
from mail_gateway.store import order_payments
from mail_gateway.store.order_moves import OrderEntry
from mail_gateway.work import order_clerk, order_returns
from mail_gateway.work.order_waiting import LOOK_MS, NO, later_ms, rest, return_ms, said_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mail_gateway.store.order_payments import Bought
    from mail_gateway.store.orders import Case
    from mail_gateway.work.kit import Kit

    Step = Callable[[Kit, Case], OrderEntry | None]

CAPTURE_DAYS: Final = 7
"""So long after the yes an acquirer that cannot be reached is waited for; no hold lasts for ever."""

GIVE_BACKS_MAX: Final = 5
"""So often the money of a dead order is given back anew where that was refused; then a person does it. Where
nobody answered there is no end."""

_UNDONE: Final = frozenset({State.IN_DOUBT, State.REVERSING, State.CONFIRMING, State.REVERSED})
"""Nobody knows, so it is being reversed: it will not be had this time."""


def next_entry(kit: Kit, case: Case) -> OrderEntry | None:
    """The order's next move, or when to look again where that changes; None: it waits, or is at its end."""
    if case.wish and OrderKind.CANCELLED in ORDER_TRANSITIONS.get(case.order.state, {}):
        return order_clerk.moving(kit, case, OrderKind.CANCELLED, remark="cancelled by the operator")
    return _STEPS[case.order.state](kit, case)


def _place(kit: Kit, case: Case) -> OrderEntry | None:
    """Ask the customer: once the money is sure, or at once where nobody keeps it."""
    if case.order.ask_first:
        return _ask(kit, case)
    sale = _newest(case, Trade.SALE)
    if sale.state in ({State.AUTHORISED} if sale.hold else TAKEN):
        return _ask(kit, case, OrderEvent(OrderKind.AUTHORISED))
    if sale.state in NO | _UNDONE | {State.EXPIRED}:
        return order_clerk.moving(kit, case, OrderKind.NOT_AUTHORISED, remark=sale.code or sale.state.value)
    until_ms = case.order.placed_ms + kit.settings.freshness_s * 1000 + LOOK_MS
    if kit.ports.now_ms() >= until_ms:
        return order_clerk.moving(kit, case, OrderKind.NOT_AUTHORISED, remark="acquirer-silent")
    return rest(kit, case, kit.ports.now_ms() + LOOK_MS)


def _ask(kit: Kit, case: Case, *before: OrderEvent) -> OrderEntry:
    """The question, and from when on it lapses: the customer has the whole time to think."""
    order, now_ms = case.order, kit.ports.now_ms()
    until_ms = now_ms + order.until_ms - order.placed_ms
    remind_ms: int | None = now_ms + (case.remind_h or kit.orders.remind_h) * HOUR_MS
    if remind_ms == now_ms or (remind_ms or 0) >= until_ms:
        remind_ms = None
    fresh = Confirmation(
        order_id=order.id,
        state=ConfirmState.ASKED,
        asked_ms=now_ms,
        until_ms=until_ms,
        remind_ms=remind_ms,
        wrong=0,
        unclear=0,
        needs_person=False,
        how="",
        answer_mail=None,
        answered_ms=None,
    )
    changes = {"until_ms": until_ms, "due_ms": remind_ms or until_ms}
    events = (*before, OrderEvent(OrderKind.ASKED))
    told = told_of(OrderKind.ASKED, made=False)
    entry = OrderEntry(case, kit.node, now_ms, events, changes, fresh)
    return order_clerk.hooked(order_clerk.telling(kit, entry, told.letters), told.hook)


def _wait(kit: Kit, case: Case) -> OrderEntry | None:
    """Nobody has answered: remind once, then let it lapse."""
    asking, now_ms, until_ms = case.confirmation, kit.ports.now_ms(), case.order.until_ms
    assert asking is not None, "who is asked has a confirmation"
    if now_ms >= until_ms and case.unread:  # an answer that came in time counts, however late it is read
        return rest(kit, case, now_ms + LOOK_MS)
    if now_ms >= until_ms:
        return order_clerk.moving(kit, case, OrderKind.LAPSED)
    if asking.remind_ms is None or asking.state is not ConfirmState.ASKED:
        return rest(kit, case, until_ms)
    if now_ms < asking.remind_ms:
        return rest(kit, case, asking.remind_ms)
    entry = order_clerk.noting(kit, case, [Letter.QUESTION_REMINDER], due_ms=until_ms)
    return replace(entry, confirmation=replace(asking, remind_ms=None))


def _take(kit: Kit, case: Case) -> OrderEntry | None:
    """The customer has said yes: take the money, in the way that was settled when the order was placed."""
    sale = _newest(case, Trade.SALE)
    return _capture(kit, case, sale) if sale.hold else _charge(kit, case, sale)


def _charge(kit: Kit, case: Case, sale: Bought) -> OrderEntry | None:
    """The sale itself takes it: it did when the order was placed, or does now."""
    if sale.state in TAKEN and not sale.returned_minor:
        return _taken(kit, case)
    if sale.state in NO | TAKEN:
        return order_clerk.moving(kit, case, OrderKind.NOT_CAPTURED, remark=sale.code or sale.state.value)
    if sale.state not in UNANSWERED:
        return rest(kit, case, later_ms(kit, case))
    begin = partial(order_payments.begin, order=case.order, hold=False)
    return _again(kit, case, Trade.SALE, begin)


def _capture(kit: Kit, case: Case, hold: Bought) -> OrderEntry | None:
    """What is held is taken: now, or after the day of the yes. Made is it with the money, or with the yes."""
    captures = [one for one in case.payments if one.kind is Trade.CAPTURE]
    newest = captures[-1].state if captures else State.REVERSED
    if newest in TAKEN:
        return _taken(kit, case)
    if newest in NO:
        code = captures[-1].code or newest.value
        return order_clerk.moving(kit, case, OrderKind.NOT_CAPTURED, remark=code)
    if newest not in UNANSWERED:
        return rest(kit, case, later_ms(kit, case))
    forgone = order_returns.forgone(kit, case)
    if forgone is not None:
        return forgone
    if hold.state is not State.AUTHORISED:
        return order_clerk.moving(kit, case, OrderKind.NOT_CAPTURED, remark=f"hold {hold.state.value}")
    moment_ms = _capture_ms(kit, case)
    if case.order.settle is Settle.DAILY and case.order.made_ms is None:
        return order_clerk.made(kit, order_clerk.noting(kit, case, due_ms=moment_ms))
    if kit.ports.now_ms() < moment_ms:
        return rest(kit, case, moment_ms)
    left_minor = case.order.total_minor - case.order.returned_minor
    begin = partial(order_payments.capture, hold=hold.id, amount_minor=left_minor)
    return _again(kit, case, Trade.CAPTURE, begin)


def _again(kit: Kit, case: Case, trade: Trade, begin: Callable[..., int]) -> OrderEntry:
    """One more payment that takes the money, unless it was tried often or for long enough."""
    now_ms = kit.ports.now_ms()
    lost = sum(one.kind is trade and one.state is State.REVERSED for one in case.payments)
    if lost >= CAPTURES_MAX or now_ms >= said_ms(case) + CAPTURE_DAYS * 24 * HOUR_MS:
        return order_clerk.moving(kit, case, OrderKind.NOT_CAPTURED, remark="acquirer-silent")
    entry = order_clerk.noting(kit, case, tries=case.order.tries + 1, due_ms=now_ms + LOOK_MS)
    return order_clerk.also(entry, partial(begin, node=kit.node, now_ms=now_ms))


def _taken(kit: Kit, case: Case) -> OrderEntry:
    """The money is there; what shall go back of it is looked at next."""
    due_ms = kit.ports.now_ms() if order_returns.is_wanted(case) else None
    entry = order_clerk.moving(kit, case, OrderKind.CAPTURED, due_ms=due_ms)
    if case.handed:
        entry = replace(entry, events=(*entry.events, OrderEvent(OrderKind.HANDED_OVER)))
    return entry if case.order.made_ms is not None else order_clerk.made(kit, entry)


def _made(kit: Kit, case: Case) -> OrderEntry | None:
    """Charged, and perhaps handed over: some of it is given back, or days later it proves not collected."""
    unpaid = next((one for one in case.payments if one.state is State.UNPAID), None)
    if unpaid is not None:
        return order_clerk.moving(kit, case, OrderKind.NOT_COLLECTED, remark=unpaid.code)
    return order_returns.next_return(kit, case)


def _bury(kit: Kit, case: Case) -> OrderEntry | None:
    """Nothing is bought: what is held is let go by its payment, what was charged is given back."""
    now_ms = kit.ports.now_ms()
    back = {one.id: return_ms(case, one.id) for one in case.payments if _is_kept(case, one)}
    ready = [charged for charged, from_ms in back.items() if from_ms <= now_ms]
    if ready:
        units = [
            partial(order_payments.give_back, charged=one, node=kit.node, now_ms=now_ms) for one in ready
        ]
        return order_clerk.also(order_clerk.noting(kit, case, due_ms=now_ms + LOOK_MS), *units)
    waiting = [one for one in case.payments if one.state not in ENDED]
    held = [one for one in waiting if one.state in (State.HELD, State.AUTHORISED)]
    looks_ms = [*back.values(), *([later_ms(kit, case)] if waiting else [])]
    entry = rest(kit, case, min(looks_ms, default=None))
    wakes = [partial(order_payments.wake, payment=one.id, now_ms=now_ms) for one in held]
    return None if entry is None else order_clerk.also(entry, *wakes)


def _is_kept(case: Case, payment: Bought) -> bool:
    """Whether it took money that nobody is giving back, and that was not refused too often."""
    if payment.state not in TAKEN or payment.kind.is_return or payment.hold:
        return False
    if payment.returned_minor >= payment.amount_minor:  # also by a person
        return False
    returns = [one for one in case.payments if one.original == payment.id and one.kind.is_return]
    under_way = [one for one in returns if one.state not in ENDED]
    refused = [one for one in returns if one.state in NO]
    return not under_way and len(refused) < GIVE_BACKS_MAX  # a part that is done: the rest follows it


def _newest(case: Case, trade: Trade) -> Bought:
    return [one for one in case.payments if one.kind is trade][-1]


def _capture_ms(kit: Kit, case: Case) -> int:
    if case.order.settle is not Settle.DAILY:
        return 0
    return next_end(said_ms(case), ZoneInfo(kit.settings.time_zone), kit.orders.daily_at)


_STEPS: Final[Mapping[OrderState, Step]] = {
    OrderState.PLACED: _place,
    OrderState.AUTHORISED: _ask,
    OrderState.ASKED: _wait,
    OrderState.CONFIRMED: _take,
    OrderState.CAPTURED: _made,
    OrderState.HANDED_OVER: _made,
    **dict.fromkeys(DEAD, _bury),
}
"""Where an order stands -> what it does next."""
