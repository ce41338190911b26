"""The answers that a proof has, apart from what finds them: that needs libraries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
