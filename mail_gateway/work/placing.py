"""What a shop does with its orders: place one, cancel it, say it is handed over, ask where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mail_gateway.domain.order import DEAD, OrderKind, OrderState
from mail_gateway.domain.placing import Placed, PlaceOrder, Refused
from mail_gateway.store import orders
from mail_gateway.store.sheet import Stale
from mail_gateway.work import order_clerk

if TYPE_CHECKING:
    from mail_gateway.store.orders import Case
    from mail_gateway.work.kit import Kit

_TO_CANCEL = frozenset({OrderState.PLACED, OrderState.AUTHORISED, OrderState.ASKED})
BY_SHOP = "shop"


async def place(kit: Kit, merchant: int, wanted: PlaceOrder) -> Placed | Refused:
    """Take an order, reserve its stock and begin its payment, in one commit.

    The same request again gives the same order, also where the first one's answer was lost; another one with
    its deal ID is refused. Raises GatewayError(retry).
    """
    raise NotImplementedError


async def cancel(kit: Kit, merchant: int, deal_id: str, *, by: str = BY_SHOP) -> Case | Refused:
    """The order shall not be, while it is not confirmed. by: who says so, for the record.

    -> the order as it is now; again, the same. Raises GatewayError(retry).
    """
    while True:
        found = await state_of(kit, merchant, deal_id)
        if isinstance(found, Refused) or found.order.state is OrderState.CANCELLED:
            return found
        if found.order.state not in _TO_CANCEL:
            return Refused("order-dead" if found.order.state in DEAD else "order-made")
        try:
            await order_clerk.enter(
                kit, order_clerk.moving(kit, found, OrderKind.CANCELLED, remark=f"cancelled by {by}")
            )
        except Stale:
            continue


async def hand_over(kit: Kit, merchant: int, deal_id: str) -> Case | Refused:
    """The goods are the customer's, or on their way; only of an order that is made. Raises GatewayError."""
    raise NotImplementedError


async def state_of(kit: Kit, merchant: int, deal_id: str) -> Case | Refused:
    """One of the merchant's orders with all that is known of it. Raises GatewayError(retry)."""
    order = await kit.store.read(orders.by_deal, merchant, deal_id)
    found = None if order is None else await kit.store.read(orders.case, order.id)
    return Refused("deal-unknown") if found is None else found
