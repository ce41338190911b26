"""Notes on payments: why one was set apart for a person, and what the person said. Only ever added."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, insert, select

from mail_gateway.store.tables import notes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from mail_gateway.store.sheet import Sheet


class Said(StrEnum):
    """What a note says. The first three say why a payment is set apart; the others what is to be done."""

    STUMBLED = "stumbled"  # a stage failed thrice
    RECOVERING = "recovering"  # it may have been charged in a time that a restore has lost
    GHOST = "ghost"  # the acquirer's list has such a charge, and it may be this one
    TOLD = "told"  # done: nothing is left to do until somebody says more
    RETRY = "retry"
    DROP = "drop"
    CHARGED = "charged"
    UNCHARGED = "uncharged"
    GIVE_BACK = "give-back"  # of an approved sale; facts: kind, amount_minor


WHY: Final = (Said.STUMBLED, Said.RECOVERING, Said.GHOST)
_N: Final = notes.c
_ADD: Final = insert(notes)
_NEWEST: Final = (
    select(_N.kind, _N.text, _N.facts)
    .where(_N.payment == bindparam("its_payment"))
    .order_by(_N.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Note:
    """text: a person's or our own words. facts: numbers and names that go with it; never card data."""

    kind: Said
    text: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def add(conn: Connection | Sheet, payment_id: int, at_ms: int, note: Note) -> None:
    """Unit of work: one note more."""
    row = {"payment": payment_id, "at_ms": at_ms, "kind": note.kind.value, "text": note.text}
    facts = json.dumps(dict(note.facts), sort_keys=True, ensure_ascii=False)
    conn.execute(_ADD, {**row, "facts": facts})


def newest(conn: Connection, payment_id: int) -> Note | None:
    """What was noted last."""
    return _note(conn.execute(_NEWEST, {"its_payment": payment_id}).one_or_none())


def why(conn: Connection, payment_id: int) -> Note | None:
    """Why the payment is set apart: the newest note that says so."""
    asked = select(_N.kind, _N.text, _N.facts).where(_N.payment == payment_id)
    asked = asked.where(_N.kind.in_([kind.value for kind in WHY])).order_by(_N.id.desc()).limit(1)
    return _note(conn.execute(asked).one_or_none())


def _note(row: Any) -> Note | None:
    return None if row is None else Note(Said(row.kind), row.text, json.loads(row.facts))
