"""What a shop's server is told of an order: the events, and the bytes that are signed and sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mail_gateway.domain.order import OrderState


class HookEvent(StrEnum):
    """What is told; once each per order."""

    ASKED = "order.asked"
    MADE = "order.made"
    DEAD = "order.dead"
    FAILED = "order.failed"  # made, and yet the money did not come
    HANDED_OVER = "order.handed-over"
    UNDELIVERED = "order.question-undelivered"


@dataclass(frozen=True, slots=True)
class Hook:
    """One thing to tell. body: the same bytes however often it is sent."""

    order: int
    merchant: int
    event: HookEvent
    body: bytes


@dataclass(frozen=True, slots=True)
class Whose:
    """The order that it is about: its number, whose it is, and the shop's own number of it."""

    order: int
    merchant: int
    deal_id: str


def hook(whose: Whose, event: HookEvent, state: OrderState, at_ms: int) -> Hook:
    """An event of an order that is now in that state -> what its shop is told. at_ms: unix ms; told in s.

    Its `id` is the same however often it comes: by it the shop drops what it has had.
    """
    members = {
        "event": event.value,
        "order": whose.order,
        "deal_id": whose.deal_id,
        "state": state.value,
        "at": at_ms // 1000,
        "id": f"{whose.order}.{event.value}",
    }
    body = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
    return Hook(whose.order, whose.merchant, event, body)
