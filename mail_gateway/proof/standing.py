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
    """how: for the record, such as ``dkim=shop.example spf=fail dmarc=pass``. keys: name and text of the DNS
    records that a signature held under, so that it can be checked again when they are gone."""

    standing: Standing
    how: str
    keys: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """As it is kept with the mail: the standing first; each key on a line of its own."""
        return "\n".join([f"{self.standing.value} {self.how}", *map(" ".join, self.keys)])


NOT_LOOKED_AT: Final = str(Proof(Standing.SILENT, "not looked at"))
"""Kept where [proof] way is none."""


def standing_of(kept: str) -> Standing:
    """Of a proof as it was kept."""
    return Standing(kept.partition(" ")[0])
