"""The clerk of orders: makes the entry of one move, with its letters and what the shop's server hears."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mail_gateway.domain import hook
from mail_gateway.domain.confirmation import CONFIRM_TRANSITIONS, ConfirmKind
from mail_gateway.domain.order import OrderEvent, OrderKind, OrderState, follow
from mail_gateway.domain.order_news import OrderNews
from mail_gateway.domain.order_telling import MADE, told_of
from mail_gateway.domain.outcome import Letter
from mail_gateway.store import order_moves
from mail_gateway.store.letters import Queued
from mail_gateway.store.order_moves import OrderEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mail_gateway.domain.confirmation import Confirmation
    from mail_gateway.domain.hook import HookEvent
    from mail_gateway.domain.order import Order
    from mail_gateway.store.order_moves import Also
    from mail_gateway.store.orders import Case
    from mail_gateway.work.kit import Kit

_ENDS = {
    OrderKind.YES: ConfirmKind.YES,
    OrderKind.NO: ConfirmKind.NO,
    OrderKind.LAPSED: ConfirmKind.LAPSED,
    OrderKind.CANCELLED: ConfirmKind.WITHDRAWN,
}
"""What an arrow of an order does to the asking about it."""


class IllegalAnswer(Exception):
    """The asking has no such arrow. Raised in `answered` only."""


def answered(asking: Confirmation, kind: ConfirmKind, **changes: Any) -> Confirmation:
    """The asking after that. changes: of its other fields. Raises IllegalAnswer."""
    after = CONFIRM_TRANSITIONS.get(asking.state, {}).get(kind)
    if after is None:
        raise IllegalAnswer(asking.state, kind)
    return replace(asking, state=after, **changes)


def moving(
    kit: Kit, case: Case, kind: OrderKind, *, asking: Confirmation | None = None, **changes: Any
) -> OrderEntry:
    """The entry of one arrow: its letters, its hook, and the asking ended where it ends.

    asking: what is to be kept of the answer besides its state (how, answer_mail, answered_ms, wrong ...).
    changes: of the order. More can be put into it with `replace` and `also`. Raises IllegalOrderMove.
    """
    follow(case.order.state, kind)
    before = asking or case.confirmation
    if before is not None and kind in _ENDS:
        answered_ms = before.answered_ms or kit.ports.now_ms()
        before = answered(before, _ENDS[kind], answered_ms=answered_ms)
    remark = str(changes.get("remark", ""))
    facts = {"reason": remark} if remark else {}
    events = (OrderEvent(kind, facts),)
    entry = OrderEntry(case, kit.node, kit.ports.now_ms(), events, changes, before)
    told = told_of(kind, made=case.order.made_ms is not None)
    letters = told.letters if case.confirmation or kind is not OrderKind.CANCELLED else told.letters[1:]
    return hooked(telling(kit, entry, letters), told.hook)


def noting(kit: Kit, case: Case, letters: Iterable[Letter] = (), **changes: Any) -> OrderEntry:
    """An entry that moves nothing: letters, changes of the order."""
    return telling(kit, OrderEntry(case, kit.node, kit.ports.now_ms(), (), changes), letters)


def made(kit: Kit, entry: OrderEntry) -> OrderEntry:
    """The entry, and from now on the shop knows that the order is made."""
    changes = {**entry.changes, "made_ms": entry.at_ms}
    return hooked(telling(kit, replace(entry, changes=changes), MADE.letters), MADE.hook)


def telling(kit: Kit, entry: OrderEntry, letters: Iterable[Letter], **about: Any) -> OrderEntry:
    """The entry with further letters, composed. about: why, in_reply_to, back, as OrderNews has them."""
    case, order = entry.case, order_moves.after(entry)
    for kind in letters:
        number = case.order.letters + len(entry.letters) + 1
        news = OrderNews(kind, number, order, case.parties, entry.at_ms, **about)
        queued = Queued(kind, number, kit.order_letters.compose(news))
        entry = replace(entry, letters=(*entry.letters, queued))
    return entry


def hooked(entry: OrderEntry, event: HookEvent | None, about: str = "") -> OrderEntry:
    """The entry, and the shop's server hears of it, where the shop has one. about: the ID of a return."""
    if event is None or not entry.case.has_webhook:
        return entry
    order = order_moves.after(entry)
    whose = hook.Whose(order.id, order.merchant, order.deal_id)
    told = hook.hook(whose, event, order.state, entry.at_ms, about)
    return replace(entry, hooks=(*entry.hooks, told))


def also(entry: OrderEntry, *units: Also) -> OrderEntry:
    """The entry, and further units of work in the same commit: a mail handled, a payment begun."""
    return replace(entry, also=(*entry.also, *units))


async def enter(kit: Kit, entry: OrderEntry) -> Order:
    """Commit it, say so, and wake whoever goes on; -> the order as it is now. Raises Stale, GatewayError."""
    order = await kit.store.run(order_moves.move, entry)
    for event in entry.events:
        kit.ports.tell("order.moved", order=order.id, kind=event.kind.value, after=order.state.value)
    if order.state is OrderState.FAILED and order.made_ms is not None and entry.events:
        kit.ports.tell("alarm.order-failed", order=order.id, merchant=order.merchant, reason=order.remark)
    if entry.back is not None and entry.back.code:
        back = entry.back
        kit.ports.tell("alarm.order-not-returned", order=order.id, back=back.return_id, reason=back.code)
    if entry.letters:
        kit.letter_queued()
    kit.order_moved(order.id)
    return order
