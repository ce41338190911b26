"""Daily totals: whether an acquirer has of one day what we have, and when it is asked again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from acquirer_sdk.values import Reconciled, Totals, Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from acquirer_sdk.values import InDoubt, NotSent

RETRY_FIRST_MS: Final = 60_000
RETRY_MAX_MS: Final = 60 * 60_000
OPEN_WAIT_MS: Final = 24 * 60 * 60_000
"""So long after its end a day is waited with while payments of it are still open."""

DAYS_MAX: Final = 31
"""A gateway that was down for longer leaves the days before out."""

_FIGURES: Final = ("sales", "sales_minor", "returns", "returns_minor")


class TotalsState(StrEnum):
    """Where the comparison of one day stands. The text is what the database and `hagaki totals list` show."""

    ASKING = "asking"
    AGREES = "agrees"
    DIFFERS = "differs"
    UNSUPPORTED = "unsupported"
    EXPLAINED = "explained"


@dataclass(frozen=True, slots=True)
class Compared:
    """One day at one acquirer. ours: as asked, theirs: as answered; None before that. due_ms: unix ms."""

    acquirer: str
    day: str
    currency: int
    state: TotalsState
    due_ms: int | None
    attempts: int
    ours: Totals | None
    theirs: Totals | None


def judged(ours: Totals, said: Reconciled | InDoubt | NotSent | Unsupported) -> TotalsState:
    """What an answer means. An acquirer that says "the same" and names other figures does not agree."""
    if isinstance(said, Reconciled):
        same = all(getattr(ours, name) == getattr(said.theirs, name) for name in _FIGURES)
        return TotalsState.AGREES if said.agrees and same else TotalsState.DIFFERS
    return TotalsState.UNSUPPORTED if isinstance(said, Unsupported) else TotalsState.ASKING


def added(ours: Totals, more: Totals) -> Totals:
    """The sum of two parts of one day."""
    figures = (getattr(ours, name) + getattr(more, name) for name in _FIGURES)
    return Totals(ours.day, ours.currency, *figures)


def pause_ms(attempts: int) -> int:
    """The pause after that many attempts: a minute, doubling, at most an hour. It never ends."""
    return min(RETRY_FIRST_MS << min(max(attempts - 1, 0), 10), RETRY_MAX_MS)


def span_s(day: str, zone: ZoneInfo) -> tuple[int, int]:
    """A local day (ISO 8601) -> its first second, and the first one after it; unix seconds."""
    begins = date.fromisoformat(day)
    ends = begins + timedelta(days=1)
    moments = (datetime.combine(one, time(), zone).timestamp() for one in (begins, ends))
    first, last = moments
    return int(first), int(last)


def days_to_ask(newest: str | None, last_ended: date) -> Iterator[str]:
    """The days that nobody has asked about, oldest first. newest: the last one asked about, if any."""
    day = last_ended if newest is None else date.fromisoformat(newest) + timedelta(days=1)
    day = max(day, last_ended - timedelta(days=DAYS_MAX))
    while day <= last_ended:
        yield day.isoformat()
        day += timedelta(days=1)
