"""What an acquirer's code means, in words, and what it asks for: the table in codes.toml, checked on load."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from acquirer_sdk.values import Item

ANOTHER_CARD: Final = "another-card"
"""The one sentence that says no reason."""


class Meaning(StrEnum):
    """What a code says about a request."""

    APPROVED = "approved"
    PARTIAL = "partial"
    DECLINED = "declined"
    AGAIN = "again"
    MORE = "more"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class Code:
    """One row. ja, en: the code's name, for operators. told: what a merchant reads, Japanese and English.

    meaning: None where it says nothing, but for to_return: a no to what goes back to an earlier sale.
    hidden: not even the code may be shown to a merchant. source: who published it, in a sentence.
    """

    meaning: Meaning | None
    to_return: bool
    ja: str
    en: str
    told: tuple[str, str] | None
    hidden: bool
    items: tuple[Item, ...]
    source: str

    def asking_only(self, carried: Collection[Item]) -> Code:
        """The same, without items that are not among these."""
        return replace(self, items=tuple(item for item in self.items if item in carried))


@dataclass(frozen=True, slots=True)
class Codes:
    """rows: by code. meanings: of those that have one. The sets are of DE39, as codes.toml says."""

    rows: Mapping[str, Code]
    meanings: Mapping[str, Meaning]
    return_declined: frozenset[str]
    reversal_accepted: frozenset[str]
    not_found: frozenset[str]
    card_good: frozenset[str]
    totals_agree: frozenset[str]
    totals_differ: frozenset[str]

    def asking_only(self, carried: Collection[Item]) -> Codes:
        """The same, asking for nothing that an adapter could not carry."""
        rows = {code: row.asking_only(carried) for code, row in self.rows.items()}
        return replace(self, rows=rows)

    def items(self, code: str) -> tuple[Item, ...]:
        """What a code asks for, where it can be written in a mail."""
        row = self.rows.get(code)
        return row.items if row is not None else ()


def read_codes(table: Mapping[str, Any]) -> Codes:
    """The parsed file -> checked. Raises ValueError naming the code whose row is wrong."""
    rows = {code: _row(code, row, table) for code, row in table["codes"].items()}
    return Codes(
        rows,
        {code: row.meaning for code, row in rows.items() if row.meaning is not None},
        frozenset(code for code, row in rows.items() if row.to_return),
        *(
            frozenset(table[name])
            for name in ("reversal_accepted", "not_found", "card_good", "totals_agree", "totals_differ")
        ),
    )


@cache
def shipped_codes() -> Codes:
    """The table shipped with the SDK."""
    return read_codes(tomllib.loads((files("acquirer_sdk") / "codes.toml").read_text(encoding="utf-8")))


def _row(code: str, row: Mapping[str, Any], table: Mapping[str, Any]) -> Code:
    tell = row.get("tell", "")
    try:
        told = tuple(table["words"][tell]) if tell else None
        meaning = Meaning(row["meaning"]) if "meaning" in row else None
        items = tuple(Item(name) for name in row.get("items", ()))
        names, source = (row["ja"], row["en"]), table["sources"][row["source"]]
    except (KeyError, ValueError) as error:
        raise ValueError(f"code {code}: {error}") from None
    if items and meaning is not Meaning.MORE:
        raise ValueError(f"code {code}: only a code that wants more has items")
    return Code(meaning, bool(row.get("to_return")), *names, told, tell == ANOTHER_CARD, items, source)
