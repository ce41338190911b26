"""Wants on disk: what was asked for, what was answered, and what becomes of it with the payment."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, insert, or_, select, update

from acquirer_sdk.values import Item
from mail_gateway.domain.payment import Kind, State
from mail_gateway.domain.wants import GIVEN_BACK, Phase, Told, Want, WantState
from mail_gateway.store.sheet import Line, Stale, Step
from mail_gateway.store.tables import letters, merchants, payments, readers, wants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection

    from mail_gateway.domain.news import Composed
    from mail_gateway.domain.outcome import Letter
    from mail_gateway.domain.wants import Question
    from mail_gateway.store.record import Entry
    from mail_gateway.store.sheet import Sheet

LETTER_AFTER_MS: Final = 1
"""The request goes right behind the letter that says approved."""

_W: Final = wants.c
_FIELDS: Final = tuple(Want.__dataclass_fields__)
_COLUMNS: Final = tuple(_W[name] for name in _FIELDS)
_OPEN: Final = or_(_W.state == WantState.ASKED, (_W.state == WantState.SUPPLIED) & _W.due_ms.is_not(None))
_PUT: Final = Line(Step.ANSWER, insert(wants))
_LETTER: Final = Line(Step.LETTER, insert(letters))
_END: Final = Line(
    Step.MARK,
    update(wants)
    .where(_W.payment == bindparam("its_payment"), _W.phase == bindparam("its_phase"), _OPEN)
    .values(state=WantState.LAPSED.value, due_ms=None, epoch=_W.epoch + 1)
    .values(code=bindparam("why", type_=_W.code.type)),
)
_DUE: Final = (
    select(*_COLUMNS)
    .where(_W.due_ms <= bindparam("now_ms"))
    .order_by(_W.due_ms, _W.id)
    .limit(bindparam("most", type_=_W.id.type))
)


@dataclass(frozen=True, slots=True)
class Asking:
    """A question, and the notice that asks it; None where the payment's own letter does."""

    question: Question
    merchant: int
    kind: Letter | None = None
    composed: Composed | None = field(default=None, repr=False)


def follow(sheet: Sheet, entry: Entry) -> None:
    """Unit of work: what an entry about a payment means for its wants."""
    payment = entry.payment
    if entry.asking is not None:
        put(sheet, payment.id, entry.asking, entry.at_ms)
    for move in entry.moves:
        if move.before is State.MORE_WANTED and move.event.kind is not Kind.SUPPLIED:
            _end(sheet, payment.id, Phase.BEFORE, str(move.event.facts.get("slug", move.event.kind.value)))
        original = entry.changes.get("original", payment.original)
        if original is not None and move.after is State.APPROVED:
            _end(sheet, original, Phase.AFTER, GIVEN_BACK)


def put(sheet: Sheet, payment: int, asking: Asking, at_ms: int) -> None:
    """Unit of work: a new want, and the letter that asks for it."""
    question = asking.question
    row = {
        "payment": payment,
        "phase": question.phase.value,
        "round": question.round,
        "items": " ".join(item.value for item in question.items),
        "code": question.code,
        "asked_ms": at_ms,
        "until_ms": question.until_ms,
        "due_ms": question.due_ms,
        "letters": 1,
    }
    sheet.add(_PUT, row)
    if asking.composed is not None and asking.kind is not None:
        _queue(sheet, asking.merchant, asking.kind, asking.composed, at_ms)


def change(conn: Connection | Sheet, want: Want, changes: Mapping[str, Any]) -> None:
    """Unit of work: other values, where nobody has changed it since it was read. Raises Stale."""
    values = dict(changes)
    if "given" in values:
        values["given"] = _json(values["given"])
    asked = update(wants).where(_W.id == want.id, _W.epoch == want.epoch)
    if conn.execute(asked.values(epoch=_W.epoch + 1, **values)).rowcount != 1:
        raise Stale


def newest(conn: Connection, payment: int) -> Want | None:
    """What was asked last about that payment."""
    asked = select(*_COLUMNS).where(_W.payment == payment).order_by(_W.id.desc()).limit(1)
    row = conn.execute(asked).one_or_none()
    return None if row is None else _want(row)


def load(conn: Connection, number: int) -> Want | None:
    """The want of that number."""
    row = conn.execute(select(*_COLUMNS).where(_W.id == number)).one_or_none()
    return None if row is None else _want(row)


def told(conn: Connection, payment: int) -> Told:
    """What a payment's merchant has told before its approval; what was said last counts."""
    asked = select(*_COLUMNS).where(_W.payment == payment, _W.phase == Phase.BEFORE).order_by(_W.id)
    found = [_want(row) for row in conn.execute(asked)]
    items: dict[Item, str] = {}
    for want in found:
        items |= want.given if want.state is WantState.SUPPLIED else {}
    return Told(len(found), items)


def due(conn: Connection, now_ms: int, limit: int) -> list[Want]:
    """What has to be looked at now, the longest due first."""
    return [_want(row) for row in conn.execute(_DUE, {"now_ms": now_ms, "most": limit})]


def next_due_ms(conn: Connection, now_ms: int) -> int | None:
    """When the next one is due after now, unix ms."""
    found: int | None = conn.scalar(select(func.min(_W.due_ms)).where(_W.due_ms > now_ms))
    return found


def attempt(conn: Connection, payment: int, stan: int) -> Want | None:
    """The want whose attempt had that trace number, while that attempt's reversal is kept."""
    asked = select(*_COLUMNS).where(_W.payment == payment, _W.phase == Phase.BEFORE, _W.stan == stan)
    row = conn.execute(asked.where(_W.reversal.is_not(None))).one_or_none()
    return None if row is None else _want(row)


def reversal(conn: Connection, number: int) -> bytes | None:
    """The kept reversal of a want's attempt, wrapped."""
    found: bytes | None = conn.scalar(select(_W.reversal).where(_W.id == number))
    return found


def listed(conn: Connection, limit: int, *, everything: bool) -> list[dict[str, Any]]:
    """Rows for a person, oldest first: what is asked, or waits for the acquirer or for a person."""
    shown = [column for column in wants.c if column.name not in ("reversal", "epoch", "alarms")]
    asked = select(*shown, merchants.c.name.label("merchant")).select_from(wants)
    asked = asked.join(payments, payments.c.id == _W.payment).join(readers, readers.c.id == payments.c.reader)
    asked = asked.join(merchants, merchants.c.id == readers.c.merchant).order_by(_W.id).limit(limit)
    if not everything:
        asked = asked.where(or_(_W.state == WantState.ASKED, waiting()))
    rows = [dict(row) for row in conn.execute(asked).mappings()]
    return [{**row, "given": json.loads(row["given"])} for row in rows]


def waiting() -> ColumnElement[bool]:
    """Answered, and the acquirer has not taken it yet, or does not."""
    answered = (_W.phase == Phase.AFTER) & (_W.state == WantState.SUPPLIED)
    return answered & or_(_W.due_ms.is_not(None), _W.code != "")


def _end(sheet: Sheet, payment: int, phase: Phase, why: str) -> None:
    sheet.add(_END, {"its_payment": payment, "its_phase": phase.value, "why": why})


def _queue(sheet: Sheet, merchant: int, kind: Letter, composed: Composed, at_ms: int) -> None:
    row = {
        "merchant": merchant,
        "kind": kind.value,
        "version": 0,
        "message_id": composed.message_id,
        "sender": composed.sender,
        "recipient": composed.recipient,
        "raw": composed.raw,
        "created_ms": at_ms,
        "rank": 1,
        "state": "due",
        "due_ms": at_ms + LETTER_AFTER_MS,
    }
    sheet.add(_LETTER, row)


def _json(given: Mapping[Item, str]) -> str:
    return json.dumps({item.value: value for item, value in given.items()}, ensure_ascii=False)


def _want(row: Any) -> Want:
    given = dict(zip(_FIELDS, row, strict=True))
    return Want(
        **{
            **given,
            "phase": Phase(given["phase"]),
            "state": WantState(given["state"]),
            "items": tuple(Item(name) for name in given["items"].split()),
            "given": {Item(name): value for name, value in json.loads(given["given"]).items()},
        }
    )
