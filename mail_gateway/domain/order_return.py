"""What a shop gives back of an order that is made: a wish with an ID of the shop's own, and how it ended."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.offer import is_plain
from mail_gateway.domain.order import DEAD, OrderState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mail_gateway.domain.order import Order

REASON_MAX: Final = 200
RETURNS_MAX: Final = 100
"""Of one order, refused ones too; what is more is no way to trade."""

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_BY_CENTRE: Final = "centre:"


class ReturnState(StrEnum):
    """Where a return stands. The text is what the database and shops are shown."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class WantReturn:
    """What the shop asks for. return_id: its own, for ever. amount_minor: None: all that is left. reason: one
    line, which the customer may read, or empty."""

    return_id: str
    amount_minor: int | None = None
    reason: str = ""

    @property
    def hash(self) -> bytes:
        """SHA-256 of all that was said."""
        return hashlib.sha256(json.dumps([self.return_id, self.amount_minor, self.reason]).encode()).digest()


@dataclass(frozen=True, slots=True)
class OrderReturn:
    """One return of an order as the database has it. Amounts: minor units of the order's currency; asked_ms:
    unix ms.

    id: 0 before it is on disk. return_id: the shop's own, or `centre:` and a payment's number where a person
    at the centre gave it back. payment: the newest one begun for it; None: none was needed, or not yet.
    code: why it was refused, or empty. hash: of what was asked for.
    """

    id: int
    return_id: str
    amount_minor: int
    reason: str
    asked_ms: int
    state: ReturnState = ReturnState.OPEN
    payment: int | None = None
    code: str = ""
    hash: bytes = b""


def by_centre(payment: int, amount_minor: int, at_ms: int) -> OrderReturn:
    """A return that the shop has not asked for. No shop's own ID is of that form."""
    return OrderReturn(0, f"{_BY_CENTRE}{payment}", amount_minor, "", at_ms, payment=payment)


def judge(wanted: WantReturn, order: Order, known: Sequence[OrderReturn]) -> OrderReturn | int | str:
    """-> the return that it is already; or how much is to be given back, minor units; or a slug: why not.

    What other returns may still give back is not given back a second time.
    """
    if not _ID.fullmatch(wanted.return_id):
        return "return-id-bad"
    before = next((one for one in known if one.return_id == wanted.return_id), None)
    if before is not None:
        return before if before.hash == wanted.hash else "return-id-used"
    if not is_plain(wanted.reason, REASON_MAX):
        return "words-bad"
    if order.state in DEAD and order.state is not OrderState.RETURNED:
        return "order-dead"
    if order.made_ms is None:
        return "order-not-made"
    if len(known) >= RETURNS_MAX:
        return "returns-many"
    awaited = sum(one.amount_minor for one in known if one.state is ReturnState.OPEN)
    left_minor = order.total_minor - order.returned_minor - awaited
    amount_minor = left_minor if wanted.amount_minor is None else wanted.amount_minor
    return amount_minor if 1 <= amount_minor <= left_minor else "return-too-much"
