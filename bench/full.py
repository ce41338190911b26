"""What a sale costs with a million payments in the store: the store filled by SQL, then the same sales."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from bench.gateways import Gateway
from bench.ground import WARM_UP, Ground, Seller
from bench.rounds import Better, Figure, in_turn

FEW: Final = 1000
MANY: Final = 1_000_000
SALES: Final = 600

TABLES: Final = ("payments", "mails", "events", "transfers", "letters", "answers")
_FAST: Final = ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", "cache_size = -1000000")
_COPIES: Final = "WITH RECURSIVE copies(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM copies WHERE k < {last}) "
_IN_A_COPY: Final = {
    "payment": "payment + k * {payments}",
    "event": "event + k * {events}",
    "envelope_hash": "randomblob(32)",
    "chain": "randomblob(32)",
    "counter": "counter + k * 1000000",
    "place": "place + k * {transfers}",
    "message_id": "message_id || k",
}
"""What differs between a payment and its copies: numbers, and what is unique."""


def many_payments(ground: Ground) -> Figure:
    """CPU of the gateway per sale, a million payments in its store against a thousand."""
    few = ground.copy()
    with ground.gateway(few):
        Seller(ground, [few], FEW - WARM_UP).rate()
    many = _copied(ground, few)
    fill(many.folder / "hagaki.db", MANY // FEW)
    ground.say(f"{MANY:,} payments are in the store")
    with ground.gateway(few), ground.gateway(many):
        sellers = [Seller(ground, [gateway], SALES) for gateway in (many, few)]
        full_us, empty_us = in_turn(*(lambda one=one: _cpu_us(one) for one in sellers))
    words = f"{full_us:.0f} us to {empty_us:.0f} us of CPU a sale"
    title = f"CPU per sale with {MANY:,} payments in the store / with {FEW:,}"
    return Figure("full", title, 1.2, Better.LESS, full_us / empty_us, words, sellers[0].facts)


def fill(database: Path, times: int) -> None:
    """Every payment of the database, with all that belongs to it, `times` times. The triggers go: they stand
    for how a payment comes to be, and the next gateway puts them back."""
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        for setting in _FAST:
            db.execute(f"PRAGMA {setting}")
        for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {trigger}")
        strides = {table: db.execute(f"SELECT max(id) FROM {table}").fetchone()[0] for table in TABLES}
        for table in TABLES:
            db.execute("BEGIN")
            db.execute(_COPIES.format(last=times - 1) + _copying(db, table, strides))
            db.execute("COMMIT")


def _copying(db: sqlite3.Connection, table: str, strides: dict[str, int]) -> str:
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    copied = {name: _IN_A_COPY.get(name, name).format(**strides) for name in columns}
    copied["id"] = f"id + k * {strides[table]}"
    sources = ", ".join(copied.values())
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {sources} FROM copies, {table} "
        f"WHERE id <= {strides[table]} ORDER BY k, id"
    )


def _copied(ground: Ground, of: Gateway) -> Gateway:
    to = ground.copy()
    for part in of.folder.glob("hagaki.db*"):
        shutil.copy(part, to.folder)
    to.used = of.used
    return to


def _cpu_us(seller: Seller) -> float:
    seller.rate()
    return seller.cpu_us[-1]
