"""The answers that a proof has, apart from what finds them: that needs libraries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Standing(StrEnum):
    """What is known of the sender."""

    PROVEN = "proven"
    UNPROVEN = "unproven"  # the author's domain does not stand behind it
    SILENT = "silent"  # the author's domain says nothing about its mails
    LATER = "later"  # the DNS did not answer: ask again


@dataclass(frozen=True, slots=True)
class Proof:
    """how: for the record, such as ``dkim=shop.example spf=fail dmarc=pass``."""

    standing: Standing
    how: str

    def __str__(self) -> str:
        """As it is kept with the mail: the standing first."""
        return f"{self.standing.value} {self.how}"


NOT_LOOKED_AT: Final = str(Proof(Standing.SILENT, "not looked at"))
"""Kept where [proof] way is none."""


def standing_of(kept: str) -> Standing:
    """Of a proof as it was kept."""
    return Standing(kept.partition(" ")[0])
