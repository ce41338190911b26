"""The one root error, and the one table from what went wrong to the SMTP reply and the letter."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from mail_gateway.domain.outcome import Letter

if TYPE_CHECKING:
    from collections.abc import Mapping


class Disposition(StrEnum):
    """What the stage that met the error does with the payment or the mail in its hands."""

    RETRY = "retry"  # nothing happened: come again (SMTP 4xx)
    REFUSE = "refuse"  # it will never work: say so
    IN_DOUBT = "in-doubt"  # the acquirer may have been asked


class GatewayError(Exception):
    """The root of all errors of the gateway.

    sentence: one sentence that anybody may read. slug: its name in logs, metrics and the glossary.
    detail: for the operator; never card data, keys or armour.
    """

    def __init__(self, sentence: str, slug: str, disposition: Disposition, detail: str = "") -> None:
        super().__init__(f"{sentence} [{slug}]")
        self.sentence = sentence
        self.slug = slug
        self.disposition = disposition
        self.detail = detail


class SmtpReply(NamedTuple):
    """code and enhanced: RFC 5321 4.2.3 and RFC 3463. letter: what the merchant is sent as well."""

    code: int
    enhanced: str
    text: str
    letter: Letter | None = None


_FULL: Final = SmtpReply(452, "4.3.1", "Storage is full, please try again later")
_LATER: Final = SmtpReply(451, "4.3.0", "Not stored, please try again later")
_KEPT: Final = SmtpReply(250, "2.6.0", "Stored")

REPLIES: Final[Mapping[str, SmtpReply]] = MappingProxyType(
    {
        # All of these are one answer to the outside: whoever probes learns nothing about readers and keys.
        "new": _KEPT,
        "repeat": _KEPT,
        "unknown-reader": _KEPT,
        "bounced": _KEPT,
        "reply": _KEPT,
        "answer": _KEPT,
        "ignored": _KEPT,
        "fetched": _KEPT,
        "unreadable": _KEPT._replace(letter=Letter.DAMAGED),
        # Nothing was kept: the sender still has the mail and comes again.
        "store-full": _FULL,
        "store-failed": _LATER,
        "store-busy": _LATER,
        "proof-later": SmtpReply(451, "4.7.0", "The sender cannot be proven now, please try again later"),
        "store-closed": SmtpReply(421, "4.3.2", "Going down, please try again later"),
        "internal": _LATER,
        "connections-full": SmtpReply(421, "4.7.0", "Too many connections, please try again later"),
        "too-slow": SmtpReply(421, "4.4.2", "Too slow, closing"),
        # Never ours to take.
        "not-ours": SmtpReply(550, "5.1.1", "No such address here"),
        "address-syntax": SmtpReply(553, "5.1.3", "Address not understood"),
        "too-big": SmtpReply(552, "5.3.4", "Mail is too big"),
        "bare-newline": SmtpReply(550, "5.6.0", "Bare CR, LF or NUL in the mail"),
        "mail-loop": SmtpReply(554, "5.4.6", "The mail is going in circles"),
        "line-too-long": SmtpReply(550, "5.6.0", "A line of the mail is too long"),
    }
)
"""slug -> reply. A slug that is not here is answered like "internal": temporary, so that nothing is lost."""


def reply_for(slug: str) -> SmtpReply:
    """The SMTP reply for a verdict's or an error's slug."""
    return REPLIES.get(slug, REPLIES["internal"])
