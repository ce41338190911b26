"""What a response code means: the table in codes.toml, checked on load."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Meaning(StrEnum):
    """The lists of codes.toml."""

    APPROVED = "approved"
    PARTIAL = "partial"
    DECLINED = "declined"
    AGAIN = "again"
    MORE = "more"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class Codes:
    """meanings: DE39, G or C code -> meaning. reversal_accepted: DE39 of a 0430 that acknowledges.

    return_declined: codes that are a no in the answer to a return, and say nothing in any other.
    """

    meanings: Mapping[str, Meaning]
    reversal_accepted: frozenset[str]
    return_declined: frozenset[str]


def read_codes(table: Mapping[str, list[str]]) -> Codes:
    """The parsed file -> checked. Raises ValueError where one code has two meanings."""
    meanings: dict[str, Meaning] = {}
    for meaning in Meaning:
        for code in table[meaning]:
            if code in meanings:
                raise ValueError(f"code {code} is both {meanings[code]} and {meaning}")
            meanings[code] = meaning
    return Codes(meanings, frozenset(table["reversal_accepted"]), frozenset(table["return_declined"]))


@cache
def shipped_codes() -> Codes:
    """The table shipped with the adapter."""
    return read_codes(tomllib.loads((files("cafis_adapter") / "codes.toml").read_text(encoding="utf-8")))
