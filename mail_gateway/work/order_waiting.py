"""When an order is looked at again, and what the end of a payment says to it."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.offer import HOUR_MS
from mail_gateway.domain.payment import ENDED, UNANSWERED, State
from mail_gateway.work import order_clerk

if TYPE_CHECKING:
    from mail_gateway.store.order_moves import OrderEntry
    from mail_gateway.store.orders import Case
    from mail_gateway.work.kit import Kit

LOOK_MS: Final = 60_000
"""An order that waits for a payment is looked at so often, should its moves be missed."""

PATIENCE: Final = 10
"""What has waited long may wait a tenth as long again, an hour at most: a line that is down for days costs
little."""

NO: Final = frozenset({State.DECLINED, State.RE_ENTER, State.REFUSED, State.UNPAID})
"""The acquirer has said no, or a rule of ours; or it said yes, and then did not collect."""


def rest(kit: Kit, case: Case, until_ms: int | None) -> OrderEntry | None:
    """Nothing to do till then (unix ms), at the latest; None: that is how it stands."""
    due_ms = case.order.due_ms
    if due_ms == until_ms or (due_ms and until_ms and kit.ports.now_ms() < due_ms <= until_ms):
        return None
    return order_clerk.noting(kit, case, due_ms=until_ms)


def later_ms(kit: Kit, case: Case) -> int:
    """When to look again at what only a payment's moves can change, unix ms."""
    now_ms = kit.ports.now_ms()
    return now_ms + min(max((now_ms - said_ms(case)) // PATIENCE, LOOK_MS), HOUR_MS)


def return_ms(case: Case, charged: int) -> int:
    """From when on a return of that charge may be begun, unix ms: what nobody answered is asked for again
    after two minutes, doubling to an hour, however long the acquirer is silent. An answer ends the count."""
    returns = [one for one in case.payments if one.original == charged and one.state in ENDED]
    silence = takewhile(lambda one: one.state in UNANSWERED, reversed(returns))
    lost = [one.received_ms for one in silence]
    return max(lost) + min(LOOK_MS << len(lost), HOUR_MS) if lost else 0


def said_ms(case: Case) -> int:
    """When the customer answered, unix ms; else when the order was placed."""
    asking = case.confirmation
    return (asking.answered_ms if asking is not None else None) or case.order.placed_ms
