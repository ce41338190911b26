"""Payments of orders: what is asked comes from the order and its means, for the moment of one call."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from acquirer_sdk.account import BankAccount
from acquirer_sdk.port import BadRequest
from acquirer_sdk.values import AuthoriseRequest, CaptureRequest, CardData
from mail_gateway.domain import returns as rules
from mail_gateway.domain import route
from mail_gateway.domain.order import DEAD, OrderState
from mail_gateway.domain.payment import TAKEN, Event, Kind, State, Trade
from mail_gateway.envelope.means import unwrap
from mail_gateway.store import order_payments, recovery, returns
from mail_gateway.store.notes import Note, Said
from mail_gateway.work import giving_back
from mail_gateway.work.apart import set_apart
from mail_gateway.work.clerk import draft, enter
from mail_gateway.work.sale import Ready, answered, dispatch, refuse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from acquirer_sdk.values import Capabilities
    from mail_gateway.domain.customer import Means
    from mail_gateway.domain.returns import Sold
    from mail_gateway.store.order_payments import Purchase
    from mail_gateway.store.payments import Payment
    from mail_gateway.work.kit import Kit
    from mail_gateway.work.sale import Asked

PATIENCE_MS: Final = 7 * 24 * 60 * 60_000
"""So long a capture, or what is given back, waits for a line: the customer has agreed, or is owed it."""

LOOK_MS: Final = 30_000
"""How soon a hold looks again whether its capture has come to an end."""

ORDER_DEAD: Final = "order-dead"
_AGREED: Final = (OrderState.CONFIRMED, OrderState.CAPTURED, OrderState.HANDED_OVER)


async def take(kit: Kit, payment: Payment) -> Payment | None:
    """RECEIVED or READY: decide, dispatch and ask; one that asks first waits for its customer."""
    async with kit.line:
        return await answered(kit, await _take(kit, payment))


async def ask_order(kit: Kit, payment: Payment) -> Payment | None:
    """HELD or AUTHORISED: the order says what becomes of it. Whoever changes the order makes it due."""
    purchase = await _purchase(kit, payment)
    if payment.state is State.HELD:
        return await _ask_held(kit, payment, purchase)
    captures = await kit.store.read(order_payments.captures, payment.id)
    if any(state in TAKEN for state in captures):
        return await enter(kit, draft(kit, payment, [Event(Kind.CAPTURED)]))
    if any(state not in rules.GIVEN_UP for state in captures):
        return await _wait(kit, payment, kit.ports.now_ms() + LOOK_MS)
    if purchase.state not in DEAD:
        return await _wait(kit, payment, None)
    return await _release(kit, payment, purchase)


async def _release(kit: Kit, payment: Payment, purchase: Purchase) -> Payment | None:
    """The order is dead: the hold is reversed, unless it may have been captured in a time that is lost."""
    now_ms, lost = kit.ports.now_ms(), (await kit.lookout.standing(kit.store)).lost
    if lost is not None and not lost.finished:
        return await _wait(kit, payment, now_ms + LOOK_MS)
    note = await _stands_against(kit, payment, purchase)
    if note is not None:
        return await set_apart(kit, payment, note)
    changes: dict[str, Any] = {"doubt_ms": now_ms, "due_ms": now_ms, "transmissions": 0, "alarms": 0}
    return await enter(kit, draft(kit, payment, [Event(Kind.RELEASE_DUE)], code=ORDER_DEAD, **changes))


STAGES: Final[Mapping[State, Callable[[Kit, Payment], Awaitable[Payment | None]]]] = {
    State.RECEIVED: take,
    State.READY: take,
    State.HELD: ask_order,
    State.AUTHORISED: ask_order,
}
"""Where a payment of an order goes another way than a reader's."""


def payers(kit: Kit, means: Means, merchant: str, currency: int) -> tuple[Capabilities, ...]:
    """What those can do who may be asked for a sale by these means; none: nobody takes them.

    merchant: its name; currency: ISO 4217 numeric. Raises GatewayError where the means does not open.
    """
    card, account = _opened(kit, means.customer, means.wrapped)
    pays = route.CARD if account is None else route.ACCOUNT
    asked = route.Asked(card.pan, order_payments.LUMP_SUM, merchant, currency, pays)
    names = kit.acquirers.candidates(asked, means.acquirer)
    can = [kit.acquirers.named(name).capabilities for name in names if name in kit.acquirers.names]
    return tuple(one for one in can if not route.lacks(one, order_payments.LUMP_SUM, pays))


async def _take(kit: Kit, payment: Payment) -> Asked | Payment | None:
    purchase = await _purchase(kit, payment)
    original = await _original(kit, payment)
    changes: dict[str, Any] = (
        {} if payment.fresh_until_ms else {"fresh_until_ms": _fresh_until_ms(kit, payment)}
    )
    note = await _stands_against(kit, payment, purchase)
    if note is not None:
        return await set_apart(kit, payment, note, changes)
    late = _too_late(kit, replace(payment, **changes), purchase)
    if late:
        event = Event(Kind.TOO_OLD, {"slug": late})
        return await enter(kit, draft(kit, payment, [event], code=late, **changes))
    if payment.state is State.RECEIVED:
        slug = _refusal(kit, payment, purchase, original)
        if slug:
            return await refuse(kit, payment, slug, changes)
    request = _request(kit, payment, purchase, original)
    if payment.state is State.READY:
        return await dispatch(kit, _ready(kit, payment, request, purchase, original))
    if payment.kind is Trade.SALE and purchase.ask_first and purchase.state not in _AGREED:
        return await _hold(kit, payment, request, purchase)
    ready = _ready(kit, payment, request, purchase, original)
    return await dispatch(
        kit, replace(ready, events=(Event(Kind.OPENED), Event(Kind.ACCEPTED)), changes=changes)
    )


def _ready(
    kit: Kit, payment: Payment, request: AuthoriseRequest, purchase: Purchase, original: Sold | None
) -> Ready:
    if original is None:
        return Ready(payment, (), {}, request, bound_to=purchase.acquirer)
    bound_to = original.acquirer or kit.acquirers.default
    return Ready(payment, (), {}, request, original.epoch, bound_to=bound_to)


async def _hold(kit: Kit, payment: Payment, request: AuthoriseRequest, purchase: Purchase) -> Payment:
    """The customer is asked first: but not for what could not be asked of the acquirer afterwards."""
    try:
        chosen = kit.acquirers.choose(payment, request, purchase.acquirer)
        chosen.acquirer.prepare(request)
    except BadRequest as error:
        return await refuse(kit, payment, error.slug, {})
    events = (Event(Kind.OPENED), Event(Kind.NEEDS_CUSTOMER))
    return await enter(kit, draft(kit, payment, events, due_ms=kit.ports.now_ms()))


async def _ask_held(kit: Kit, payment: Payment, purchase: Purchase) -> Payment | None:
    if purchase.state in _AGREED:
        now_ms = kit.ports.now_ms()
        fresh_ms = now_ms + kit.settings.freshness_s * 1000
        changes: dict[str, Any] = {"due_ms": now_ms, "fresh_until_ms": fresh_ms, "keyed_s": now_ms // 1000}
        return await enter(kit, draft(kit, payment, [Event(Kind.CUSTOMER_YES)], **changes))
    if purchase.state not in DEAD:
        return await _wait(kit, payment, None)
    kind = Kind.LAPSED if purchase.state is OrderState.LAPSED else Kind.CUSTOMER_NO
    event = Event(kind, {"order": purchase.state.value})
    return await enter(kit, draft(kit, payment, [event], code=ORDER_DEAD))


async def _wait(kit: Kit, payment: Payment, due_ms: int | None) -> Payment | None:
    """Nothing to do until then, or until the order changes; an entry only where somebody made it due."""
    is_due = payment.due_ms is not None and payment.due_ms <= kit.ports.now_ms()
    return await enter(kit, draft(kit, payment, [], due_ms=due_ms)) if is_due else None


async def _purchase(kit: Kit, payment: Payment) -> Purchase:
    assert payment.order_id is not None
    found = await kit.store.read(order_payments.purchase, payment.order_id)
    assert found is not None, "a payment is begun with its order"
    return found


async def _original(kit: Kit, payment: Payment) -> Sold | None:
    """The hold of a capture, the charge of a return."""
    return None if payment.original is None else await kit.store.read(returns.sold, payment.original)


async def _stands_against(kit: Kit, payment: Payment, purchase: Purchase) -> Note | None:
    """An order from before a restore may have been charged in the lost time: the list may show it."""
    lost = (await kit.lookout.standing(kit.store)).lost
    if lost is None or not lost.finished or purchase.placed_ms > lost.until_ms:
        return None
    ghost = await kit.store.read(recovery.ghost_like, payment)
    return None if ghost is None else Note(Said.GHOST, facts={"reference": ghost})


def _fresh_until_ms(kit: Kit, payment: Payment) -> int:
    patience_ms = kit.settings.freshness_s * 1000 if payment.kind is Trade.SALE else PATIENCE_MS
    return payment.received_ms + patience_ms


def _too_late(kit: Kit, payment: Payment, purchase: Purchase) -> str:
    """Why it is not asked for any more, or an empty text."""
    if payment.kind is Trade.SALE and purchase.state in DEAD:
        return ORDER_DEAD
    return "too-old" if kit.ports.now_ms() > (payment.fresh_until_ms or 0) else ""


def _refusal(kit: Kit, payment: Payment, purchase: Purchase, original: Sold | None) -> str:
    """The slug of the rule that it breaks, or an empty text."""
    if payment.amount_minor < 1:
        return "amount-zero"
    if payment.kind.is_return:
        return giving_back.refusal(kit, payment, original)
    if payment.kind is Trade.CAPTURE:
        held = original is not None and original.state is State.AUTHORISED
        return "" if held and original and payment.amount_minor <= original.amount_minor else "not-held"
    return "" if purchase.wrapped is not None else "means-missing"


def _request(kit: Kit, payment: Payment, purchase: Purchase, original: Sold | None) -> AuthoriseRequest:
    if payment.kind is Trade.CAPTURE:
        card, account = CardData(), None
    else:
        card, account = _opened(kit, purchase.customer, purchase.wrapped)
    asked = AuthoriseRequest(
        reference=payment.reference,
        stan=1,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        condition=payment.condition,
        condition_count=0,
        terminal_id=payment.terminal_id,
        merchant_id=payment.merchant_id,
        slip=payment.slip,
        time_s=payment.keyed_s,
        card=card,
        hold=bool(payment.hold),
        account=account,
    )
    if original is None:
        return asked
    if payment.kind is Trade.CAPTURE:
        own = {name: getattr(asked, name) for name in AuthoriseRequest.__dataclass_fields__}
        return CaptureRequest(**own, original=giving_back.original_of(original))
    return giving_back.request(asked, payment.kind, original)


def _opened(kit: Kit, customer: int, wrapped: bytes | None) -> tuple[CardData, BankAccount | None]:
    """The means, unwrapped; nothing where it is wiped: a return may go without."""
    if wrapped is None:
        return CardData(), None
    opened: Any = unwrap(kit.keys, customer, wrapped)
    return (CardData(), opened) if isinstance(opened, BankAccount) else (opened, None)
