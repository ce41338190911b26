"""What a letter says, before it is words: the facts for the writer, and the bytes it hands back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acquirer_sdk.values import Item
    from mail_gateway.domain.outcome import Letter, Outcome


@dataclass(frozen=True, slots=True)
class News:
    """One piece of news for one merchant.

    version counts a payment's letters from 1; a higher one replaces a lower one. amount_minor: minor units of
    `currency` (ISO 4217 numeric). masked_card: first six, last four (PCI DSS 3.4.1). reference: DE37.
    reason: a sentence in `language`, often empty. time_ms: unix milliseconds UTC. in_reply_to: Message-ID of
    the sale's mail, or empty. sealed_result: COSE bytes for the reader; None when nothing was opened.
    original: the DE37 of the sale that a return gives back, or empty. questions: number and item, where the
    merchant is asked for something; until_ms: when an answer still helps, unix ms.
    """

    payment_id: int
    letter: Letter
    outcome: Outcome | None
    version: int
    amount_minor: int
    currency: int
    masked_card: str
    approval_number: str
    slip: int
    reference: str
    reason: str
    time_ms: int
    language: str
    merchant_name: str
    recipient: str
    in_reply_to: str
    sealed_result: bytes | None = field(repr=False)
    check_code: str
    original: str = ""
    questions: tuple[tuple[int, Item], ...] = ()
    until_ms: int = 0


@dataclass(frozen=True, slots=True)
class Composed:
    """A letter as it is stored and as it is sent, the same bytes ever after. message_id has its <>."""

    message_id: str
    sender: str
    recipient: str
    raw: bytes = field(repr=False)
