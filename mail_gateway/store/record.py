"""Record: the one unit of work that moves a payment. Events, transfers, letter and state, or nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import bindparam, insert, select, update

from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import Event, State
from mail_gateway.store import answers, books, letters
from mail_gateway.store.tables import OPEN, STANS, counters, events, payments, readers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from mail_gateway.domain.ledger import Transfer
    from mail_gateway.store.answers import Answer
    from mail_gateway.store.letters import Queued
    from mail_gateway.store.payments import Payment

DAMAGED_EVERY_MS: Final = 60_000
"""A reader's merchant is asked to send again at most so often."""

_OF_READER: Final = (Letter.DAMAGED, Letter.KEY_USED)
STAN_MAX: Final = 999_999
_P: Final = payments.c
_R: Final = readers.c

# Built once: the library needs several times as long to build a statement as to run it.
_STAN: Final = select(counters.c.value).where(counters.c.name == STANS)
_NEXT_STAN: Final = update(counters).where(counters.c.name == STANS)
_HELD: Final = select(_P.id).where(_P.stan == bindparam("stan"), OPEN)
_OF_COUNTER: Final = select(_P.id).where(
    _P.reader == bindparam("its_reader"), _P.counter == bindparam("its_counter")
)
_CHANGE: Final = update(payments).where(_P.id == bindparam("its_id"))
_CHANGE_HELD: Final = _CHANGE.where(_P.epoch == bindparam("its_epoch"))
_EVENT: Final = insert(events).returning(events.c.id)
_TOLD_DAMAGE: Final = update(readers).where(
    _R.id == bindparam("its_id"), _R.damaged_told_ms <= bindparam("quiet_since_ms")
)


class Stale(Exception):
    """Somebody else has moved the payment since it was read: look again."""


class KeyUsed(Exception):
    """Another payment holds this reader and counter."""


@dataclass(frozen=True, slots=True)
class Move:
    """One arrow, with the transfers it makes."""

    before: State
    event: Event
    after: State
    transfers: tuple[Transfer, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """All that one commit says about one payment. changes: columns of the payment."""

    payment: Payment
    node: int
    at_ms: int
    moves: tuple[Move, ...]
    changes: Mapping[str, Any] = field(repr=False)
    letter: Queued | None = None
    answer: Answer | None = None


class Attempt(NamedTuple):
    """One dispatch. reversal: ready-made, wrapped under the purpose's key."""

    stan: int
    reversal: bytes


def record(conn: Connection, entry: Entry) -> bool:
    """Unit of work: write the entry; -> whether its letter was queued.

    Raises Stale if the epoch no longer holds, KeyUsed if another payment has the counter.
    """
    _hold(conn, entry)
    for move in entry.moves:
        _move(conn, entry, move, entry.changes if move is entry.moves[-1] else {})
    if entry.answer is not None:
        answers.keep(conn, entry.answer, entry.payment.id, entry.at_ms)
    if entry.letter is None or not _may_tell(conn, entry, entry.letter):
        return False
    letters.put(conn, entry.payment.id, entry.letter, entry.at_ms)
    return True


def dispatch(conn: Connection, entry: Entry, prepare: Callable[[int], bytes]) -> Attempt:
    """Unit of work: give the attempt a STAN and its ready-made reversal, and write the entry.

    prepare: STAN -> the wrapped reversal; pure. After this commit the request counts as sent.
    """
    stan = next_stan(conn)
    *others, last = entry.moves
    dispatched = replace(last, event=Event(last.event.kind, {**last.event.facts, "stan": stan}))
    attempt = Attempt(stan, prepare(stan))
    changes = {**entry.changes, **attempt._asdict()}
    record(conn, replace(entry, moves=(*others, dispatched), changes=changes))
    return attempt


def claim(conn: Connection, payment: Payment, node: int, due_ms: int) -> None:
    """Unit of work: this node sends the next reversal. Counted before it leaves.

    due_ms: when somebody has to look, should we die meanwhile. Raises Stale.
    """
    _update(conn, payment, node, {"transmissions": payment.transmissions + 1, "due_ms": due_ms})


def next_stan(conn: Connection) -> int:
    """The next trace number, 1..999999 and round again, that no payment open at the acquirer holds (DE11)."""
    stan: int = conn.execute(_STAN).scalar_one()
    while True:
        stan = stan % STAN_MAX + 1
        if conn.scalar(_HELD, {"stan": stan}) is None:
            break
    conn.execute(_NEXT_STAN, {"value": stan})
    return stan


def _hold(conn: Connection, entry: Entry) -> None:
    counter = entry.changes.get("counter")
    if counter is not None:
        key = {"its_reader": entry.payment.reader, "its_counter": counter}
        if conn.scalar(_OF_COUNTER, key) not in (None, entry.payment.id):
            raise KeyUsed
    # Changes belong to the state that the last move leads to: the database checks one against the other.
    _update(conn, entry.payment, entry.node, {} if entry.moves else entry.changes)


def _update(conn: Connection, payment: Payment, node: int, changes: Mapping[str, Any]) -> None:
    held = {"its_id": payment.id, "its_epoch": payment.epoch}
    written = {"epoch": payment.epoch + 1, "node": node, **changes}
    if conn.execute(_CHANGE_HELD, held | written).rowcount != 1:
        raise Stale


def _move(conn: Connection, entry: Entry, move: Move, changes: Mapping[str, Any]) -> None:
    row = {
        "payment": entry.payment.id,
        "at_ms": entry.at_ms,
        "before": move.before.value,
        "kind": move.event.kind.value,
        "after": move.after.value,
        "facts": json.dumps(dict(move.event.facts), sort_keys=True, ensure_ascii=False),
    }
    event_id = conn.execute(_EVENT, row).scalar_one()
    if move.after is not move.before:
        changes = {**changes, "state": move.after.value}
    if changes:
        conn.execute(_CHANGE, {"its_id": entry.payment.id, **changes})
    books.post(conn, books.Place(entry.payment.id, event_id, entry.node, entry.at_ms), move.transfers)


def _may_tell(conn: Connection, entry: Entry, letter: Queued) -> bool:
    if letter.kind not in _OF_READER:
        return True
    quiet = {"its_id": entry.payment.reader, "quiet_since_ms": entry.at_ms - DAMAGED_EVERY_MS}
    return conn.execute(_TOLD_DAMAGE, {**quiet, "damaged_told_ms": entry.at_ms}).rowcount == 1
