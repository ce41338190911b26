"""What every table is declared with: the one catalogue, and columns in types both databases have."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Integer, MetaData, Text, text

metadata: Final = MetaData()
WHOLE: Final = BigInteger().with_variant(Integer(), "sqlite")


def ident() -> Column[int]:
    """The row's number."""
    return Column("id", WHOLE, primary_key=True, autoincrement=True)


def whole(name: str, *args: Any, unique: bool | None = None) -> Column[int]:
    """A whole number that is always there."""
    return Column(name, WHOLE, *args, nullable=False, unique=unique)


def count(name: str) -> Column[int]:
    """A whole number that begins with 0."""
    return Column(name, WHOLE, nullable=False, server_default=text("0"))


def words(name: str) -> Column[str]:
    """Text, empty at first."""
    return Column(name, Text, nullable=False, server_default=text("''"))
