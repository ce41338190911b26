"""What the checker may find, in the words of the table that is published."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Wrong(StrEnum):
    """How it hurts: the first four are the merchant's and the card holder's, the others ours."""

    LOST = "lost"
    DOUBLE = "double"
    UNTRUE = "untrue"
    LEAKED = "leaked"
    BOOKS = "books"
    ILLEGAL = "illegal"
    STUCK = "stuck"
    STUMBLED = "stumbled"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; never card data."""

    wrong: Wrong
    what: str

    def __str__(self) -> str:
        return f"{self.wrong}: {self.what}"
