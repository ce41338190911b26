"""A mail that lay in a mailbox, handed to the same door as one that came by SMTP.

Who it is for and who sent it, a client of an SMTP door says as it likes; here headers say it, and whoever
forges one gains no more. What is believed is what proves itself: tokens in addresses, seals, signatures.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mail_gateway.intake.accept import Route
from mail_gateway.intake.gate import RECIPIENTS_MAX, Addresses, has_bare_newline, has_looped
from mail_gateway.intake.mailbox import Fate, Taken
from mail_gateway.proof.evidence import evidence_of
from schemas.mail.headers import single_address
from schemas.mail.read import HEADER_BLOCK_MAX

if TYPE_CHECKING:
    from mail_gateway.intake.accept import Intake

UNKNOWN: Final = "unknown"
"""The sender where no Return-Path names one: not the null sender, whose mails are taken for automatic."""

PEER: Final = "imap"
"""In place of the address that the mail came from: no SPF can be proven for it."""

_DELIVERED: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")
"""What delivering servers write the recipient into; of each name the topmost counts, theirs."""

_WRITTEN: Final = ("to", "cc")
_ADDRESS: Final = re.compile(r"[^\s<>,;:\"()@]{1,64}@[^\s<>,;:\"()@]{1,254}")


class Slot:
    """Where mails out of a mailbox are handed over. intake: the door; addresses: which are ours."""

    def __init__(self, intake: Intake, addresses: Addresses) -> None:
        self._intake = intake
        self._addresses = addresses

    async def take(self, raw: bytes, place: str) -> Taken:
        """Judge the mail as the SMTP door does, and have it kept. place: its mailbox, UIDVALIDITY and UID."""
        route = route_of(raw, self._addresses, place)
        slug = _fault(raw, route)
        if slug:
            return Taken(Fate.REFUSED, slug)
        answer = await self._intake.accept(raw, route)
        return Taken(_fate(answer.code))


def route_of(raw: bytes, addresses: Addresses, place: str) -> Route:
    """Who sent the mail and for which of our addresses, by its headers."""
    headers = [(name.lower(), value) for name, value in evidence_of(raw[:HEADER_BLOCK_MAX], "", 0).headers]
    topmost = dict(reversed(headers))
    named = [topmost.get(name, "") for name in _DELIVERED]
    named += [value for name, value in headers if name in _WRITTEN]
    found = (one for value in named for one in _ADDRESS.findall(value))
    ours = dict.fromkeys(one.lower() for one in found if addresses.is_ours(one))
    return Route(
        sender=_sender(topmost.get("return-path", "")),
        recipients=tuple(ours)[:RECIPIENTS_MAX],
        peer=PEER,
        place=place,
    )


def _sender(return_path: str) -> str:
    """As MAIL FROM may say it: an address, or the null sender. All else is unknown."""
    return "" if return_path == "<>" else single_address(return_path) or UNKNOWN


def _fault(raw: bytes, route: Route) -> str:
    """The slug of what the door refuses for good, or empty."""
    if not route.recipients:
        return "not-ours"
    if has_bare_newline(raw):
        return "bare-newline"
    return "mail-loop" if has_looped(raw) else ""


def _fate(code: int) -> Fate:
    """What an SMTP reply means for a mail that lies in a mailbox."""
    return {2: Fate.DONE, 5: Fate.REFUSED}.get(code // 100, Fate.LATER)
