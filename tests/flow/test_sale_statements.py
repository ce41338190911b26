"""No statement of a sale reads a table from end to end: what a sale costs must not grow with the store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from stations import stations
from test_card_sale import and_back, at_the_reader, to_the_centre

GROWING = ("payments", "mails", "events", "transfers", "letters", "answers")
ONLY_WHAT_IS_OPEN = ("payments_due", "letters_due", "one_open_payment_per_stan")
"""Indexes that hold what is not finished yet, and so stay small."""


@pytest.fixture
def statements() -> Any:
    """Every statement that any connection runs, with its values in it, as the database itself saw it."""
    seen: set[str] = set()

    def trace(driver: Any, _record: Any) -> None:
        driver.set_trace_callback(seen.add)

    event.listen(Engine, "connect", trace)
    yield seen
    event.remove(Engine, "connect", trace)


def reads_a_whole_table(step: str) -> bool:
    return step.startswith(tuple(f"SCAN {table}" for table in GROWING)) and not any(
        f"INDEX {index}" in step for index in ONLY_WHAT_IS_OPEN
    )


async def test_a_sale_finds_every_row_by_an_index(tmp_path: Path, statements: set[str]) -> None:
    async with stations(tmp_path) as at:
        statements.clear()  # starting may look through everything
        at_the_reader(at)
        await to_the_centre(at)
        await and_back(at)
        asked = [one for one in statements if one.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE")]
    assert len(asked) > 15
    with closing(sqlite3.connect(tmp_path / "hagaki.db")) as db:
        for statement in asked:
            steps = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
            assert not any(map(reads_a_whole_table, steps)), (statement, steps)
