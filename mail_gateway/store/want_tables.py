"""The table of what acquirers want to know more, and what merchants said."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from mail_gateway.store.schema import WHOLE, count, ident, metadata, whole, words

wants: Final = Table(
    "wants",
    metadata,
    ident(),
    whole("payment", ForeignKey("payments.id")),
    Column("phase", Text, nullable=False),
    whole("round"),
    Column("state", Text, nullable=False, server_default="asked"),
    Column("items", Text, nullable=False),
    Column("given", Text, nullable=False, server_default=text("'{}'")),
    words("code"),
    whole("asked_ms"),
    whole("until_ms"),
    Column("due_ms", WHOLE),
    count("letters"),
    count("epoch"),
    Column("stan", WHOLE),
    Column("reversal", LargeBinary),
    count("transmissions"),
    Column("doubt_ms", WHOLE),
    count("alarms"),
    UniqueConstraint("payment", "phase", "round", name="one_want_per_round"),
    CheckConstraint("phase IN ('before', 'after')", name="want_has_a_phase"),
    CheckConstraint("stan BETWEEN 1 AND 999999", name="want_stan_has_six_digits"),
    CheckConstraint("state <> 'asked' OR stan IS NULL", name="what_was_not_answered_is_not_sent"),
    sqlite_strict=True,
)
"""due_ms: when to look at it: to remind, to let it lapse, to send the advice. stan: of the advice, or of the
attempt that asked; reversal: that attempt's, wrapped, for a day. doubt_ms: since when one of the two is not
acknowledged."""
_ASKED: Final = text("state = 'asked'")
Index("one_want_asked", wants.c.payment, unique=True, sqlite_where=_ASKED, postgresql_where=_ASKED)
_DUE: Final = text("due_ms IS NOT NULL")
Index("wants_due", wants.c.due_ms, sqlite_where=_DUE, postgresql_where=_DUE)
_HELD: Final = text("stan IS NOT NULL AND due_ms IS NOT NULL")
Index("one_want_per_stan", wants.c.stan, unique=True, sqlite_where=_HELD, postgresql_where=_HELD)
