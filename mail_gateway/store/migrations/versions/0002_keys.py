"""Keys: ends of BDKs and readers, ceremonies, key blocks under way, what was done, keys of DKIM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, LargeBinary, Text, text

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add them."""
    whole = BigInteger().with_variant(Integer(), "sqlite")
    op.add_column("keys", Column("opens_until_ms", whole))
    op.add_column("keys", Column("revoked_ms", whole))
    op.add_column("readers", Column("revoked_ms", whole))
    _ceremonies(whole)
    _loads(whole)
    _dkim(whole)


def _ceremonies(whole: TypeEngine[int]) -> None:
    op.create_table(
        "ceremonies",
        Column("id", whole, primary_key=True, autoincrement=True),
        Column("components", whole, nullable=False),
        Column("begun_ms", whole, nullable=False),
        Column("ended_ms", whole),
        CheckConstraint("components BETWEEN 2 AND 3", name="two_or_three_components"),
        sqlite_strict=True,
    )
    op.create_table(
        "components",
        Column("ceremony", whole, ForeignKey("ceremonies.id"), primary_key=True, autoincrement=False),
        Column("place", whole, primary_key=True, autoincrement=False),
        Column("custodian", Text, nullable=False),
        Column("wrapped", LargeBinary),
        Column("kcv", Text, nullable=False),
        Column("entered_ms", whole, nullable=False),
        sqlite_strict=True,
    )


def _loads(whole: TypeEngine[int]) -> None:
    op.create_table(
        "transports",
        Column("serial", whole, primary_key=True, autoincrement=False),
        Column("merchant", whole, ForeignKey("merchants.id"), nullable=False),
        Column("wrapped", LargeBinary),
        Column("made_ms", whole, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "key_loads",
        Column("id", whole, primary_key=True, autoincrement=True),
        Column("reader", whole, ForeignKey("readers.id"), nullable=False, unique=True),
        Column("block", Text, nullable=False),
        Column("kcv", Text, nullable=False),
        Column("begun_ms", whole, nullable=False),
        Column("loaded_ms", whole),
        sqlite_strict=True,
    )
    op.create_table(
        "key_events",
        Column("id", whole, primary_key=True, autoincrement=True),
        Column("at_ms", whole, nullable=False),
        Column("kind", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("operator", Text, nullable=False),
        Column("facts", Text, nullable=False, server_default=text("'{}'")),
        sqlite_strict=True,
    )


def _dkim(whole: TypeEngine[int]) -> None:
    op.create_table(
        "dkim_keys",
        Column("selector", Text, primary_key=True),
        Column("domain", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("public", Text, nullable=False),
        Column("wrapped", LargeBinary, nullable=False),
        Column("made_ms", whole, nullable=False),
        Column("started_ms", whole),
        Column("retired_ms", whole),
        sqlite_strict=True,
    )
