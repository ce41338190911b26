"""Several acquirers, what they want to know more, and what merchants answer by mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, text

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add them."""
    whole = BigInteger().with_variant(Integer(), "sqlite")
    _replies(whole)


def _replies(whole: TypeEngine[int]) -> None:
    op.add_column("mails", Column("merchant", whole))
    op.add_column("mails", Column("handled_ms", whole))
    unhandled = text("verdict = 'reply' AND handled_ms IS NULL")
    op.create_index("mails_unhandled", "mails", ["id"], sqlite_where=unhandled, postgresql_where=unhandled)
