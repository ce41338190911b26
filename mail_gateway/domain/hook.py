"""What a shop's server is told of an order: the events, and the bytes that are signed and sent."""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mail_gateway.domain.order import OrderState


SECRET_LENGTH: Final = 32
SIGNATURE: Final = "Hagaki-Signature"
"""The header."""

_URL_MAX: Final = 500
_URL: Final = re.compile(
    r"(https://[A-Za-z0-9.-]{1,253}|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?(/[!-~]*)?"
)


class HookEvent(StrEnum):
    """What is told; once each per order, and of returns once each per return."""

    ASKED = "order.asked"
    MADE = "order.made"
    DEAD = "order.dead"
    FAILED = "order.failed"  # made, and yet the money did not come
    UNPAID = "order.unpaid"  # made, and days later the bank did not collect
    HANDED_OVER = "order.handed-over"
    UNDELIVERED = "order.question-undelivered"
    RETURNED = "order.returned"  # some of the money, or all of it, is given back
    NOT_RETURNED = "order.not-returned"  # the acquirer refused to


@dataclass(frozen=True, slots=True)
class Hook:
    """One thing to tell. body: the same bytes however often it is sent. about: the return's ID, or empty."""

    order: int
    merchant: int
    event: HookEvent
    body: bytes
    about: str = ""


@dataclass(frozen=True, slots=True)
class Whose:
    """The order that it is about: its number, whose it is, and the shop's own number of it."""

    order: int
    merchant: int
    deal_id: str


def hook(whose: Whose, event: HookEvent, state: OrderState, at_ms: int, about: str = "") -> Hook:
    """An event of an order that is now in that state -> what its shop is told. at_ms: unix ms; told in s.

    about: the ID of a return, where it is about one. Its `id` is the same however often it comes: by it the
    shop drops what it has had.
    """
    members: dict[str, str | int] = {
        "event": event.value,
        "order": whose.order,
        "deal_id": whose.deal_id,
        "state": state.value,
        "at": at_ms // 1000,
        "id": f"{whose.order}.{event.value}{about and f'.{about}'}",
    }
    if about:
        members["return_id"] = about
    body = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
    return Hook(whose.order, whose.merchant, event, body, about)


def is_webhook(url: str) -> bool:
    """Whether a shop's server may be told there: https, or http on this very machine; no name in front."""
    return len(url) <= _URL_MAX and _URL.fullmatch(url) is not None and "#" not in url


def signature(secret: bytes, at_s: int, body: bytes) -> str:
    """The header's value for a body that leaves at that moment, unix seconds."""
    mac = hmac.digest(secret, b"%d." % at_s + body, "sha256").hex()
    return f"t={at_s},v1={mac}"


def hook_ident(merchant: int) -> bytes:
    """What a merchant's wrapped secret is bound to."""
    return b"hook %d" % merchant
