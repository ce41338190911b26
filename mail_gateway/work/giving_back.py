"""Giving money back: which sale a return means, whether it may be, and how the acquirer is asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from acquirer_sdk.values import (
    AuthoriseRequest,
    CaptureRequest,
    Declined,
    Original,
    ReturnKind,
    ReturnRequest,
    Unsupported,
)
from mail_gateway.domain import returns as rules
from mail_gateway.domain.decide import TRADES
from mail_gateway.domain.payment import State, Trade
from mail_gateway.domain.returns import Wanted
from mail_gateway.envelope.open import Opened
from mail_gateway.store import notes, return_orders, returns
from mail_gateway.store.notes import Said
from mail_gateway.store.payments import load, reference_of
from mail_gateway.work.clerk import draft, enter
from schemas.envelope.payload import Sale

if TYPE_CHECKING:
    from acquirer_sdk.port import Acquirer
    from acquirer_sdk.values import AuthoriseOutcome, Capabilities
    from mail_gateway.domain.returns import Sold
    from mail_gateway.envelope.open import Sale as Sealed
    from mail_gateway.store.payments import Payment
    from mail_gateway.work.kit import Kit

LUMP_SUM: Final = 10
"""UnifiedPOS CAT PaymentCondition of what no reader has asked."""


async def take_order(kit: Kit, sale: Payment) -> Payment | None:
    """APPROVED and due: a person has ordered a return. -> the new payment."""
    if sale.due_ms is None or sale.due_ms > kit.ports.now_ms():
        return None
    taken_up = draft(kit, sale, [], due_ms=None)
    note = await kit.store.read(notes.newest, sale.id)
    if note is None or note.kind is not Said.GIVE_BACK:
        return await enter(kit, taken_up)
    kind, amount_minor = Trade(note.facts["kind"]), note.facts["amount_minor"]
    number = await kit.store.run(return_orders.begin, taken_up, kind, amount_minor)
    kit.ports.tell("payment.ordered", payment=number, reference=sale.reference)
    return await kit.store.read(load, number)


async def sale_of(kit: Kit, payment: Payment, original_ksn: bytes) -> Sold | None:
    """The sale that this return means, as it stands now; None: this merchant has no such sale."""
    found = None
    if payment.original is not None:
        found = await kit.store.read(returns.sold, payment.original)
    elif original_ksn:
        found = await kit.store.read(returns.sold_under, original_ksn)
    return found if found is not None and found.merchant == payment.merchant else None


def as_ordered(payment: Payment) -> Opened:
    """What a person at the centre asked for, as if a reader had sealed it: without a card."""
    kind = next(number for number, trade in TRADES.items() if trade is payment.kind)
    sale = Sale(
        kind=kind,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        reader_time_s=payment.keyed_s,
        condition=LUMP_SUM,
        slip=payment.slip,
    )
    return Opened(payment.ksn, b"", cast("Sealed", sale))


def refusal(kit: Kit, payment: Payment, sale: Sold | None) -> str:
    """The slug of the first rule that this return breaks, or an empty text. payment: with what is learned."""
    capabilities, kind = _capabilities(kit, sale), asked_as(kit, payment.kind, sale)
    if not getattr(capabilities, kind.value):
        return f"{kind}-unsupported"
    is_cardless = payment.is_by_hand or payment.kind is Trade.CANCEL
    if is_cardless and not capabilities.return_without_card:
        return "card-needed"
    card = "" if is_cardless else payment.masked_card
    wanted = Wanted(kind, payment.merchant, payment.amount_minor, payment.currency, card)
    return rules.refusal(wanted, sale)


def asked_as(kit: Kit, kind: Trade, sale: Sold | None) -> Trade:
    """How the acquirer is asked: a cancel is a void where it takes one of that sale, else a refund."""
    if kind is not Trade.CANCEL:
        return kind
    is_settled = sale is not None and sale.state is State.SETTLED
    return Trade.VOID if _capabilities(kit, sale).void and not is_settled else Trade.REFUND


def _capabilities(kit: Kit, sale: Sold | None) -> Capabilities:
    return kit.acquirers.named("" if sale is None else sale.acquirer).capabilities


def request(asked: AuthoriseRequest, kind: Trade, sale: Sold) -> ReturnRequest:
    """What a sale would be asked with -> what its return is asked with."""
    own = {name: getattr(asked, name) for name in AuthoriseRequest.__dataclass_fields__}
    of_capture = sale.kind is Trade.CAPTURE
    return ReturnRequest(
        **own, kind=ReturnKind(kind.value), original=original_of(sale), of_capture=of_capture
    )


def original_of(sale: Sold) -> Original:
    """A sale, hold or capture as it was asked and approved."""
    return Original(
        reference=reference_of(sale.id),
        stan=sale.stan,
        amount_minor=sale.amount_minor,
        time_s=sale.keyed_s,
        approval_number=sale.approval_number,
    )


async def ask(acquirer: Acquirer, asked: AuthoriseRequest) -> AuthoriseOutcome:
    """Ask the acquirer once, for a sale, capture or return. What it cannot do is a no: nothing left."""
    outcome: AuthoriseOutcome | Unsupported
    if isinstance(asked, CaptureRequest):
        outcome = await acquirer.capture(asked)
    elif isinstance(asked, ReturnRequest):
        outcome = await (acquirer.void if asked.kind is ReturnKind.VOID else acquirer.refund)(asked)
    else:
        outcome = await acquirer.authorise(asked)
    return Declined(f"{outcome.operation}-unsupported") if isinstance(outcome, Unsupported) else outcome
