"""Several acquirers, what they want to know more, and what merchants answer by mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, LargeBinary, Text, text

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add them."""
    whole = BigInteger().with_variant(Integer(), "sqlite")
    _replies(whole)
    _zones(whole)
    _desk(whole)


def _replies(whole: TypeEngine[int]) -> None:
    op.add_column("mails", Column("merchant", whole))
    op.add_column("mails", Column("handled_ms", whole))
    unhandled = text("verdict = 'reply' AND handled_ms IS NULL")
    op.create_index("mails_unhandled", "mails", ["id"], sqlite_where=unhandled, postgresql_where=unhandled)


def _desk(whole: TypeEngine[int]) -> None:
    op.create_index("transfers_at", "transfers", ["at_ms"])
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
