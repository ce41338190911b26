"""Does the gateway's own record hold: arrows, ledger, chain?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hagaki.simulation.check_money import excused, net_minor, truths
from hagaki.simulation.faults import NEVER_ENDS
from hagaki.simulation.findings import Finding, Wrong
from hagaki.simulation.records import key_of
from mail_gateway.domain.ledger import Account, Phase
from mail_gateway.domain.payment import ENDED, TRANSITIONS, Kind, State, Trade

if TYPE_CHECKING:
    from hagaki.simulation.records import Records
    from hagaki.simulation.world import World


def arrows(_: World, records: Records) -> Iterator[Finding]:
    """(i) The events of a payment are one walk along the table, and end where the payment stands."""
    at: dict[int, str] = {}
    for event in records.events:
        before = at.get(event.payment, State.RECEIVED.value)
        after = TRANSITIONS.get(State(event.before), {}).get(Kind(event.kind))
        if event.before != before or event.after != after:
            arrow = f"{event.before} {event.kind} {event.after}"
            yield Finding(Wrong.ILLEGAL, f"payment {event.payment} at {before}: {arrow}")
        at[event.payment] = event.after
    for payment in (*records.payments, *records.bought):
        if payment.state != at.get(payment.id, State.RECEIVED.value):
            yield Finding(Wrong.ILLEGAL, f"payment {payment.id} is {payment.state}, events end elsewhere")
        if payment.shunted:
            yield Finding(Wrong.STUMBLED, f"payment {payment.id} waits for a person")


def balances(records: Records) -> tuple[Counter[int], Counter[int]]:
    """Payment -> what of it is pending, and what is posted and not undone again, minor units."""
    pending: Counter[int] = Counter()
    posted: Counter[int] = Counter()
    for row in records.transfers:
        pending[row.payment] += row.amount_minor if row.phase == Phase.PENDING else -row.amount_minor
        towards = 1 if row.debit == Account.ACQUIRER_RECEIVABLE else -1
        posted[row.payment] += towards * row.amount_minor if row.phase == Phase.POSTED else 0
    return pending, Counter({payment: abs(minor) for payment, minor in posted.items()})


def ledger(world: World, records: Records) -> Iterator[Finding]:
    """(e) Nothing is pending that has ended, and what is posted is what the host charged."""
    pending, posted = balances(records)
    found, unknowable = truths(world, records), excused(world, records)
    for payment in records.payments:
        ended = State(payment.state) in ENDED
        net = net_minor(found, key_of(payment))
        if ended and pending[payment.id]:
            yield Finding(Wrong.BOOKS, f"payment {payment.id} has ended with {pending[payment.id]} pending")
        if key_of(payment) in unknowable:
            continue
        if posted[payment.id] != net and (ended or payment.amount_minor % 1000 not in NEVER_ENDS):
            yield Finding(Wrong.BOOKS, f"payment {payment.id}: posted {posted[payment.id]}, charged {net}")


def ways(_: World, records: Records) -> Iterator[Finding]:
    """(e) A sale's money goes from the acquirer to the merchant, a return's the other way round."""
    every = (*records.payments, *records.bought)
    returns = {payment.id for payment in every if Trade(payment.kind).is_return}
    unpaid = {payment.id for payment in every if payment.state == State.UNPAID}
    for row in records.transfers:
        to_merchant = row.debit == Account.ACQUIRER_RECEIVABLE
        if to_merchant is (row.payment in returns) and row.payment not in unpaid:
            yield Finding(Wrong.BOOKS, f"payment {row.payment}: {row.debit} to {row.credit}")


def chain(_: World, records: Records) -> Iterator[Finding]:
    """(f) Each row of the ledger carries the hash of all before it."""
    if records.broken_at is not None:
        yield Finding(Wrong.BOOKS, f"the chain breaks at {records.broken_at}")
