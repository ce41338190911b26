"""The books: which transfers an event makes. A transfer has two sides, so the sum is zero."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mail_gateway.domain.payment import NOT_CHARGED, Kind, State, Trade


class Account(StrEnum):
    """The chart of accounts."""

    ACQUIRER_RECEIVABLE = "acquirer-receivable"
    MERCHANT_PAYABLE = "merchant-payable"
    IN_DOUBT = "in-doubt"
    CUSTOMER_STORED_VALUE = "customer-stored-value"
    FEES = "fees"
    BANK = "bank"


class Phase(StrEnum):
    """A pending transfer is later posted or voided by a new row; no row ever changes."""

    PENDING = "pending"
    POSTED = "posted"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class Transfer:
    """amount_minor > 0 minor units of `currency` (ISO 4217 numeric): debit one account, credit the other."""

    debit: Account
    credit: Account
    amount_minor: int
    currency: int
    phase: Phase


_SALE: Final = (Account.ACQUIRER_RECEIVABLE, Account.MERCHANT_PAYABLE)
_DOUBT: Final = (Account.ACQUIRER_RECEIVABLE, Account.IN_DOUBT)

_SALE_UNDONE: Final = (Account.MERCHANT_PAYABLE, Account.ACQUIRER_RECEIVABLE)

_TOLD_NO: Final = (*NOT_CHARGED, State.MORE_WANTED)

_RULES: Final[dict[tuple[State, Kind], tuple[tuple[tuple[Account, Account], Phase], ...]]] = {
    (State.READY, Kind.DISPATCHED): ((_SALE, Phase.PENDING),),
    (State.DISPATCHED, Kind.HOST_APPROVED): ((_SALE, Phase.POSTED),),
    (State.AUTHORISED, Kind.CAPTURED): ((_SALE, Phase.VOIDED),),
    (State.AUTHORISED, Kind.RELEASE_DUE): ((_SALE, Phase.VOIDED), (_DOUBT, Phase.PENDING)),
    (State.DISPATCHED, Kind.HOST_DECLINED): ((_SALE, Phase.VOIDED),),
    (State.DISPATCHED, Kind.HOST_ASKS_AGAIN): ((_SALE, Phase.VOIDED),),
    (State.DISPATCHED, Kind.HOST_ASKS_MORE): ((_SALE, Phase.VOIDED),),
    (State.DISPATCHED, Kind.NOT_SENT): ((_SALE, Phase.VOIDED),),
    (State.DISPATCHED, Kind.SILENCE): ((_SALE, Phase.VOIDED), (_DOUBT, Phase.PENDING)),
    (State.CONFIRMING, Kind.CONFIRMED_AGAIN): ((_DOUBT, Phase.VOIDED),),
    (State.DISPATCHED, Kind.FOUND_CHARGED): ((_SALE, Phase.POSTED),),
    (State.APPROVED, Kind.NOT_COLLECTED): ((_SALE_UNDONE, Phase.PENDING), (_SALE_UNDONE, Phase.POSTED)),
    **{
        (state, Kind.FOUND_CHARGED): ((_SALE, Phase.PENDING), (_SALE, Phase.POSTED))
        for state in (State.RECEIVED, State.HELD, State.READY)
    },
    **{(state, Kind.LATE_APPROVAL): ((_DOUBT, Phase.PENDING),) for state in _TOLD_NO},
}


def transfers_for(
    state: State, kind: Kind, amount_minor: int, currency: int, trade: Trade = Trade.SALE
) -> tuple[Transfer, ...]:
    """State before, event, the payment's amount -> the transfers of the same commit, often none.

    A return's go the other way round. What is only held is pending until its capture posts its own.
    """
    found = []
    for (debit, credit), phase in _RULES.get((state, kind), ()):
        if trade.is_return:
            debit, credit = credit, debit
        found.append(Transfer(debit, credit, amount_minor, currency, phase))
    return tuple(found)
