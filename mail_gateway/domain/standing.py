"""What stands in the way of asking the acquirer: a person's holds, and a time that a restore has lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.decide import CLOCK_AHEAD_MAX_MS, CLOCK_FLOOR_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

RECOVERING: Final = "recovering"
"""The reason of the hold that a restore puts on the gateway."""

VERSIONS_PER_RESTORE: Final = 16
"""A version is a nonce. After a restore the versions jump by so many, over those that may have been used
since the backup, so that no key seals twice under one nonce."""

CLOCK_DOUBT_MS: Final = 24 * 60 * 60_000
"""For so long after a restore a reader's clock alone does not say that a sale was sealed after it."""


class Sealed(Enum):
    """Whether a sale is one of the lost time."""

    IN = "in"
    PERHAPS = "perhaps"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Lost:
    """The time that restores have lost, unix ms: a sale sealed in it may have been charged.

    restores: how many there were. finished: the acquirer's list has been read and all of it was settled.
    """

    from_ms: int
    until_ms: int
    restores: int
    finished: bool

    def sealed(self, reader_time_s: int, received_ms: int) -> Sealed:
        """When a sale of that reader time (unix seconds, 0: unknown) was sealed. Careful until finished."""
        reader_ms = reader_time_s * 1000
        if not CLOCK_FLOOR_MS <= reader_ms <= received_ms + CLOCK_AHEAD_MAX_MS:
            return Sealed.PERHAPS if self.finished else Sealed.IN
        ahead_ms = 0 if self.finished else CLOCK_AHEAD_MAX_MS
        if self.from_ms <= reader_ms <= self.until_ms + ahead_ms:
            return Sealed.IN
        return Sealed.PERHAPS if self.until_ms < reader_ms <= self.until_ms + CLOCK_DOUBT_MS else Sealed.OUT

    @property
    def version_base(self) -> int:
        """The lowest version that a letter about a sale of the lost time may have, less one."""
        return self.restores * VERSIONS_PER_RESTORE


@dataclass(frozen=True, slots=True)
class Standing:
    """readers, payments: number -> why its sales are held. gateway: why all are, or empty. lost: see Lost."""

    gateway: str = ""
    readers: Mapping[int, str] = field(default_factory=dict)
    payments: Mapping[int, str] = field(default_factory=dict)
    lost: Lost | None = None

    def reason(self, reader: int, payment: int) -> str:
        """Why this sale must not be dispatched now, or empty."""
        if self.lost is not None and not self.lost.finished:
            return RECOVERING
        return self.gateway or self.readers.get(reader, "") or self.payments.get(payment, "")
