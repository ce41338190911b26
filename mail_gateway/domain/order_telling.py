"""Who is told what when an order moves: one table from the arrow to letters and hooks."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from mail_gateway.domain.hook import HookEvent
from mail_gateway.domain.order import OrderKind
from mail_gateway.domain.outcome import Letter

if TYPE_CHECKING:
    from collections.abc import Mapping


class Telling(NamedTuple):
    """letters: to the customer and to the shop. hook: to the shop's server."""

    letters: tuple[Letter, ...] = ()
    hook: HookEvent | None = None


TOLD_OF_ORDERS: Final[Mapping[OrderKind, Telling]] = MappingProxyType(
    {
        OrderKind.ASKED: Telling((Letter.QUESTION,), HookEvent.ASKED),
        OrderKind.YES: Telling((Letter.ORDER_CONFIRMED,)),
        OrderKind.NO: Telling((Letter.ORDER_REFUSED, Letter.SHOP_DEAD), HookEvent.DEAD),
        OrderKind.LAPSED: Telling((Letter.ORDER_LAPSED, Letter.SHOP_DEAD), HookEvent.DEAD),
        OrderKind.CANCELLED: Telling((Letter.ORDER_CANCELLED, Letter.SHOP_DEAD), HookEvent.DEAD),
        OrderKind.NOT_AUTHORISED: Telling((Letter.ORDER_FAILED, Letter.SHOP_DEAD), HookEvent.DEAD),
        OrderKind.NOT_CAPTURED: Telling((Letter.ORDER_FAILED, Letter.SHOP_DEAD), HookEvent.DEAD),
        OrderKind.NOT_COLLECTED: Telling((Letter.ORDER_UNPAID, Letter.SHOP_UNPAID), HookEvent.UNPAID),
        OrderKind.HANDED_OVER: Telling((), HookEvent.HANDED_OVER),
        OrderKind.RETURNED: Telling((Letter.ORDER_RETURNED, Letter.SHOP_RETURNED), HookEvent.RETURNED),
        OrderKind.RETURNED_PART: Telling((Letter.ORDER_RETURNED, Letter.SHOP_RETURNED), HookEvent.RETURNED),
        OrderKind.NOT_RETURNED: Telling((Letter.SHOP_NOT_RETURNED,), HookEvent.NOT_RETURNED),
    }
)
"""Every other arrow tells nobody."""

MADE: Final = Telling((Letter.SHOP_MADE,), HookEvent.MADE)
"""Yes and money are sure; when that is, the settlement says."""


def told_of(kind: OrderKind, *, made: bool) -> Telling:
    """What one arrow tells. made: the shop has heard before that the order is made."""
    told = TOLD_OF_ORDERS.get(kind, Telling())
    if made and told.hook is HookEvent.DEAD:
        return told._replace(hook=HookEvent.FAILED)
    return told
