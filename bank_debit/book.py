"""The book: debits, files and the bank's answers in one SQLite file, which only this module reads and writes.

The gateway's adapter and the command line have it open at once: every change is one transaction that begins
by taking the write lock, and a commit is on the disk before it is answered.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from bank_debit.debit import (
    TRANSITIONS,
    UNSOLD,
    Batch,
    Booked,
    BookTotals,
    DaySum,
    Move,
    NewDebit,
    State,
)

BUSY_S: Final = 20
PLACE_MAX: Final = 999_999

VERSION: Final = 1
"""Of the tables below."""

_SETTINGS: Final = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}

_STATES: Final = ", ".join(f"'{state}'" for state in State)

_SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS batches (
    day TEXT PRIMARY KEY, cut_ms INTEGER NOT NULL, request BLOB NOT NULL, read_ms INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS debits (
    reference TEXT PRIMARY KEY, stan INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor BETWEEN 1 AND 9999999999),
    office TEXT NOT NULL, kind INTEGER NOT NULL, number TEXT NOT NULL, holder TEXT NOT NULL,
    mandate TEXT NOT NULL, customer TEXT NOT NULL, accepted_ms INTEGER NOT NULL, accepted_on TEXT NOT NULL,
    day TEXT NOT NULL, place INTEGER NOT NULL CHECK (place BETWEEN 1 AND {PLACE_MAX}),
    state TEXT NOT NULL CHECK (state IN ({_STATES})),
    batch TEXT REFERENCES batches (day), line INTEGER, result INTEGER,
    wanted_back INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '', told INTEGER NOT NULL DEFAULT 0,
    UNIQUE (day, place), UNIQUE (batch, line),
    CHECK ((batch IS NULL) = (line IS NULL)),
    CHECK ((batch IS NULL) = (state IN ('open', 'voided', 'reversed'))),
    CHECK ((result IS NULL) = (state NOT IN ('collected', 'unpaid', 'paid-back')))
) STRICT;
CREATE INDEX IF NOT EXISTS debits_state ON debits (state, day);
CREATE INDEX IF NOT EXISTS debits_accepted ON debits (accepted_on);
CREATE TABLE IF NOT EXISTS voids (
    reference TEXT PRIMARY KEY, sale TEXT NOT NULL REFERENCES debits (reference),
    accepted_on TEXT NOT NULL, undone INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS declined (reference TEXT PRIMARY KEY, code TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS answers (
    file BLOB NOT NULL UNIQUE, day TEXT NOT NULL REFERENCES batches (day), read_ms INTEGER NOT NULL
) STRICT;
"""

_BOOKED: Final = tuple(field.name for field in fields(Booked))
_NEW: Final = tuple(field.name for field in fields(NewDebit))
_SELECT: Final = f"SELECT {', '.join(_BOOKED)} FROM debits"


_UNFINISHED: Final = (
    "SELECT coalesce(batch, day) FROM debits"
    " WHERE state IN ('open', 'at-bank') OR (state = 'collected' AND wanted_back)"
)


class BookError(Exception):
    """The book could not be written or read; surely nothing changed. Never holds what was to be written."""


class BookUnsure(Exception):
    """A commit failed: it may be on the disk or not."""


class Book:
    """One open book. Not for two threads at once."""

    def __init__(self, path: str) -> None:
        """path: a file, or ``:memory:``. Raises BookError."""
        try:
            if path != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).touch(mode=0o600)  # SQLite gives its log the same mode
            self._db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        except (sqlite3.Error, OSError) as error:
            raise BookError(f"the book {path} cannot be opened: {error}") from None
        try:
            self._prepare()
        except (sqlite3.Error, BookError) as error:
            self._db.close()
            raise BookError(f"the book {path} cannot be opened: {error}") from None

    def close(self) -> None:
        """Nothing may be asked afterwards."""
        self._db.close()

    def _prepare(self) -> None:
        """Settings that durability needs, read back; the tables; nothing of a later version is touched."""
        for name, wanted in _SETTINGS.items():
            self._db.execute(f"PRAGMA {name} = {wanted}").fetchall()
            found = self._db.execute(f"PRAGMA {name}").fetchone()[0]
            if found not in (wanted, "memory"):
                raise BookError(f"the book keeps {name} at {found}, it has to be {wanted}")
        version = self._one("PRAGMA user_version")
        if version > VERSION:
            raise BookError("the book was made by a later version of this program")
        if version < VERSION:
            self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT")

    @contextmanager
    def unit(self) -> Iterator[None]:
        """One transaction. Raises BookError: nothing changed; BookUnsure: nobody knows."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise BookError(f"the book cannot be written: {error}") from None
        try:
            yield
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                raise BookError(f"the book could not be changed: {type(error).__name__}") from None
            raise
        try:
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise BookUnsure(f"the book's commit failed: {error}") from None

    def find(self, reference: str) -> Booked | None:
        """A debit."""
        return next(self._booked("WHERE reference = ?", reference), None)

    def declined(self, reference: str) -> str:
        """The code with which a request was declined, or is to be should it come; or an empty text."""
        row = self._db.execute("SELECT code FROM declined WHERE reference = ?", [reference]).fetchone()
        return str(row[0]) if row else ""

    def is_cut(self, day: date) -> bool:
        """Whether that day's file was cut."""
        return self._one("SELECT count(*) FROM batches WHERE day = ?", f"{day}") > 0

    def put(self, new: NewDebit, days: Iterable[date]) -> Booked:
        """Enter a debit for the first of the days whose file is not cut and that has a place left."""
        day, place = next(self._places(days))
        names = (*_NEW, "day", "place", "state")
        values = [*(_stored(getattr(new, name)) for name in _NEW), f"{day}", place, State.OPEN]
        marks = ", ".join("?" * len(names))
        self._db.execute(f"INSERT INTO debits ({', '.join(names)}) VALUES ({marks})", values)
        return next(self._booked("WHERE reference = ?", new.reference))

    def move(self, reference: str, move: Move, **changes: str | int | None) -> None:
        """Let a debit go its way, and set what changes with it. Raises BookError where it cannot."""
        done = self._db.execute(_moving(move, tuple(changes)), [*changes.values(), reference])
        if done.rowcount != 1:
            raise BookError(f"debit {reference} cannot {move} now")

    def reopen(self, reference: str, days: Iterable[date]) -> None:
        """A void was taken back: the debit is due again, on a later day where its file is cut."""
        found = self.find(reference)
        if found is None or not self.is_cut(found.day):
            return self.move(reference, Move.RESTORE)
        day, place = next(self._places(days))
        return self.move(reference, Move.RESTORE, day=f"{day}", place=place)

    def want_back(self, reference: str) -> None:
        """Note that a reversal asks for what the bank has in hand."""
        self._db.execute("UPDATE debits SET wanted_back = 1 WHERE reference = ?", [reference])

    def decline(self, reference: str, code: str) -> None:
        """This request is declined, now or should it come."""
        self._db.execute("INSERT OR IGNORE INTO declined VALUES (?, ?)", [reference, code])

    def find_void(self, reference: str) -> tuple[Booked, bool] | None:
        """The sale that a void undid, and whether the void was itself undone."""
        row = self._db.execute("SELECT sale, undone FROM voids WHERE reference = ?", [reference]).fetchone()
        sale = self.find(row[0]) if row else None
        return None if sale is None else (sale, bool(row[1]))

    def put_void(self, reference: str, sale: str, accepted_on: date) -> None:
        """Keep a void."""
        row = [reference, sale, f"{accepted_on}"]
        self._db.execute("INSERT INTO voids (reference, sale, accepted_on) VALUES (?, ?, ?)", row)

    def undo_void(self, reference: str) -> None:
        """Keep that it was reversed."""
        self._db.execute("UPDATE voids SET undone = 1 WHERE reference = ?", [reference])

    def totals(self, day: date) -> BookTotals:
        """What was accepted on that day."""
        unsold = ", ".join(f"'{state}'" for state in UNSOLD)
        sales = self._db.execute(
            f"SELECT count(*), coalesce(sum(amount_minor), 0) FROM debits"
            f" WHERE accepted_on = ? AND stan > 0 AND state NOT IN ({unsold})",
            [f"{day}"],
        ).fetchone()
        returns = self._db.execute(
            "SELECT count(*), coalesce(sum(amount_minor), 0)"
            " FROM voids JOIN debits ON sale = debits.reference WHERE voids.accepted_on = ? AND NOT undone",
            [f"{day}"],
        ).fetchone()
        return BookTotals(*sales, *returns)

    def untold_after(self, told: Sequence[str], count: int) -> Sequence[Booked]:
        """Note what was told -> uncollected debits that nobody was told of, the oldest first."""
        marks = [(reference,) for reference in told]
        self._db.executemany("UPDATE debits SET told = 1 WHERE reference = ?", marks)
        where = "WHERE state = ? AND NOT told AND stan > 0 ORDER BY batch, line LIMIT ?"
        return list(self._booked(where, State.UNPAID, count))

    def due(self, day: date) -> list[Booked]:
        """Every open debit of that collection day or an earlier one, in order."""
        where = "WHERE state = ? AND day <= ? ORDER BY day, place"
        return list(self._booked(where, State.OPEN, f"{day}"))

    def of(self, day: date) -> list[Booked]:
        """Every debit taken for that collection day, or in its file."""
        return list(self._booked("WHERE ? IN (day, batch) ORDER BY line, day, place", f"{day}"))

    def earlier(self) -> Iterator[tuple[str, str, int, str]]:
        """(mandate, office, kind, number) of every debit that was in a file and is not forgotten."""
        sql = (
            "SELECT DISTINCT mandate, office, kind, number FROM debits"
            " WHERE batch IS NOT NULL AND mandate <> ''"
        )
        yield from self._db.execute(sql)

    def cut(self, batch: Batch, references: Sequence[str]) -> None:
        """Keep a file and put its debits at the bank, in the order of its records."""
        row = [f"{batch.day}", batch.cut_ms, batch.request]
        self._db.execute("INSERT INTO batches (day, cut_ms, request) VALUES (?, ?, ?)", row)
        lines = [(f"{batch.day}", line, reference) for line, reference in enumerate(references, 2)]
        done = self._db.executemany(_moving(Move.CUT, ("batch", "line")), lines)
        if done.rowcount != len(references):
            raise BookError("debits that were due cannot be cut now")

    def batches(self) -> list[Batch]:
        """Every file that was cut, the oldest first."""
        rows = self._db.execute("SELECT day, cut_ms, request, read_ms FROM batches ORDER BY day")
        return [Batch(date.fromisoformat(day), *rest) for day, *rest in rows]

    def answered(self, day: date, file: bytes, now_ms: int) -> None:
        """Keep the bank's answer as it came; once, however often it is read."""
        self._db.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", [file, f"{day}", now_ms])
        self._db.execute("UPDATE batches SET read_ms = ? WHERE day = ?", [now_ms, f"{day}"])

    def forget(self, before: date) -> int:
        """Wipe accounts, names and files of the collections before a day, but for those in which something is
        open, at the bank, or to be given back -> how many debits were wiped."""
        done = self._db.execute(
            "UPDATE debits SET number = '', holder = '', mandate = '', customer = ''"
            " WHERE coalesce(batch, day) < ? AND number <> ''"
            f" AND coalesce(batch, day) NOT IN ({_UNFINISHED})",
            [f"{before}"],
        )
        for sql in ("UPDATE batches SET request = x'' WHERE", "DELETE FROM answers WHERE"):
            self._db.execute(f"{sql} day < ? AND day NOT IN ({_UNFINISHED})", [f"{before}"])
        return done.rowcount

    def sums(self) -> list[DaySum]:
        """Counts and sums by the day of the file, or of the collection while there is none, and by state."""
        rows = self._db.execute(
            "SELECT coalesce(batch, day) AS at, state, count(*), sum(amount_minor) FROM debits"
            " GROUP BY at, state ORDER BY at"
        )
        return [DaySum(date.fromisoformat(day), State(state), *rest) for day, state, *rest in rows]

    def net_minor(self) -> dict[str, int]:
        """Reference -> yen that the customer pays for it in the end, as things stand."""
        rows = self._db.execute("SELECT reference, amount_minor, state FROM debits")
        gone = {State.UNPAID, State.REVERSED, State.PAID_BACK}
        charged = {reference: 0 if state in gone else minor for reference, minor, state in rows}
        voids = self._db.execute("SELECT voids.reference, sale FROM voids WHERE NOT undone")
        return charged | {reference: -charged[sale] for reference, sale in voids}

    def _places(self, days: Iterable[date]) -> Iterator[tuple[date, int]]:
        for day in days:
            place = 1 + self._one("SELECT coalesce(max(place), 0) FROM debits WHERE day = ?", f"{day}")
            if place <= PLACE_MAX and not self.is_cut(day):
                yield day, place

    def _booked(self, where: str, *values: str | int) -> Iterator[Booked]:
        for row in self._db.execute(f"{_SELECT} {where}", values):
            yield Booked(*(_READ.get(name, _same)(value) for name, value in zip(_BOOKED, row, strict=True)))

    def _one(self, sql: str, *values: str | int) -> int:
        found: int = self._db.execute(sql, values).fetchone()[0]
        return found

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")


@cache
def _moving(move: Move, names: tuple[str, ...]) -> str:
    """The statement that moves one debit and sets columns; it finds no row where the move is not possible."""
    befores = [state for state, row in TRANSITIONS.items() if move in row]
    afters = " ".join(f"WHEN '{state}' THEN '{TRANSITIONS[state][move]}'" for state in befores)
    sets = ", ".join([f"state = CASE state {afters} END", *(f"{name} = ?" for name in names)])
    known = ", ".join(f"'{state}'" for state in befores)
    return f"UPDATE debits SET {sets} WHERE reference = ? AND state IN ({known})"


def _same(value: Any) -> Any:
    return value


def _date(value: Any) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _stored(value: Any) -> str | int:
    return value if isinstance(value, str | int) else f"{value}"


_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "accepted_on": _date,
    "day": _date,
    "batch": _date,
    "state": State,
    "wanted_back": bool,
}
