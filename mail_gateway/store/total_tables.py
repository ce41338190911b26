"""The table of daily totals: what we and each acquirer have of one day."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, Index, Table, Text, text

from mail_gateway.store.schema import WHOLE, count, metadata, words

totals: Final = Table(
    "totals",
    metadata,
    Column("acquirer", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("currency", WHOLE, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False, server_default="asking"),
    Column("due_ms", WHOLE),
    count("attempts"),
    Column("ours", Text),
    Column("theirs", Text),
    words("remark"),
    CheckConstraint(
        "state IN ('asking', 'agrees', 'differs', 'unsupported', 'explained')", name="totals_have_a_state"
    ),
    CheckConstraint("(state = 'asking') = (due_ms IS NOT NULL)", name="asking_is_due"),
    sqlite_strict=True,
)
"""ours, theirs: sales, their sum, returns, their sum, in minor units, with blanks between."""
_DUE: Final = text("due_ms IS NOT NULL")
Index("totals_due", totals.c.due_ms, sqlite_where=_DUE, postgresql_where=_DUE)
