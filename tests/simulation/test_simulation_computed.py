"""Orders that only a computed answer confirms: which there are, and what the digits of `hagaki proof` do."""

from __future__ import annotations

import itertools

import pytest

from hagaki.simulation import buys
from hagaki.simulation.buys import COMPUTING, Buy, Habit
from hagaki.simulation.run import run_seed


def only(seed: int) -> Buy:
    """The order of a seed that has one."""
    return buys.plan(seed, 1, 60, frozenset(), ())[0]


def test_customers_have_every_habit_of_computing() -> None:
    assert {only(seed).habit for seed in range(400)} >= set(COMPUTING)


@pytest.mark.parametrize(
    "habit,expected",
    [
        (Habit.COMPUTES, ["confirmed"]),
        (Habit.CODE_FIRST, ["asked-again", "confirmed"]),
        (Habit.STALE_FIRST, ["wrong", "confirmed"]),
        (Habit.SLIPS, ["wrong", "confirmed"]),
        (Habit.OTHERS, ["wrong", "wrong", "locked"]),
    ],
)
def test_the_right_digits_confirm_and_nothing_else(habit: Habit, expected: list[str]) -> None:
    for seed in itertools.count():
        if only(seed).habit is not habit or only(seed).cancel_s is not None:
            continue
        lines: list[str] = []
        assert not run_seed(seed, 0, "none", 1, history=lines).findings
        verdicts = [
            word.removeprefix("verdict=")
            for line in lines
            if " order.answered " in line
            for word in line.split()
            if word.startswith("verdict=")
        ]
        if verdicts:  # else nobody was asked
            assert verdicts == expected
            return
