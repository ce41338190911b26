"""What a shop does with its orders: place, cancel, say it is handed over, give back, ask where it stands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from mail_gateway.domain import order_return
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.offer import Draft, Limits, judge
from mail_gateway.domain.order import CODE_LENGTH, DEAD, Order, OrderKind, OrderState, Settle, code_of
from mail_gateway.domain.order_return import OrderReturn
from mail_gateway.domain.placing import Placed, PlaceOrder, Refused
from mail_gateway.store import order_placing, order_returns, orders
from mail_gateway.store.order_placing import Placing
from mail_gateway.store.sheet import Stale
from mail_gateway.work import order_clerk
from mail_gateway.work.buying import payers
from schemas.deal.layout import Deal, encode
from schemas.errors import WireError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mail_gateway.store.orders import Case
    from mail_gateway.work.kit import Kit

_TO_CANCEL: Final = frozenset({OrderState.PLACED, OrderState.AUTHORISED, OrderState.ASKED})
T = TypeVar("T")

BY_SHOP: Final = "shop"
TRIES: Final = 20
PLACED_GUARD_MS: Final = 60_000
"""Who placed it and died: somebody else looks after so long. Else its payment's moves wake whoever waits."""


async def place(kit: Kit, merchant: int, wanted: PlaceOrder) -> Placed | Refused:
    """Take an order, reserve its stock and begin its payment, in one commit.

    The same request again gives the same order, also where the first one's answer was lost; another one with
    its deal ID is refused. Raises GatewayError(retry).
    """
    return await _insist(lambda: _place(kit, merchant, wanted))


async def _place(kit: Kit, merchant: int, wanted: PlaceOrder) -> Placed | Refused:
    limits = Limits(kit.settings.currency, kit.orders.amount_minor_max, kit.orders.answer_h)
    offer = await kit.store.read(order_placing.offer, merchant, wanted)
    draft = judge(offer, wanted, limits)
    if not isinstance(draft, Draft):
        return draft
    placing = _prepare(kit, wanted, draft)
    if isinstance(placing, Refused):
        return placing
    order = await kit.store.run(order_placing.put, placing)
    kit.ports.tell("order.placed", order=order.id, merchant=merchant, amount=order.total_minor)
    kit.order_moved(order.id)
    return Placed(order, is_new=True)


async def _insist(step: Callable[[], Awaitable[T]]) -> T:
    """Again where somebody else was first: what is there then is judged anew."""
    for _ in range(TRIES):
        try:
            return await step()
        except Stale:
            continue
    raise GatewayError("Others change the same order or stock.", "store-busy", Disposition.RETRY)


def _prepare(kit: Kit, wanted: PlaceOrder, draft: Draft) -> Placing | Refused:
    """The order as it will stand on the disk."""
    now_ms, settle = kit.ports.now_ms(), draft.selling.settle
    can_keep = _can_keep(kit, draft)
    if can_keep is None:
        return Refused("means-unsupported", "means")
    deal = Deal(
        shop=draft.shop,
        deal_id=wanted.deal_id,
        time_s=now_ms // 1000,
        currency=kit.settings.currency,
        total_minor=draft.total_minor,
        lines=[(line.name, line.model, line.unit_minor, line.quantity) for line in draft.lines],
    )
    try:
        agreed = encode(deal)
    except WireError as error:
        return Refused("words-bad", str(error))
    order = Order(
        id=0,
        merchant=draft.selling.merchant,
        deal_id=wanted.deal_id,
        customer=draft.customer,
        means=draft.means.id,
        state=OrderState.PLACED,
        epoch=0,
        code=code_of(kit.ports.random_bytes(CODE_LENGTH)),
        deal=agreed,
        placed_ms=now_ms,
        currency=kit.settings.currency,
        total_minor=draft.total_minor,
        tax_minor=draft.tax_minor,
        delivery=wanted.delivery,
        foreign=wanted.foreign,
        settle=settle,
        ask_first=not can_keep,
        until_ms=now_ms + draft.answer_ms,
        due_ms=now_ms + PLACED_GUARD_MS if can_keep else now_ms,
        made_ms=None,
        tries=0,
        letters=0,
        remark="",
    )
    return Placing(order, draft.lines, wanted.hash, kit.node, hold=can_keep and settle is not Settle.AT_ONCE)


def _can_keep(kit: Kit, draft: Draft) -> bool | None:
    """Whether the money can be had before the yes and given back after a no; None: by nobody."""
    able = payers(kit, draft.means, draft.shop, kit.settings.currency)
    if not able:
        return None
    if draft.selling.settle is Settle.AT_ONCE:
        return all(one.void or one.refund for one in able)
    return all(one.capture for one in able)


async def cancel(kit: Kit, merchant: int, deal_id: str, *, by: str = BY_SHOP) -> Case | Refused:
    """The order shall not be, while it is not confirmed. by: who says so, for the record.

    -> the order as it is now; again, the same. Raises GatewayError(retry).
    """

    async def step() -> Case | Refused:
        found = await state_of(kit, merchant, deal_id)
        if isinstance(found, Refused) or found.order.state is OrderState.CANCELLED:
            return found
        if found.order.state not in _TO_CANCEL:
            return Refused("order-dead" if found.order.state in DEAD else "order-made")
        entry = order_clerk.moving(kit, found, OrderKind.CANCELLED, remark=f"cancelled by {by}")
        await order_clerk.enter(kit, entry)
        return await state_of(kit, merchant, deal_id)

    return await _insist(step)


async def hand_over(kit: Kit, merchant: int, deal_id: str) -> Case | Refused:
    """The goods are the customer's, or on their way; only of an order that is made. Again, the same.

    An order that is captured later is handed over as soon as it is captured. Raises GatewayError(retry).
    """

    async def step() -> Case | Refused:
        found = await state_of(kit, merchant, deal_id)
        if isinstance(found, Refused) or found.handed:
            return found
        if found.order.made_ms is None or found.order.state in DEAD:
            return Refused("order-dead" if found.order.state in DEAD else "order-not-made")
        await order_clerk.enter(kit, order_clerk.moving(kit, found, OrderKind.HANDED_OVER))
        return await state_of(kit, merchant, deal_id)

    return await _insist(step)


async def give_back(kit: Kit, merchant: int, deal_id: str, wanted: order_return.WantReturn) -> Case | Refused:
    """Money of a made order shall go back to the customer: so much, or all that is left of it.

    -> the order as it is now; the same return again is the same. Raises GatewayError(retry).
    """

    async def step() -> Case | Refused:
        found = await state_of(kit, merchant, deal_id)
        if isinstance(found, Refused):
            return found
        judged = order_return.judge(wanted, found.order, found.returns)
        if isinstance(judged, OrderReturn):
            return found
        if isinstance(judged, str):
            return Refused(judged)
        now_ms = kit.ports.now_ms()
        fresh = OrderReturn(0, wanted.return_id, judged, wanted.reason, now_ms, hash=wanted.hash)
        put = partial(order_returns.put, order=found.order.id, wanted=fresh)
        entry = order_clerk.noting(kit, found, due_ms=now_ms)
        order = await order_clerk.enter(kit, order_clerk.also(entry, put))
        kit.ports.tell("order.return-asked", order=order.id, back=wanted.return_id, amount=judged)
        return await state_of(kit, merchant, deal_id)

    return await _insist(step)


async def state_of(kit: Kit, merchant: int, deal_id: str) -> Case | Refused:
    """One of the merchant's orders with all that is known of it. Raises GatewayError(retry)."""
    order = await kit.store.read(orders.by_deal, merchant, deal_id)
    found = None if order is None else await kit.store.read(orders.case, order.id)
    return Refused("deal-unknown") if found is None else found
