"""What a reader has sealed is opened, and goes the way of its kind: sold, given back, or cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mail_gateway.domain.decide import TRADES
from mail_gateway.domain.outcome import KEY_BURNED, KEY_USED
from mail_gateway.domain.payment import Event, Kind, State, Trade
from mail_gateway.envelope.open import Opened, Refused
from mail_gateway.store import cancels
from mail_gateway.store.record import KeyUsed
from mail_gateway.work import cancelling
from mail_gateway.work.clerk import draft, enter
from mail_gateway.work.sale import answered, learned, take_opened, unsealed

if TYPE_CHECKING:
    from mail_gateway.store.payments import Payment
    from mail_gateway.work.kit import Kit
    from mail_gateway.work.sale import Asked


async def take(kit: Kit, payment: Payment) -> Payment | None:
    """RECEIVED or READY: open, decide, dispatch and ask, in two commits where all goes well."""
    async with kit.line:
        return await answered(kit, await _take(kit, payment))


def of_return(kit: Kit, payment: Payment) -> dict[str, Any]:
    """What opening it teaches, where it was received and gives money back; nothing of all others.

    With that it is set apart: as a sale it would be told as not charged.
    """
    if payment.state is not State.RECEIVED or payment.order_id is not None or payment.is_by_hand:
        return {}
    opened = unsealed(kit, payment)
    known = {} if isinstance(opened, Refused) else learned(kit, payment, opened)
    return known if known and known["kind"].is_return else {}


async def _take(kit: Kit, payment: Payment) -> Asked | Payment | None:
    opened = unsealed(kit, payment)
    if isinstance(opened, Refused):
        return await enter(kit, draft(kit, payment, [Event(Kind.UNREADABLE, {"slug": opened.slug})]))
    way = cancelling.take if TRADES.get(opened.sale.kind) is Trade.CANCEL else take_opened
    try:
        return await way(kit, payment, opened)
    except KeyUsed:
        return await _key_used(kit, payment, opened)


async def _key_used(kit: Kit, payment: Payment, opened: Opened) -> Payment:
    """Another payment holds its key; where that is a cancel's doing, the sale is cancelled too."""
    if await kit.store.read(cancels.is_burned, payment.reader, opened.counter):
        known = learned(kit, payment, opened)
        said = {name: known[name] for name in ("amount_minor", "currency", "slip", "masked_card", "keyed_s")}
        event = Event(Kind.CANCELLED, {"slug": KEY_BURNED})
        return await enter(kit, draft(kit, payment, [event], code=KEY_BURNED, **said))
    kit.ports.tell("alarm.key-used", payment=payment.id, slug=KEY_USED)
    return await enter(kit, draft(kit, payment, [Event(Kind.UNREADABLE, {"slug": KEY_USED})]))
