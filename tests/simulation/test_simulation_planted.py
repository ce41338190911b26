"""The checker's own test: every bug that is planted on purpose is found."""

from __future__ import annotations

import os

import planted_mail
import planted_money
import planted_order
import planted_words
import pytest
from planted import Bug

from hagaki.simulation.run import run_seed

SEEDS_MAX = int(os.environ.get("HAGAKI_PLANTED_SEEDS", "2000"))
PAYMENTS = 6
BEDS = (planted_order, planted_words, planted_money, planted_mail)
BUGS = [bug for bed in BEDS for bug in bed.BED.bugs]


def test_there_are_enough_of_them() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 40


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug.plant(monkeypatch)
    assert any(run_seed(seed, PAYMENTS, bug.faults).findings for seed in range(SEEDS_MAX))
