"""Anchors: where every chain stands now, in a few lines to keep off this machine."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import func, select

from mail_gateway.store.books import start
from mail_gateway.store.rules import FIXED
from mail_gateway.store.tables import answers, events, key_events, letters, notes, payments, transfers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Table

_T: Final = transfers.c
_READ: Final = 2000
_DIGESTED: Final[dict[str, tuple[Table, tuple[str, ...]]]] = {
    "answers": (answers, tuple(answers.c.keys())),
    "events": (events, tuple(events.c.keys())),
    "key_events": (key_events, tuple(key_events.c.keys())),
    "letters": (letters, FIXED["letters"]),
    "notes": (notes, tuple(notes.c.keys())),
    "payments": (payments, FIXED["payments"]),
}
"""Rows that never change, by the columns that never change."""


class Mark(NamedTuple):
    """One line of an anchor: a lane of the ledger up to a place, or a table up to a row, and its hash."""

    name: str
    upto: int
    hash: str

    def __str__(self) -> str:
        return f"{self.name} {self.upto} {self.hash}"


def marks(conn: Connection) -> list[Mark]:
    """Where everything stands now."""
    lanes = select(_T.lane, func.max(_T.place)).group_by(_T.lane).order_by(_T.lane)
    found = [lane(conn, number, place) for number, place in conn.execute(lanes)]
    for name, (table, _) in _DIGESTED.items():
        newest = conn.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0
        found.append(digest(conn, name, newest))
    return found


def lane(conn: Connection, number: int, place: int) -> Mark:
    """The head of a ledger lane at a place; it holds all before it. A place that is not there has no hash."""
    asked = select(_T.chain).where(_T.lane == number, _T.place == place)
    head = start(number) if place == 0 else conn.scalar(asked)
    return Mark(f"lane-{number}", place, "" if head is None else head.hex())


def digest(conn: Connection, name: str, upto: int) -> Mark:
    """SHA-256 over the rows of a table up to a number, and how many they are."""
    total = hashlib.sha256()
    for row in _rows(conn, name, upto):
        total.update(repr(tuple(row)).encode())
    return Mark(name, upto, total.hexdigest())


def again(conn: Connection, mark: Mark) -> Mark:
    """The same mark as the database has it now."""
    kind, _, number = mark.name.partition("-")
    if kind == "lane" and number.isdecimal():
        return lane(conn, int(number), mark.upto)
    return digest(conn, mark.name, mark.upto) if mark.name in _DIGESTED else Mark(mark.name, mark.upto, "")


def whole(found: Sequence[Mark]) -> str:
    """One hash over all lines of an anchor."""
    return hashlib.sha256("".join(f"{mark}\n" for mark in found).encode()).hexdigest()


def _rows(conn: Connection, name: str, upto: int) -> Iterator[tuple[object, ...]]:
    table, columns = _DIGESTED[name]
    after = 0
    while True:
        asked = select(*(table.c[column] for column in columns)).where(table.c.id > after, table.c.id <= upto)
        rows = conn.execute(asked.order_by(table.c.id).limit(_READ)).all()
        yield from (tuple(row) for row in rows)
        if len(rows) < _READ:
            return
        after = rows[-1].id
