"""Record: the one unit of work that moves a payment. Events, transfers, letter and state, or nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import bindparam, case, insert, select, update

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import Event, State
from mail_gateway.store import answers, books, letters, order_payments, pads, returns, wants
from mail_gateway.store.payments import OWN
from mail_gateway.store.sheet import Line, Step, foreseeing
from mail_gateway.store.sheet import Stale as Stale
from mail_gateway.store.tables import STANS, counters, events, payments, readers
from mail_gateway.store.tables import wants as want_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mail_gateway.domain.ledger import Transfer
    from mail_gateway.store.answers import Answer
    from mail_gateway.store.letters import Queued
    from mail_gateway.store.payments import Payment
    from mail_gateway.store.sheet import Question, Sheet
    from mail_gateway.store.wants import Asking

DAMAGED_EVERY_MS: Final = 60_000
"""A reader's merchant is asked to send again at most so often."""

_OF_READER: Final = (Letter.DAMAGED, Letter.KEY_USED)
STAN_MAX: Final = 999_999
BLOCK: Final = 1000
"""So many trace numbers are taken at once: two nodes that do so at one moment are a conflict."""

BLOCKS: Final = STAN_MAX // BLOCK + 1

_P: Final = payments.c
_R: Final = readers.c
_NEVER_CHANGED: Final = frozenset({"id", "reader", "received_ms", "ksn"})
_CHANGED: Final = tuple(name for name in OWN if name not in {*_NEVER_CHANGED, "envelope"})
_as_it_was: Final = attrgetter(*_CHANGED)

# Built once: the library needs several times as long to build a statement as to run it.
_NEXT_BLOCK: Final = (
    update(counters)
    .where(counters.c.name == bindparam("its_name"))
    .values(value=counters.c.value + 1)
    .returning(counters.c.value)
)
_W: Final = want_rows.c
_HELD: Final = (
    select(_P.stan)
    .where(_P.reversal.is_not(None), _P.stan.between(bindparam("first"), bindparam("last")))
    .union_all(
        select(_W.stan).where(_W.due_ms.is_not(None), _W.stan.between(bindparam("first"), bindparam("last")))
    )
)
_OF_COUNTER: Final = select(_P.id).where(
    _P.reader == bindparam("its_reader"), _P.counter == bindparam("its_counter")
)
_EVENT: Final = Line(Step.EVENT, insert(events))
_MOVE: Final = Line(
    Step.MOVE,
    update(payments)
    .where(_P.id == bindparam("its_id"), _P.epoch == bindparam("its_epoch"))
    .values({name: bindparam(name, type_=_P[name].type) for name in _CHANGED})
    .values(envelope=case((bindparam("wiped", type_=_P.epoch.type) == 0, _P.envelope))),
    each=True,
)
_TOLD_WHEN: Final = select(_R.damaged_told_ms).where(_R.id == bindparam("its_id"))
_TOLD: Final = Line(
    Step.MARK,
    update(readers)
    .where(_R.id == bindparam("its_id"), _R.damaged_told_ms == bindparam("before_ms"))
    .values(damaged_told_ms=bindparam("at_ms", type_=_R.damaged_told_ms.type)),
    each=True,
)


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
    """All that one commit says about one payment. changes: columns of the payment.

    sale_epoch: of a return that is accepted, its sale's epoch when it was judged.
    asking: what the merchant is asked for.
    """

    payment: Payment
    node: int
    at_ms: int
    moves: tuple[Move, ...]
    changes: Mapping[str, Any] = field(repr=False)
    letter: Queued | None = None
    answer: Answer | None = None
    sale_epoch: int = 0
    asking: Asking | None = None


class Attempt(NamedTuple):
    """One dispatch. reversal: ready-made, wrapped under the purpose's key."""

    stan: int
    reversal: bytes


def _key_of(entry: Entry, *_: object) -> Iterator[Question]:
    counter = entry.changes.get("counter")
    if counter is not None:
        yield _OF_COUNTER, {"its_reader": entry.payment.reader, "its_counter": counter}


@foreseeing(_key_of)
def record(sheet: Sheet, entry: Entry) -> bool:
    """Unit of work: write the entry; -> whether its letter was queued.

    Raises Stale if the epoch, or its sale's, no longer holds; KeyUsed if another payment has the counter.
    """
    payment, letter = entry.payment, entry.letter
    _assert_key_is_free(sheet, entry)
    _count(sheet, entry)
    if letter is not None and not _may_tell(sheet, entry, letter):
        letter = None
    _change(sheet, payment, entry.node, _with_state(entry))
    for move in entry.moves:
        _move(sheet, entry, move)
        if move.after is State.UNPAID and payment.order_id is not None:
            order_payments.look(sheet, payment.order_id, entry.at_ms)
    if entry.answer is not None:
        answers.keep(sheet, entry.answer, payment.id, entry.at_ms)
    if letter is not None:
        letters.put(sheet, payment.id, letter, entry.at_ms)
    wants.follow(sheet, entry)
    return letter is not None


@foreseeing(_key_of)
def dispatch(sheet: Sheet, entry: Entry, prepare: Callable[[int], bytes]) -> Attempt:
    """Unit of work: give the attempt a STAN and its ready-made reversal, and write the entry.

    prepare: STAN -> the wrapped reversal; pure. After this commit the request counts as sent.
    """
    stan = next_stan(sheet)
    *others, last = entry.moves
    event = Event(last.event.kind, {**last.event.facts, "stan": stan})
    dispatched = Move(last.before, event, last.after, last.transfers)
    attempt = Attempt(stan, prepare(stan))
    changes = {**entry.changes, **attempt._asdict()}
    record(sheet, replace(entry, moves=(*others, dispatched), changes=changes))
    return attempt


def claim(sheet: Sheet, payment: Payment, node: int, due_ms: int) -> None:
    """Unit of work: this node sends the next reversal. Counted before it leaves.

    due_ms: when somebody has to look, should we die meanwhile. Raises Stale.
    """
    _change(sheet, payment, node, {"transmissions": payment.transmissions + 1, "due_ms": due_ms})


def next_stan(sheet: Sheet) -> int:
    """The next trace number, 1..999999 and round again, that no reversal may still need (DE11).

    Raises GatewayError(retry) if there is none.
    """
    for _ in range(BLOCKS + 1):
        if sheet.ahead.stans:
            return sheet.ahead.stans.popleft()
        sheet.ahead.stans.extend(_block(sheet))
    raise GatewayError("No trace number is free.", "stan-none", Disposition.RETRY)


def _block(sheet: Sheet) -> Iterator[int]:
    """The next trace numbers that are not held; where there are several nodes, nobody else gets them."""
    ((count,),) = sheet.ask(_NEXT_BLOCK, {"its_name": STANS})
    first = (count - 1) % BLOCKS * BLOCK + 1
    last = min(first + BLOCK - 1, STAN_MAX)
    held = {stan for (stan,) in sheet.ask(_HELD, {"first": first, "last": last})}
    return (stan for stan in range(first, last + 1) if stan not in held)


def _count(sheet: Sheet, entry: Entry) -> None:
    """What a return holds of its sale, the sale counts."""
    sale = entry.changes.get("original", entry.payment.original)
    before_minor = entry.payment.returned_minor
    after_minor = entry.changes.get("returned_minor", before_minor)
    if sale is not None and after_minor > before_minor:
        returns.hold(sheet, sale, entry.sale_epoch, after_minor - before_minor)
    elif sale is not None and after_minor < before_minor:
        returns.free(sheet, sale, before_minor - after_minor)


def _assert_key_is_free(sheet: Sheet, entry: Entry) -> None:
    for question in _key_of(entry):
        if any(number != entry.payment.id for (number,) in sheet.ask(*question)):
            raise KeyUsed


def _with_state(entry: Entry) -> Mapping[str, Any]:
    return {**entry.changes, "state": entry.moves[-1].after.value} if entry.moves else entry.changes


def _change(sheet: Sheet, payment: Payment, node: int, changes: Mapping[str, Any]) -> None:
    """Every column every time: one statement for all payments of a group, whatever happened to them."""
    sheet.hold(payment.id, payment.epoch)
    row = dict(zip(_CHANGED, _as_it_was(payment), strict=True))
    row |= {"epoch": payment.epoch + 1, "node": node, "state": payment.state.value, **changes}
    row["kind"] = row["kind"].value
    wiped = "envelope" in row and row.pop("envelope") is None
    if wiped:
        pads.shred(sheet, payment.id)
    sheet.add(_MOVE, {**row, "its_id": payment.id, "its_epoch": payment.epoch, "wiped": int(wiped)})


def _move(sheet: Sheet, entry: Entry, move: Move) -> None:
    number = sheet.next_id(events.name)
    row = {
        "id": number,
        "payment": entry.payment.id,
        "at_ms": entry.at_ms,
        "before": move.before.value,
        "kind": move.event.kind.value,
        "after": move.after.value,
        "facts": _facts(move.event),
    }
    sheet.add(_EVENT, row)
    books.post(sheet, books.Place(entry.payment.id, number, entry.node, entry.at_ms), move.transfers)


def _facts(event: Event) -> str:
    return json.dumps(dict(event.facts), sort_keys=True, ensure_ascii=False) if event.facts else "{}"


def _may_tell(sheet: Sheet, entry: Entry, letter: Queued) -> bool:
    if letter.kind not in _OF_READER:
        return True
    ((told_ms,),) = sheet.ask(_TOLD_WHEN, {"its_id": entry.payment.reader})
    if told_ms > entry.at_ms - DAMAGED_EVERY_MS:
        return False
    sheet.add(_TOLD, {"its_id": entry.payment.reader, "before_ms": told_ms, "at_ms": entry.at_ms})
    return True
