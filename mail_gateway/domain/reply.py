"""What a merchant answered to a letter of ours, and who the merchant is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Merchant:
    """One merchant as letters need it. second_mail: empty where there is none. language: ja or en."""

    id: int
    name: str
    mail: str
    second_mail: str
    language: str
    terminal_id: str
    merchant_id: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: the token was ours, it came from an address on file, and no robot wrote it.

    payment: the number of the payment whose letter was answered; None: a letter about no payment.
    lines: what the person wrote, NFKC, without quotes, without lines of ours, none empty.
    written: the same lines with those that stand in a letter of ours too; none where the mail is not kept
    whole. received_ms: unix ms.
    """

    mail: int
    payment: int | None
    merchant: Merchant
    message_id: str
    subject: str
    lines: tuple[str, ...]
    received_ms: int
    written: tuple[str, ...] = ()
