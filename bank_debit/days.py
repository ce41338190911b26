"""Collection days: when banks are open, until when a debit still makes it, and which year MMDD means."""

from __future__ import annotations

import tomllib
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days on which banks are closed besides weekends and the turn of the year."""

    closed: frozenset[date]

    def knows(self, day: date) -> bool:
        """Whether the holidays of that year are listed; else `is_open` knows of none."""
        return any(closed.year == day.year for closed in self.closed)

    def is_open(self, day: date) -> bool:
        """Whether banks work on that day."""
        new_year = (day.month, day.day) in {(12, 31), (1, 1), (1, 2), (1, 3)}
        return day.weekday() < 5 and not new_year and day not in self.closed

    def on_or_after(self, day: date) -> date:
        """That day, or the next one on which banks are open."""
        while not self.is_open(day):
            day += _DAY
        return day

    def before(self, day: date, count: int) -> date:
        """The count-th day before it on which banks are open; 0: the day itself."""
        while count:
            day -= _DAY
            count -= self.is_open(day)
        return day


@dataclass(frozen=True, slots=True)
class Plan:
    """On which days of a month is collected; the last day to take debits is so many bank days before."""

    calendar: Calendar
    days_of_month: tuple[int, ...]
    cutoff_days: int

    def last_taken(self, collection: date) -> date:
        """The last day on which debits are taken for a collection day."""
        return self.calendar.before(collection, self.cutoff_days)

    def from_day(self, today: date) -> Iterator[date]:
        """The collection days for which debits are still taken today, in order, without end."""
        month = date(today.year, today.month, 1)
        month = (month - _DAY).replace(day=1)  # a day that was moved can be next month's
        last = date.min
        while True:
            days = [day for day in self._of_month(month) if day > last and self.last_taken(day) >= today]
            yield from days
            last = days[-1] if days else last
            month = (month + 31 * _DAY).replace(day=1)

    def next_collection(self, today: date) -> date:
        """The first collection day from today on."""
        months = (today.replace(day=1) + count * _DAY for count in (-1, 0, 31, 62))
        days = [day for month in months for day in self._of_month(month.replace(day=1)) if day >= today]
        return min(days)

    def is_collection(self, day: date) -> bool:
        """Whether money is collected on that day."""
        month = day.replace(day=1)
        return day in {*self._of_month(month), *self._of_month((month - _DAY).replace(day=1))}

    def _of_month(self, month: date) -> list[date]:
        length = monthrange(month.year, month.month)[1]
        days = {self.calendar.on_or_after(month.replace(day=min(day, length))) for day in self.days_of_month}
        return sorted(days)


@cache
def shipped_calendar() -> Calendar:
    """Japan's bank holidays as far as they are listed here."""
    table = tomllib.loads((files("bank_debit") / "holidays.toml").read_text(encoding="utf-8"))
    closed = frozenset(date.fromisoformat(f"{year}-{day}") for year, days in table.items() for day in days)
    return Calendar(closed)


def day_near(month_day: str, today: date) -> date:
    """MMDD -> the day of that name nearest to today; the 29th of February only where there is one."""
    month, day = int(month_day[:2]), int(month_day[2:])
    around = range(today.year - 4, today.year + 5)
    days = [date(year, month, day) for year in around if day <= monthrange(year, month)[1]]
    return min(days, key=lambda found: (abs(found - today), today > found))
