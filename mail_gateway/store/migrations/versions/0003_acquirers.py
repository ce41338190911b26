"""Several acquirers, what they want to know more, and what merchants answer by mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add them."""
    whole = BigInteger().with_variant(Integer(), "sqlite")
    _routes(whole)
    _replies(whole)
    _zones(whole)
    _desk(whole)
    _wants(whole)


def _routes(whole: TypeEngine[int]) -> None:
    for table in ("payments", "ghosts"):
        op.add_column(table, Column("acquirer", Text, nullable=False, server_default=text("''")))
    op.create_table(
        "totals",
        Column("acquirer", Text, primary_key=True),
        Column("day", Text, primary_key=True),
        Column("currency", whole, primary_key=True, autoincrement=False),
        Column("state", Text, nullable=False, server_default="asking"),
        Column("due_ms", whole),
        Column("attempts", whole, nullable=False, server_default=text("0")),
        Column("ours", Text),
        Column("theirs", Text),
        Column("remark", Text, nullable=False, server_default=text("''")),
        CheckConstraint(
            "state IN ('asking', 'agrees', 'differs', 'unsupported', 'explained')", name="totals_have_a_state"
        ),
        CheckConstraint("(state = 'asking') = (due_ms IS NOT NULL)", name="asking_is_due"),
        sqlite_strict=True,
    )
    due = text("due_ms IS NOT NULL")
    op.create_index("totals_due", "totals", ["due_ms"], sqlite_where=due, postgresql_where=due)


def _replies(whole: TypeEngine[int]) -> None:
    op.add_column("mails", Column("merchant", whole))
    op.add_column("mails", Column("handled_ms", whole))
    theirs = text("merchant IS NOT NULL")
    by_sender = ["merchant", "message_id"]
    op.create_index("answers_of_merchant", "mails", by_sender, sqlite_where=theirs, postgresql_where=theirs)
    unhandled = text("merchant IS NOT NULL AND handled_ms IS NULL")
    op.create_index("mails_unhandled", "mails", ["id"], sqlite_where=unhandled, postgresql_where=unhandled)
    op.create_index(
        "letters_of_merchant", "letters", ["merchant"], sqlite_where=theirs, postgresql_where=theirs
    )


def _desk(whole: TypeEngine[int]) -> None:
    op.create_index("transfers_at", "transfers", ["at_ms"])
    op.add_column("payments", Column("condition", whole, nullable=False, server_default=text("0")))
    words = text("''")
    op.create_table(
        "shops",
        Column("merchant", whole, ForeignKey("merchants.id"), primary_key=True, autoincrement=False),
        Column("issuer", Text, nullable=False, server_default=words),
        Column("registration_number", Text, nullable=False, server_default=words),
        Column("address", Text, nullable=False, server_default=words),
        Column("rate", whole, nullable=False, server_default=text("10")),
        Column("rounding", Text, nullable=False, server_default=text("'down'")),
        Column("description", Text, nullable=False, server_default=words),
        Column("digest", Text, nullable=False, server_default=text("'open'")),
        CheckConstraint("rate IN (0, 8, 10)", name="shop_has_a_tax_rate"),
        CheckConstraint("rounding IN ('down', 'half', 'up')", name="shop_has_a_rounding"),
        CheckConstraint("digest IN ('open', 'full')", name="shop_has_a_digest"),
        sqlite_strict=True,
    )
    op.create_table(
        "receipts",
        Column("payment", whole, ForeignKey("payments.id"), primary_key=True, autoincrement=False),
        Column("issued_ms", whole, nullable=False),
        Column("facts", Text, nullable=False),
        Column("body", Text, nullable=False),
        Column("pdf", LargeBinary, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "desk_orders",
        Column("mail", whole, ForeignKey("mails.id"), primary_key=True, autoincrement=False),
        Column("merchant", whole, ForeignKey("merchants.id"), nullable=False),
        Column("at_ms", whole, nullable=False),
        Column("verb", Text, nullable=False),
        Column("payment", whole, ForeignKey("payments.id")),
        sqlite_strict=True,
    )
    op.create_index("desk_orders_of_merchant", "desk_orders", ["merchant", "at_ms"])


def _zones(whole: TypeEngine[int]) -> None:
    op.add_column("ceremonies", Column("subject", Text, nullable=False, server_default=text("''")))
    op.create_table(
        "zone_keys",
        Column("name", Text, primary_key=True),
        Column("usage", Text, nullable=False),
        Column("algorithm", Text, nullable=False),
        Column("wrapped", LargeBinary, nullable=False),
        Column("kcv", Text, nullable=False),
        Column("at_ms", whole, nullable=False),
        sqlite_strict=True,
    )


def _wants(whole: TypeEngine[int]) -> None:
    empty, none = text("''"), text("0")
    op.add_column("merchants", Column("items", Text, nullable=False, server_default=empty))
    op.create_table(
        "wants",
        Column("id", whole, primary_key=True, autoincrement=True),
        Column("payment", whole, ForeignKey("payments.id"), nullable=False),
        Column("phase", Text, nullable=False),
        Column("round", whole, nullable=False),
        Column("state", Text, nullable=False, server_default=text("'asked'")),
        Column("items", Text, nullable=False),
        Column("given", Text, nullable=False, server_default=text("'{}'")),
        Column("code", Text, nullable=False, server_default=empty),
        Column("asked_ms", whole, nullable=False),
        Column("until_ms", whole, nullable=False),
        Column("due_ms", whole),
        Column("letters", whole, nullable=False, server_default=none),
        Column("epoch", whole, nullable=False, server_default=none),
        Column("stan", whole),
        Column("reversal", LargeBinary),
        Column("transmissions", whole, nullable=False, server_default=none),
        Column("doubt_ms", whole),
        Column("alarms", whole, nullable=False, server_default=none),
        UniqueConstraint("payment", "phase", "round", name="one_want_per_round"),
        CheckConstraint("phase IN ('before', 'after')", name="want_has_a_phase"),
        CheckConstraint("stan BETWEEN 1 AND 999999", name="want_stan_has_six_digits"),
        CheckConstraint("state <> 'asked' OR stan IS NULL", name="what_was_not_answered_is_not_sent"),
        sqlite_strict=True,
    )
    _index("one_want_asked", "payment", "state = 'asked'", unique=True)
    _index("wants_due", "due_ms", "due_ms IS NOT NULL")
    _index("one_want_per_stan", "stan", "stan IS NOT NULL AND due_ms IS NOT NULL", unique=True)


def _index(name: str, column: str, only: str, *, unique: bool = False) -> None:
    where = text(only)
    op.create_index(name, "wants", [column], unique=unique, sqlite_where=where, postgresql_where=where)
