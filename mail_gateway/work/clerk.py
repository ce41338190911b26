"""The clerk turns events into one entry, has it committed, and only then tells the world."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from acquirer_sdk.values import LateAnswer
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.ledger import transfers_for
from mail_gateway.domain.payment import ENDED, NOT_CHARGED, State, step
from mail_gateway.domain.returns import held_minor
from mail_gateway.store.record import Entry, Move, Stale, dispatch, record
from mail_gateway.work.told import letter, told_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from acquirer_sdk.values import AuthoriseOutcome, ReversalOutcome
    from mail_gateway.domain.payment import Event
    from mail_gateway.store.answers import Answer
    from mail_gateway.store.payments import Payment
    from mail_gateway.store.wants import Asking
    from mail_gateway.work.kit import Kit

RETRY_MAX_S: Final = 60
_HAS_NO_ATTEMPT: Final = frozenset({*ENDED, State.READY}) - NOT_CHARGED


class Overtaken(Exception):
    """Somebody else moved the payment while its answer was awaited: the answer is a late one now."""

    def __init__(self, answer: LateAnswer) -> None:
        super().__init__(answer.reference)
        self.answer = answer


def draft(
    kit: Kit,
    payment: Payment,
    happened: Sequence[Event],
    *,
    told: bool = True,
    asking: Asking | None = None,
    **changes: Any,
) -> Entry:
    """One entry for one or more events in a row. changes: columns that change with them.

    told=False leaves the letter out; orders have letters of their own. asking: what the merchant is asked
    for, by this letter or behind it. Raises IllegalTransition.
    """
    now_ms = kit.ports.now_ms()
    amount_minor = changes.get("amount_minor", payment.amount_minor)
    currency = changes.get("currency", payment.currency)
    trade = changes.get("kind", payment.kind)
    moves: list[Move] = []
    state = payment.state
    for event in happened:
        after = step(state, event.kind)
        transfers = transfers_for(state, event.kind, amount_minor, currency, trade)
        moves.append(Move(state, event, after, transfers))
        state = after
    if trade.is_return and happened:
        held = held_minor(happened, state, amount_minor, payment.returned_minor)
        changes = {"returned_minor": held, **changes}
    telling = told_of(moves, trade) if told and payment.order_id is None else None
    queued = None
    if telling is not None:
        changes["version"] = payment.version + 1
        question = None if asking is None or asking.composed is not None else asking.question
        queued = letter(kit, replace(payment, **changes), telling, now_ms, question)
    changes = {**_wiped(state), **changes}
    return Entry(payment, kit.node, now_ms, tuple(moves), changes, queued, asking=asking)


async def enter(kit: Kit, entry: Entry) -> Payment:
    """Commit an entry and tell of it; -> the payment as it now is.

    Raises Stale, KeyUsed, GatewayError(retry): nothing was written.
    """
    queued = await kit.store.run(record, entry)
    _tell(kit, entry, queued=queued)
    return _as_written(entry)


async def enter_dispatch(kit: Kit, entry: Entry, prepare: Callable[[int], bytes]) -> Payment:
    """The same for the commit after which the request counts as sent; it allots the STAN."""
    attempt = await kit.store.run(dispatch, entry, prepare)
    _tell(kit, entry, queued=False)
    return _as_written(entry, **attempt._asdict())


async def enter_surely(kit: Kit, entry: Entry) -> Payment | None:
    """Commit what cannot be asked again, however long the store fails; -> None if somebody else was first.

    Should the process end before, the disk says DISPATCHED, and the next life reverses.
    """
    pause_s = 1
    while True:
        try:
            return await enter(kit, entry)
        except Stale:
            return None
        except GatewayError as error:
            if error.disposition is not Disposition.RETRY:
                raise
            kit.ports.tell("alarm.answer-not-stored", payment=entry.payment.id, slug=error.slug)
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, RETRY_MAX_S)


async def enter_answer(
    kit: Kit, entry: Entry, answer: Answer, outcome: AuthoriseOutcome | ReversalOutcome
) -> Payment:
    """`enter_surely` for what the acquirer said, kept in the same commit. Raises Overtaken if it was not."""
    written = await enter_surely(kit, with_answer(entry, answer))
    if written is None:
        raise Overtaken(LateAnswer(answer.reference, answer.stan, outcome, answer.code))
    return written


def with_answer(entry: Entry, answer: Answer) -> Entry:
    """The entry with the acquirer's answer, kept in the same commit."""
    return replace(entry, answer=answer)


def _wiped(state: State) -> dict[str, Any]:
    """What may no longer be kept in that state: the sealed card, the ready-made reversal."""
    changes: dict[str, Any] = {}
    if state in ENDED:
        changes |= {"envelope": None, "due_ms": None}
    if state in _HAS_NO_ATTEMPT:
        changes |= {"reversal": None}
    return changes


def _as_written(entry: Entry, **more: Any) -> Payment:
    payment = entry.payment
    state = entry.moves[-1].after if entry.moves else payment.state
    changes = {**entry.changes, **more, "state": state, "epoch": payment.epoch + 1, "node": entry.node}
    return replace(payment, **changes)


def _tell(kit: Kit, entry: Entry, *, queued: bool) -> None:
    number = entry.payment.id
    for move in entry.moves:
        before, event, after = move.before.value, move.event.kind.value, move.after.value
        kit.ports.tell("payment.moved", payment=number, before=before, event=event, after=after)
        for one in move.transfers:
            sides = {"debit": one.debit.value, "credit": one.credit.value, "phase": one.phase.value}
            kit.ports.tell("ledger.transfer", payment=number, amount=one.amount_minor, **sides)
    if entry.moves and entry.payment.order_id is not None:
        kit.order_moved(entry.payment.order_id)
    if entry.letter is not None and queued:
        kind, version = entry.letter.kind.value, entry.letter.version
        kit.ports.tell("letter.queued", payment=number, kind=kind, version=version)
        kit.letter_queued()
