"""Collection days: banks are open on them, debits come in time, and MMDD means the year that is meant."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bank_debit.days import Plan, day_near, shipped_calendar

CALENDAR = shipped_calendar()
DAYS = st.dates(date(2026, 1, 1), date(2031, 6, 30))
PLANS = st.builds(
    Plan,
    st.just(CALENDAR),
    st.lists(st.integers(1, 31), min_size=1, max_size=4, unique=True).map(lambda days: tuple(sorted(days))),
    st.integers(0, 12),
)


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        (date(2026, 11, 20), True),
        (date(2026, 11, 21), False),  # Saturday
        (date(2026, 11, 23), False),  # 勤労感謝の日
        (date(2026, 5, 6), False),  # substitute of the 3rd
        (date(2026, 9, 22), False),  # between two holidays
        (date(2026, 12, 31), False),
        (date(2027, 1, 4), True),
        (date(2027, 3, 22), False),  # substitute of the equinox
    ],
)
def test_banks_are_open_as_the_law_says(day: date, is_open: bool) -> None:
    assert CALENDAR.is_open(day) is is_open


def test_the_27th_moves_to_the_next_open_day_and_takes_debits_five_open_days_before() -> None:
    plan = Plan(CALENDAR, (27,), 5)
    found = list(islice(plan.from_day(date(2026, 11, 19)), 3))
    assert found == [date(2026, 11, 27), date(2026, 12, 28), date(2027, 1, 27)]
    assert plan.last_taken(found[0]) == date(2026, 11, 19)  # Monday the 23rd is a holiday
    assert next(plan.from_day(date(2026, 11, 20))) == found[1]


def test_the_31st_is_the_last_day_of_a_month() -> None:
    plan = Plan(CALENDAR, (31,), 0)
    assert list(islice(plan.from_day(date(2026, 6, 1)), 2)) == [date(2026, 6, 1), date(2026, 6, 30)]
    assert plan.is_collection(date(2027, 1, 4))  # 31 December is closed


@given(PLANS, DAYS)
@settings(max_examples=60, deadline=None)
def test_collection_days_come_in_order_and_in_time(plan: Plan, today: date) -> None:
    found = list(islice(plan.from_day(today), 5))
    assert found == sorted(set(found))
    for day in found:
        assert CALENDAR.is_open(day)
        assert plan.is_collection(day)
        assert plan.last_taken(day) >= today
    assert plan.next_collection(today) <= found[0]


@given(PLANS, DAYS)
@settings(max_examples=60, deadline=None)
def test_the_next_collection_is_the_first_day_from_today_that_is_one(plan: Plan, today: date) -> None:
    days = (today + timedelta(days=count) for count in range(90))
    assert plan.next_collection(today) == next(day for day in days if plan.is_collection(day))


@pytest.mark.parametrize(
    ("month_day", "today", "meant"),
    [
        ("0105", date(2026, 12, 28), date(2027, 1, 5)),
        ("1227", date(2027, 1, 4), date(2026, 12, 27)),
        ("1127", date(2026, 11, 20), date(2026, 11, 27)),
        ("0229", date(2028, 2, 20), date(2028, 2, 29)),
        ("0229", date(2027, 11, 1), date(2028, 2, 29)),
    ],
)
def test_a_day_without_a_year_is_the_nearest(month_day: str, today: date, meant: date) -> None:
    assert day_near(month_day, today) == meant


@given(DAYS, st.integers(-180, 180))
def test_a_day_within_half_a_year_is_always_found_again(today: date, off: int) -> None:
    day = today + timedelta(days=off)
    assert day_near(f"{day:%m%d}", today) == day


def test_years_without_a_list_of_holidays_are_known_as_such() -> None:
    assert CALENDAR.knows(date(2031, 12, 1))
    assert not CALENDAR.knows(date(2032, 1, 1))
