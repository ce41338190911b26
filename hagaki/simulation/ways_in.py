"""By which doors mail comes to the gateway of one seed, and what kind of server its mailbox lies on."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum


class WayIn(StrEnum):
    """How mail comes in: by SMTP, out of a mailbox, or each mail by one of both."""

    SMTP = "smtp"
    MAILBOX = "mailbox"
    BOTH = "both"

    @property
    def listens(self) -> bool:
        """There is a port for SMTP."""
        return self is not WayIn.MAILBOX

    @property
    def fetches(self) -> bool:
        """There is a mailbox."""
        return self is not WayIn.SMTP


class Heads(StrEnum):
    """What the delivering server writes above a mail."""

    RECIPIENT = "recipient"  # Return-Path, and Delivered-To with the address that it came for
    ORIGINAL = "original"  # the address in X-Original-To, the account in Delivered-To
    ACCOUNT = "account"  # Delivered-To names the account alone: what it came for stands in the mail's own To
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Kind:
    """A server. moves: RFC 6851, else it copies and marks; expunges: RFC 4315, else what is marked stays;
    idles: RFC 2177. counts_again: when its numbers begin anew it does not say so, against RFC 3501."""

    moves: bool
    expunges: bool
    idles: bool
    counts_again: bool
    heads: Heads


def way_in(seed: int) -> WayIn:
    """The seed's, whatever its faults: every second has a mailbox."""
    dice = random.Random(f"{seed}/way-in")
    return dice.choice((WayIn.SMTP, WayIn.SMTP, WayIn.MAILBOX, WayIn.BOTH))


def kind(seed: int) -> Kind:
    """Of the seed's server."""
    dice = random.Random(f"{seed}/provider")
    moves, expunges, idles = (dice.random() < 0.5 for _ in range(3))
    return Kind(moves, expunges, idles, dice.random() < 0.2, dice.choice(tuple(Heads)))
