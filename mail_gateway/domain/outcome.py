"""What the merchant is told: one table from the state reached to the result and the letter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from mail_gateway.domain.payment import Event, Kind, State, Trade


class Outcome(IntEnum):
    """The number in the sealed result (schemas/envelope/SPEC.md)."""

    APPROVED = 1
    DECLINED = 2
    RE_ENTER = 3
    MORE_WANTED = 4
    IN_DOUBT = 5
    CANCELLED = 6
    EXPIRED = 7
    REFUSED = 8


class Letter(StrEnum):
    """The kinds of letter; each is a template of that name in every language."""

    APPROVED = "approved"
    DECLINED = "declined"
    RE_ENTER = "re-enter"
    MORE_WANTED = "more-wanted"
    IN_DOUBT = "in-doubt"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUSED = "refused"
    DAMAGED = "damaged"  # nothing could be opened, so nothing is sealed: "please send it again"
    KEY_USED = "key-used"  # nothing is sealed: the key has sealed the answer to the other sale
    SHUNTED = "shunted"  # not charged so far, and a person looks at it
    DIGEST = "digest"  # what is open at the end of a day; of a merchant, not of a payment
    RETURNED = "returned"  # the customer gets the money
    NOT_RETURNED = "not-returned"  # whatever stood in the way: the sale stands as it did
    RETURN_IN_DOUBT = "return-in-doubt"  # not known yet: a final notice follows
    CANCEL_DONE = "cancel-done"  # the sale that was to be cancelled was not charged and never will be
    CANCEL_RETURNED = "cancel-returned"  # it had been approved, and was given back
    CANCEL_IN_DOUBT = "cancel-in-doubt"  # not known yet: a final notice follows
    NOT_CANCELLED = "not-cancelled"  # it stands as it did
    UNPAID = "unpaid"  # approved as accepted for collection, and then not collected
    UNCLEAR = "unclear"  # not known whether it was charged; a person looks at it
    WANTED = "wanted"  # a sale is approved, and the acquirer wants to know more of it
    WANTED_AGAIN = "wanted-again"  # some of an answer is missing or cannot be used
    WANTED_REMINDER = "wanted-reminder"
    WANTED_TAKEN = "wanted-taken"
    WANTED_CLOSED = "wanted-closed"  # an answer came that changes nothing
    CLOSING = "closing"  # a merchant's whole day: what came in, and what is open
    DESK_LIST = "desk-list"  # what a merchant asked for by mail, from here on
    DESK_TODAY = "desk-today"
    DESK_WHICH = "desk-which"  # it cannot be done as asked: which sale, or why not
    DESK_HELP = "desk-help"
    RECEIPT = "receipt"
    ORDER_FORM_TAKEN = "order-form-taken"
    ORDER_FORM_WRONG = "order-form-wrong"
    RETURN_FORM_TAKEN = "return-form-taken"
    QUESTION = "question"  # of an order, from here on: what customers are asked and told
    QUESTION_REMINDER = "question-reminder"
    QUESTION_AGAIN = "question-again"  # an answer that is no clear yes or no, or proves too little
    ORDER_CONFIRMED = "order-confirmed"
    ORDER_REFUSED = "order-refused"
    ORDER_LAPSED = "order-lapsed"
    ORDER_CANCELLED = "order-cancelled"
    ORDER_FAILED = "order-failed"  # the money could not be had
    ORDER_UNPAID = "order-unpaid"  # made, and days later the bank did not collect
    ORDER_STATE = "order-state"  # an answer came that changes nothing
    ORDER_LOCKED = "order-locked"  # too many wrong answers
    SHOP_MADE = "shop-made"  # and what the shop is told
    SHOP_DEAD = "shop-dead"
    SHOP_UNPAID = "shop-unpaid"
    SHOP_UNDELIVERED = "shop-undelivered"  # the question, or news of money, did not reach the customer
    ORDER_RETURNED = "order-returned"  # money of a made order is given back: to the customer
    SHOP_RETURNED = "shop-returned"
    SHOP_NOT_RETURNED = "shop-not-returned"  # the acquirer refused to


TOLD: Final[dict[State, tuple[Outcome, Letter]]] = {
    State.APPROVED: (Outcome.APPROVED, Letter.APPROVED),
    State.DECLINED: (Outcome.DECLINED, Letter.DECLINED),
    State.RE_ENTER: (Outcome.RE_ENTER, Letter.RE_ENTER),
    State.MORE_WANTED: (Outcome.MORE_WANTED, Letter.MORE_WANTED),
    State.IN_DOUBT: (Outcome.IN_DOUBT, Letter.IN_DOUBT),
    State.REVERSED: (Outcome.CANCELLED, Letter.CANCELLED),
    State.CANCELLED: (Outcome.CANCELLED, Letter.CANCELLED),
    State.UNPAID: (Outcome.CANCELLED, Letter.UNPAID),
    State.EXPIRED: (Outcome.EXPIRED, Letter.EXPIRED),
    State.REFUSED: (Outcome.REFUSED, Letter.REFUSED),
}
"""Entering one of these states tells the merchant, in the same commit. Every other state tells nobody."""

_RETURN_LETTERS: Final = {State.APPROVED: Letter.RETURNED, State.IN_DOUBT: Letter.RETURN_IN_DOUBT}
TOLD_OF_RETURNS: Final[dict[State, tuple[Outcome, Letter]]] = {
    state: (outcome, _RETURN_LETTERS.get(state, Letter.NOT_RETURNED)) for state, (outcome, _) in TOLD.items()
}
"""The same for a return: the reader gets the same numbers, the merchant other words."""

_NOT_CANCELLED: Final = (Outcome.DECLINED, Letter.NOT_CANCELLED)
TOLD_OF_CANCELS: Final[dict[State, tuple[Outcome, Letter]]] = {
    **{state: (outcome, Letter.NOT_CANCELLED) for state, (outcome, _) in TOLD.items()},
    State.APPROVED: (Outcome.APPROVED, Letter.CANCEL_RETURNED),
    State.CANCELLED: (Outcome.CANCELLED, Letter.CANCEL_DONE),
    State.IN_DOUBT: (Outcome.IN_DOUBT, Letter.CANCEL_IN_DOUBT),
    **dict.fromkeys((State.REVERSED, State.RE_ENTER, State.MORE_WANTED, State.UNPAID), _NOT_CANCELLED),
}
"""The same for a cancel. "Cancelled" is said of the sale: a giving back that was itself undone is none."""

NOTICES: Final = frozenset(
    {
        *(Letter.DIGEST, Letter.CLOSING, Letter.DESK_LIST, Letter.DESK_TODAY),
        *(Letter.DESK_WHICH, Letter.DESK_HELP, Letter.RECEIPT),
        *(Letter.ORDER_FORM_TAKEN, Letter.ORDER_FORM_WRONG, Letter.RETURN_FORM_TAKEN),
        *(Letter.WANTED, Letter.WANTED_AGAIN, Letter.WANTED_REMINDER),
        *(Letter.WANTED_TAKEN, Letter.WANTED_CLOSED),
    }
)
"""Letters that tell no payment's state: nothing is ever sealed in them."""

OF_ORDERS: Final = frozenset(
    {
        *(Letter.QUESTION, Letter.QUESTION_REMINDER, Letter.QUESTION_AGAIN),
        *(Letter.ORDER_CONFIRMED, Letter.ORDER_REFUSED, Letter.ORDER_LAPSED, Letter.ORDER_CANCELLED),
        *(Letter.ORDER_FAILED, Letter.ORDER_UNPAID, Letter.ORDER_STATE, Letter.ORDER_LOCKED),
        *(Letter.SHOP_MADE, Letter.SHOP_DEAD, Letter.SHOP_UNPAID, Letter.SHOP_UNDELIVERED),
        *(Letter.ORDER_RETURNED, Letter.SHOP_RETURNED, Letter.SHOP_NOT_RETURNED),
    }
)
"""Letters that tell of an order."""

FIRST: Final = frozenset(
    {
        *(Letter.IN_DOUBT, Letter.CANCELLED, Letter.UNCLEAR, Letter.RETURN_IN_DOUBT, Letter.NOT_RETURNED),
        *(Letter.CANCEL_DONE, Letter.CANCEL_RETURNED, Letter.CANCEL_IN_DOUBT, Letter.NOT_CANCELLED),
        *(Letter.ORDER_LOCKED, Letter.SHOP_DEAD, Letter.SHOP_NOT_RETURNED),
        *(Letter.UNPAID, Letter.SHOP_UNPAID),
    }
)
"""Letters that go before all others."""

KEY_USED: Final = "key-used"
"""Reader and counter of the envelope belong to another payment: it is not processed, and an alarm."""

KEY_BURNED: Final = "key-burned"
"""They were taken by a cancel before the sale came: it is never charged."""


@dataclass(frozen=True, slots=True)
class Telling:
    """outcome: what is sealed for the reader; None where nothing could be opened."""

    outcome: Outcome | None
    letter: Letter


def telling(event: Event, before: State, after: State, trade: Trade = Trade.SALE) -> Telling | None:
    """What one arrow tells the merchant, if anything."""
    if event.kind is Kind.UNREADABLE:
        return Telling(None, Letter.KEY_USED if event.facts.get("slug") == KEY_USED else Letter.DAMAGED)
    if event.facts.get("slug") == KEY_BURNED:
        return Telling(None, Letter.CANCELLED)  # what its key could seal, it has sealed before
    told = _TOLD_OF[trade].get(after) if after is not before else None
    return Telling(*told) if told else None


_TOLD_OF: Final = {
    **dict.fromkeys((Trade.SALE, Trade.CAPTURE), TOLD),
    **dict.fromkeys((Trade.VOID, Trade.REFUND), TOLD_OF_RETURNS),
    Trade.CANCEL: TOLD_OF_CANCELS,
}
