"""The audit reads the whole store again and says where it is not what its own rules make it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from mail_gateway.domain.ledger import Account, transfers_for
from mail_gateway.domain.payment import ENDED, TRANSITIONS, Kind, State, Trade
from mail_gateway.domain.returns import GIVEN_UP
from mail_gateway.domain.standing import VERSIONS_PER_RESTORE
from mail_gateway.store import anchor, books, order_audit, returns
from mail_gateway.store.tables import events, letters, nodes, payments, restores, transfers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Table

    from mail_gateway.store.anchor import Mark

BATCH: Final = 500
"""Payments read at once."""

_P: Final = payments.c
_COLUMNS: Final = (
    *(_P.id, _P.state, _P.amount_minor, _P.currency, _P.version),
    *(_P.kind, _P.original, _P.returned_minor),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """slug: what kind. number: the payment's or the row's. text: one sentence."""

    slug: str
    number: int
    text: str


@dataclass(slots=True)
class Audit:
    """What was checked, and what is wrong."""

    counts: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def checked(self, what: str, count: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + count


def verify(conn: Connection, kept: Sequence[Mark], progress: Callable[[int], None]) -> Audit:
    """Check everything there is. kept: the lines of an anchor, if any. progress: told the payments done."""
    audit = Audit()
    _chains(conn, audit)
    jump = VERSIONS_PER_RESTORE * conn.execute(select(func.count()).select_from(restores)).scalar_one()
    for batch in _batches(conn):
        _batch(conn, audit, batch, jump)
        progress(audit.counts.get("payments", 0))
    _orders(conn, audit)
    _orphans(conn, audit)
    _balances(conn, audit)
    for mark in kept:
        audit.checked("anchor lines")
        if anchor.again(conn, mark) != mark:
            sentence = f"{mark.name} is not what it was up to {mark.upto} when the anchor was made."
            audit.faults.append(Fault("anchor-differs", mark.upto, sentence))
    return audit


def _chains(conn: Connection, audit: Audit) -> None:
    lane, place, before, broken = 0, 0, b"", False
    for row in conn.execute(select(transfers).order_by(transfers.c.lane, transfers.c.place)).mappings():
        if row["lane"] != lane:
            lane, place, before, broken = row["lane"], 0, books.start(row["lane"]), False
            audit.checked("lanes")
        audit.checked("transfers")
        place += 1
        if not broken and row["place"] != place:
            broken = True
            text = f"Lane {lane} has no row at place {place}."
            audit.faults.append(Fault("chain-gap", row["id"], text))
        elif not broken and row["chain"] != books.link(before, dict(row)):
            broken = True
            text = (
                f"Transfer {row['id']} at place {place} of lane {lane} does not follow from those before it."
            )
            audit.faults.append(Fault("chain-broken", row["id"], text))
        before = row["chain"]


def _batches(conn: Connection) -> Iterator[Sequence[Any]]:
    after = 0
    while rows := conn.execute(select(*_COLUMNS).where(_P.id > after).order_by(_P.id).limit(BATCH)).all():
        yield rows
        after = rows[-1].id


def _batch(conn: Connection, audit: Audit, batch: Sequence[Any], jump: int) -> None:
    first, last = batch[0].id, batch[-1].id
    happened = _of(conn, events, first, last)
    moved = _of(conn, transfers, first, last)
    told = _of(conn, letters, first, last)
    held = returns.held(conn, first, last)
    for payment in batch:
        audit.checked("payments")
        audit.checked("events", len(happened[payment.id]))
        audit.checked("letters", len(told[payment.id]))
        faults = (
            *_events(payment, happened[payment.id]),
            *_transfers(payment, happened[payment.id], moved[payment.id]),
            *_returns(payment, held.get(payment.id, 0)),
            *_letters(payment, [row["version"] for row in told[payment.id]], jump),
        )
        audit.faults += (Fault(slug, payment.id, f"Payment {payment.id}: {text}.") for slug, text in faults)


def _orders(conn: Connection, audit: Audit) -> None:
    for number, counts, faults in order_audit.verify(conn):
        audit.checked("orders")
        for what, count in counts.items():
            audit.checked(what, count)
        audit.faults += (Fault(slug, number, f"Order {number}: {text}.") for slug, text in faults)


def _of(conn: Connection, table: Table, first: int, last: int) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    hidden = {"raw", "chain"}
    asked = select(*(column for column in table.c if column.name not in hidden))
    asked = asked.where(table.c.payment >= first, table.c.payment <= last).order_by(table.c.id)
    for row in conn.execute(asked).mappings():
        found[row["payment"]].append(row)
    return found


def _events(payment: Any, happened: Iterable[Any]) -> Iterator[tuple[str, str]]:
    state: str = State.RECEIVED
    for event in happened:
        if event["before"] != state:
            yield "event-gap", f"event {event['id']} begins at {event['before']}, but it stood at {state}"
        arrows = TRANSITIONS.get(State(event["before"]), {})
        if arrows.get(Kind(event["kind"])) != event["after"]:
            yield "event-illegal", f"event {event['id']} goes a way that the table does not have"
        state = event["after"]
    if payment.state != state:
        yield "state-differs", f"it says {payment.state}, its events say {state}"


def _transfers(payment: Any, happened: Iterable[Any], moved: Iterable[Any]) -> Iterator[tuple[str, str]]:
    due = [
        (event["id"], one.debit, one.credit, one.amount_minor, one.currency, one.phase)
        for event in happened
        for one in transfers_for(
            State(event["before"]),
            Kind(event["kind"]),
            payment.amount_minor,
            payment.currency,
            Trade(payment.kind),
        )
    ]
    names = ("event", "debit", "credit", "amount_minor", "currency", "phase")
    found = [tuple(row[name] for name in names) for row in moved]
    if found != due:
        yield "transfers-differ", f"{len(found)} transfers are not the {len(due)} that its events make"
    if payment.state in ENDED and payment.state != State.SETTLED:
        posted = abs(sum(_for_the_merchant(*one[1:4]) for one in found if one[5] == "posted"))
        if posted != (payment.amount_minor if payment.state == State.APPROVED else 0):
            yield "posted-differs", f"{posted} are posted, and it is {payment.state}"


def _for_the_merchant(debit: str, credit: str, amount_minor: int) -> int:
    """What one transfer gives the merchant, or takes from it."""
    payable = Account.MERCHANT_PAYABLE
    return amount_minor * ((credit == payable) - (debit == payable))


def _returns(payment: Any, held_minor: int) -> Iterator[tuple[str, str]]:
    is_return = Trade(payment.kind).is_return
    if not is_return and payment.returned_minor != held_minor:
        yield (
            "returns-differ",
            f"it counts {payment.returned_minor} given back, its returns hold {held_minor}",
        )
    if is_return and payment.state in GIVEN_UP and payment.returned_minor:
        yield "returns-differ", f"it is {payment.state} and still holds {payment.returned_minor} of its sale"


def _letters(payment: Any, versions: Sequence[int], jump: int) -> Iterator[tuple[str, str]]:
    silent = payment.state == State.REFUSED and not versions  # a damaged copy is told once a minute
    if silent:
        return
    before = 0
    for version in sorted(versions):
        if not 0 < version - before <= 1 + jump:
            yield "letter-gap", f"a letter is missing before version {version}"
        before = version
    if not 0 <= payment.version - before <= jump:
        yield "letter-gap", f"version {payment.version} was told, the newest letter is {before}"


def _orphans(conn: Connection, audit: Audit) -> None:
    for table in (events, transfers, letters):
        asked = select(table.c.id, table.c.payment).outerjoin(payments, _P.id == table.c.payment)
        for row in conn.execute(asked.where(_P.id.is_(None), table.c.payment.is_not(None))):
            text = f"A row of {table.name} belongs to payment {row.payment}, which is not there."
            audit.faults.append(Fault("orphan", row.id, text))
    asked = select(transfers.c.id, transfers.c.lane).outerjoin(nodes, nodes.c.id == transfers.c.lane)
    for row in conn.execute(asked.where(nodes.c.id.is_(None))):
        audit.faults.append(Fault("orphan", row.id, f"Lane {row.lane} belongs to no node."))


def _balances(conn: Connection, audit: Audit) -> None:
    found = books.balances(conn)
    audit.checked("balances", len(found))
    for currency in {currency for _, currency, _ in found}:
        total = sum(amount for (_, its, _), amount in found.items() if its == currency)
        if total:
            text = f"The accounts in currency {currency:03d} do not sum up to zero, but to {total}."
            audit.faults.append(Fault("balance", total, text))
