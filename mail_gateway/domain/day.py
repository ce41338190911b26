"""The merchant's day: what is still open at its end, and when its end is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from mail_gateway.domain.reply import Merchant

LATE_MS: Final = 60 * 60_000
"""A gateway that starts later than this after a day's end leaves that digest out: the next one says it."""


@dataclass(frozen=True, slots=True)
class Hole:
    """Counters of a reader (its serial) that never came, first to last."""

    reader: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class OpenSale:
    """A payment that is not decided. amount_minor: minor units of `currency`, 0 where it is not known.

    back: it gives money back.
    """

    reference: str
    amount_minor: int
    currency: int
    back: bool = False


@dataclass(frozen=True, slots=True)
class LostLetter:
    """A result that nobody has taken."""

    reference: str
    kind: str


@dataclass(frozen=True, slots=True)
class Day:
    """What one merchant is told at the end of one day, if there is anything.

    wants: approved sales of which further items were asked for and not told yet.
    """

    merchant: Merchant
    holes: tuple[Hole, ...] = ()
    open: tuple[OpenSale, ...] = ()
    letters: tuple[LostLetter, ...] = ()
    wants: tuple[OpenSale, ...] = ()

    @property
    def has_news(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.holes or self.open or self.letters or self.wants)


def day_begun(now_ms: int, zone: ZoneInfo, at: str) -> int:
    """When the day that is not over yet began, unix ms. at: as in `end_of_day`; empty: at midnight."""
    return end_of_day(now_ms, zone, at or "00:00")[1]


def begin_of(when: date, zone: ZoneInfo, at: str) -> int:
    """When the day began that ended on that date, unix ms: as the one before it ended."""
    moment = datetime.combine(when - timedelta(days=1), time.fromisoformat(at), zone)
    return int(moment.timestamp()) * 1000


def end_of_day(now_ms: int, zone: ZoneInfo, at: str) -> tuple[date, int]:
    """The newest day that has ended by now: its date, and its end in unix ms. at: local time, HH:MM."""
    now = datetime.fromtimestamp(now_ms // 1000, zone)
    moment = datetime.combine(now.date(), time.fromisoformat(at), zone)
    if moment > now:
        moment = datetime.combine(now.date() - timedelta(days=1), time.fromisoformat(at), zone)
    return moment.date(), int(moment.timestamp()) * 1000


def next_end(now_ms: int, zone: ZoneInfo, at: str) -> int:
    """When the day that now is in ends, unix ms. at: as in `end_of_day`."""
    ended, _ = end_of_day(now_ms, zone, at)
    moment = datetime.combine(ended + timedelta(days=1), time.fromisoformat(at), zone)
    return int(moment.timestamp()) * 1000
