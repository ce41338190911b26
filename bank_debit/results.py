"""What the bank says of a debit, in words and as the gateway gets it: the table results.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from acquirer_sdk.codes import shipped_codes
from acquirer_sdk.values import Declined

COLLECTED: Final = 0


@dataclass(frozen=True, slots=True)
class Result:
    """One result code. code: what the gateway gets, empty for collected. again: asking again may help."""

    digit: int
    ja: str
    en: str
    code: str = ""
    again: bool = False

    @property
    def declined(self) -> Declined:
        """A debit that was not collected, as the gateway knows it."""
        return Declined(self.code)


@cache
def results() -> Mapping[int, Result]:
    """Result column -> what it means."""
    table = tomllib.loads((files("bank_debit") / "results.toml").read_text(encoding="utf-8"))
    return {int(digit): _result(int(digit), **row) for digit, row in table.items()}


def _result(digit: int, code: str = "", **row: Any) -> Result:
    """A code's words are the SDK's: the gateway has them for its letters."""
    if code:
        named = shipped_codes().rows[code]
        row |= {"code": code, "ja": named.ja, "en": named.en}
    return Result(digit, **row)
