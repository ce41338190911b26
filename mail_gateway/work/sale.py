"""Stages before and at the acquirer: open the envelope, decide, dispatch, ask, record the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from acquirer_sdk.items import with_items
from acquirer_sdk.keyport import SealedPin
from acquirer_sdk.port import BadRequest
from acquirer_sdk.values import AuthoriseRequest, CardData, Declined, NeedsInput
from mail_gateway.domain import decide
from mail_gateway.domain.payment import Event, Kind, State, Trade
from mail_gateway.domain.wants import NOTHING, Told
from mail_gateway.envelope.keys import Purpose
from mail_gateway.envelope.open import Opened, Refused, open_envelope
from mail_gateway.store import notes, wants
from mail_gateway.store.answers import answer_of
from mail_gateway.store.notes import Note, Said
from mail_gateway.store.sheet import Stale
from mail_gateway.work import giving_back, recovering
from mail_gateway.work.apart import set_apart
from mail_gateway.work.asking import asking_of, bounded
from mail_gateway.work.clerk import draft, enter, enter_answer, enter_dispatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acquirer_sdk.port import Acquirer
    from acquirer_sdk.values import AuthoriseOutcome, Item
    from mail_gateway.store.payments import Payment
    from mail_gateway.store.record import Entry
    from mail_gateway.work.kit import Kit
    from mail_gateway.work.switch import Choice

QUIET_MS: Final = 24 * 60 * 60_000
"""How long after "not charged" the ready-made reversal is kept, for an approval that comes later still."""

LINE_RETRY_MS: Final = 5000
"""How soon a sale tries again when the line to the acquirer is down."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A payment that may be dispatched. The request holds the card, in memory only, for this one attempt.

    sale_epoch: of a return, its sale's when it was judged. told: what was added to it by mail.
    bound_to: of a return, the acquirer that its sale was asked of.
    """

    payment: Payment
    events: tuple[Event, ...]
    changes: dict[str, Any]
    request: AuthoriseRequest
    sale_epoch: int = 0
    told: Told = NOTHING
    bound_to: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A payment that counts as sent, and what is to be sent. Thousands of these wait for their answers."""

    payment: Payment
    request: AuthoriseRequest
    told: Told
    acquirer: Acquirer


async def answered(kit: Kit, taken: Asked | Payment | None) -> Payment | None:
    """Ask the acquirer for what counts as sent, and record the answer; anything else is done already."""
    if not isinstance(taken, Asked):
        return taken
    outcome = await giving_back.ask(taken.acquirer, taken.request)
    return await record_answer(kit, taken.payment, outcome, taken.told)


def unsealed(kit: Kit, payment: Payment) -> Opened | Refused:
    """What a reader sealed or a person at the centre asked for; Refused with its slug if it does not open."""
    if payment.is_by_hand:
        return giving_back.as_ordered(payment)
    if payment.wrapped_bdk is not None:
        kit.keys.add_bdk(payment.ksn[:4], payment.wrapped_bdk)
    if payment.envelope is None:
        return Refused(payment.damage or "envelope-missing")
    return open_envelope(payment.envelope, kit.keys)


async def take_opened(
    kit: Kit, payment: Payment, opened: Opened, changes: dict[str, Any] | None = None, *, judged: int = 0
) -> Asked | Payment | None:
    """RECEIVED or READY: decide and dispatch. changes: what was learned already. judged: its sale's epoch as
    its cancel saw it; Stale if the sale moved since. Raises Stale, KeyUsed."""
    if changes is None:
        changes = {} if payment.state is State.READY else learned(kit, payment, opened)
    trade, sale = changes.get("kind", payment.kind), None
    if trade.is_return:
        sale = await giving_back.sale_of(kit, payment, opened.sale.original_ksn)
        if judged and sale is not None and sale.epoch != judged:
            raise Stale
        changes |= {} if sale is None else {"original": sale.id}
    standing = await kit.lookout.standing(kit.store)
    if standing.lost is not None:
        payment, changes = recovering.lifted(standing.lost, payment, opened.sale.reader_time_s, changes)
        as_learned = replace(payment, **changes)
        note = await recovering.stands_against(kit, as_learned, opened.sale.reader_time_s, standing.lost)
        if note is not None:
            return await _instead(kit, payment, note, changes)
    if kit.ports.now_ms() > (changes.get("fresh_until_ms", payment.fresh_until_ms) or 0):
        event = Event(Kind.TOO_OLD, {"slug": "too-old"})
        return await enter(kit, draft(kit, payment, [event], code="too-old", **changes))
    told = await _told(kit, payment)
    request = with_items(_request(payment, opened), told.items)
    events: tuple[Event, ...] = ()
    if payment.state is State.RECEIVED:
        cardless = payment.is_by_hand or trade is Trade.CANCEL
        slug = "" if cardless else key_refusal(kit, payment, changes) or _refusal(kit, opened)
        if not slug and trade.is_return:
            slug = giving_back.refusal(kit, replace(payment, **changes), sale)
        if slug:
            return await refuse(kit, payment, slug, changes)
        events = (Event(Kind.OPENED), Event(Kind.ACCEPTED))
    if sale is None:
        return await dispatch(kit, Ready(payment, events, changes, request, told=told))
    request = giving_back.request(request, giving_back.asked_as(kit, trade, sale), sale)
    bound_to = sale.acquirer or kit.acquirers.default
    return await dispatch(kit, Ready(payment, events, changes, request, sale.epoch, bound_to=bound_to))


async def _instead(kit: Kit, payment: Payment, note: Note, changes: dict[str, Any]) -> Payment | None:
    """A sale of the time that a restore has lost is never asked again."""
    if note.kind is not Said.UNCHARGED:
        is_news = await kit.store.read(notes.why, payment.id) is None
        return await set_apart(kit, payment, note, changes, told=is_news)
    event = Event(Kind.FOUND_UNCHARGED, {"slug": "not-in-list"})
    return await enter(kit, draft(kit, payment, [event], code="not-in-list", **changes))


def learned(kit: Kit, payment: Payment, opened: Opened) -> dict[str, Any]:
    """RECEIVED: the columns that opening it fills."""
    sale, settings = opened.sale, kit.settings
    fresh_ms = decide.fresh_until_ms(sale.reader_time_s, payment.received_ms, settings.freshness_s)
    if payment.is_by_hand:
        return {"fresh_until_ms": fresh_ms}
    return {
        "kind": decide.TRADES.get(sale.kind, Trade.SALE),
        "counter": opened.counter,
        "sale_hash": opened.sale_hash,
        "amount_minor": sale.amount_minor,
        "currency": sale.currency,
        "slip": sale.slip,
        "masked_card": _card(opened).masked,
        "fresh_until_ms": fresh_ms,
        "keyed_s": _keyed_s(payment, opened),
        "condition": sale.condition,
    }


async def refuse(kit: Kit, payment: Payment, slug: str, changes: dict[str, Any]) -> Payment:
    """RECEIVED: it breaks a rule of ours, or cannot be said to the acquirer."""
    events = (Event(Kind.OPENED), Event(Kind.BAD_REQUEST, {"slug": slug}))
    return await enter(kit, draft(kit, payment, events, code=slug, **changes))


def key_refusal(kit: Kit, payment: Payment, changes: Mapping[str, Any]) -> str:
    """The slug if its reader or its key is no longer good, or an empty text. changes: what was learned."""
    sealed_ms = changes["fresh_until_ms"] - kit.settings.freshness_s * 1000
    return decide.key_refusal(payment.barred, payment.opens_until_ms, sealed_ms)


def _refusal(kit: Kit, opened: Opened) -> str:
    """The slug of the rule of ours that the sale breaks, or an empty text."""
    sale = opened.sale
    has_card = bool(sale.track2 or sale.jis2 or sale.emv)
    asked = decide.Asked(sale.kind, sale.amount_minor, sale.currency, has_card)
    limits = decide.Limits(kit.settings.amount_minor_max, kit.settings.currency)
    return decide.refusal(asked, limits)


async def dispatch(kit: Kit, ready: Ready) -> Asked | Payment | None:
    """Commit that it is sent, or that it waits for a line. Raises Stale, KeyUsed, GatewayError(retry)."""
    try:
        chosen = kit.acquirers.choose(ready.payment, ready.request, ready.bound_to)
    except BadRequest as error:
        return await _cannot_be_said(kit, ready, error)
    if chosen.why:
        return await _wait_for_line(kit, ready, chosen)
    standing = await kit.lookout.standing(kit.store)
    if standing.reason(ready.payment.reader, ready.payment.id):
        return await _wait_for_line(kit, ready, chosen._replace(why="held"))
    events = (*ready.events, Event(Kind.DISPATCHED))
    attempt = {"attempts": ready.payment.attempts + 1, "due_ms": None, "acquirer": chosen.name}
    changes = {**ready.changes, **attempt}
    entry = replace(draft(kit, ready.payment, events, **changes), sale_epoch=ready.sale_epoch)

    def prepare(stan: int) -> bytes:
        reversal = chosen.acquirer.prepare(replace(ready.request, stan=stan))
        return kit.keys.wrap(Purpose.REVERSAL, reversal_ident(ready.request.reference, stan), reversal.wire)

    try:
        dispatched = await enter_dispatch(kit, entry, prepare)
    except BadRequest as error:
        return await _cannot_be_said(kit, ready, error)
    request = replace(ready.request, stan=dispatched.stan or 0)
    return Asked(dispatched, request, ready.told, chosen.acquirer)


async def _cannot_be_said(kit: Kit, ready: Ready, error: BadRequest) -> Payment:
    """The acquirer has no form for it: a plain refusal, while that is possible."""
    if not ready.events:
        raise error
    return await refuse(kit, ready.payment, error.slug, ready.changes)


async def _wait_for_line(kit: Kit, ready: Ready, chosen: Choice) -> Payment | None:
    """Nothing is settled by it: whoever can be asked first, if several may, is asked."""
    try:
        chosen.acquirer.prepare(ready.request)
    except BadRequest as error:
        return await _cannot_be_said(kit, ready, error)
    number, whose = ready.payment.id, chosen.name
    kit.ports.tell("acquirer.not-ready", payment=number, acquirer=whose, reason=chosen.why)
    due_ms = kit.ports.now_ms() + LINE_RETRY_MS
    entry = draft(kit, ready.payment, ready.events, **{**ready.changes, "due_ms": due_ms})
    return await enter(kit, replace(entry, sale_epoch=ready.sale_epoch))


async def record_answer(kit: Kit, payment: Payment, outcome: AuthoriseOutcome, told: Told) -> Payment | None:
    """DISPATCHED: what the acquirer answered. told: what was added to the sale by mail. Raises Overtaken."""
    meant = _meant(payment, outcome, told)
    event = decide.event_of(meant, payment.amount_minor, payment.kind, hold=bool(payment.hold))
    answer = answer_of(payment.reference, payment.stan or 0, outcome)
    changes: dict[str, Any] = {"code": answer.code, "due_ms": None}
    now_ms = kit.ports.now_ms()
    if event.kind is Kind.SILENCE:
        return await enter_answer(kit, doubt(kit, payment, event), answer, outcome)
    if event.kind is Kind.NOT_SENT:
        changes = {"due_ms": now_ms + LINE_RETRY_MS, "stan": None}
    elif event.kind is Kind.HOST_ASKS_MORE:
        changes["due_ms"] = payment.fresh_until_ms
    elif event.kind in (Kind.HOST_DECLINED, Kind.HOST_ASKS_AGAIN):
        changes["due_ms"] = now_ms + QUIET_MS
    elif event.kind in (Kind.HOST_APPROVED, Kind.HOST_HELD):
        changes |= {"approval_number": event.facts["approval_number"], "code": ""}
        changes["due_ms"] = now_ms if event.kind is Kind.HOST_HELD else None
    asking = asking_of(kit, payment, meant, told)
    return await enter_answer(kit, draft(kit, payment, [event], asking=asking, **changes), answer, outcome)


def _meant(payment: Payment, outcome: AuthoriseOutcome, told: Told) -> AuthoriseOutcome:
    """Nobody is there to key an order's payment again, or to add to it: then the answer is no."""
    if payment.order_id is not None and isinstance(outcome, NeedsInput):
        return Declined(outcome.code)
    return bounded(outcome, told)


async def can_be_said(kit: Kit, payment: Payment, added: Mapping[Item, str]) -> bool:
    """Whether the acquirer has a form for the sale with what its merchant adds. payment: MORE_WANTED."""
    opened = unsealed(kit, payment)
    if isinstance(opened, Refused):
        return True  # the next attempt says so
    told = await kit.store.read(wants.told, payment.id)
    try:
        kit.acquirers.of(payment).prepare(with_items(_request(payment, opened), {**told.items, **added}))
    except BadRequest:
        return False
    return True


async def _told(kit: Kit, payment: Payment) -> Told:
    """What the merchant has added by mail since the first attempt."""
    if payment.state is State.READY and payment.attempts:
        return await kit.store.read(wants.told, payment.id)
    return NOTHING


def doubt(kit: Kit, payment: Payment, silence: Event, *, told: bool = True, **more: Any) -> Entry:
    """DISPATCHED -> IN_DOUBT -> REVERSING in one entry: the merchant is told, the reversal is due at once."""
    now_ms = kit.ports.now_ms()
    events = [silence, Event(Kind.REVERSAL_DUE)]
    changes = {"doubt_ms": now_ms, "due_ms": now_ms, "transmissions": 0, **more}
    return draft(kit, payment, events, told=told, **changes)


async def lapse(kit: Kit, payment: Payment) -> Payment | None:
    """MORE_WANTED past its time: declined, and the sealed card goes."""
    if kit.ports.now_ms() < (payment.due_ms or 0):
        return None
    event = Event(Kind.LAPSED, {"slug": "lapsed"})
    due_ms = kit.ports.now_ms() + QUIET_MS
    return await enter(kit, draft(kit, payment, [event], code="lapsed", due_ms=due_ms))


def reversal_ident(reference: str, stan: int) -> bytes:
    """What a wrapped reversal is bound to: its own payment and attempt."""
    return f"{reference}/{stan:06d}".encode()


def _keyed_s(payment: Payment, opened: Opened) -> int:
    return decide.keyed_s(opened.sale.reader_time_s, payment.received_ms)


def _card(opened: Opened) -> CardData:
    sale = opened.sale
    card = CardData(sale.track2, jis2=sale.jis2, emv=sale.emv, entry_mode=sale.entry_mode)
    if sale.pin_block:
        card.pin = SealedPin(sale.pin_block, opened.ksn, card.pan)
    return card


def _request(payment: Payment, opened: Opened) -> AuthoriseRequest:
    sale = opened.sale
    return AuthoriseRequest(
        reference=payment.reference,
        stan=1,
        amount_minor=sale.amount_minor,
        currency=sale.currency,
        condition=sale.condition,
        condition_count=sale.condition_count,
        terminal_id=payment.terminal_id,
        merchant_id=payment.merchant_id,
        slip=sale.slip,
        time_s=_keyed_s(payment, opened),
        card=_card(opened),
    )
