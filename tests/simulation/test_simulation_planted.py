"""The checker's own test: every bug that is planted on purpose is found."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import planted_cancel
import planted_computed
import planted_hooks
import planted_mail
import planted_mailbox
import planted_money
import planted_order
import planted_returns
import planted_selling
import planted_words
import pytest
from planted import Bug

from hagaki.simulation.run import run_seed

SEEDS_MAX = int(os.environ.get("HAGAKI_PLANTED_SEEDS", "0"))
"""In so many seeds each is looked for; 0: first where it was found before."""

BEDS = (
    planted_order,
    planted_words,
    planted_money,
    planted_mail,
    planted_mailbox,
    planted_selling,
    planted_cancel,
    planted_computed,
    planted_hooks,
    planted_returns,
)
BUGS = [bug for bed in BEDS for bug in bed.BED.bugs]


def test_there_are_enough_of_them() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 60


@pytest.fixture(autouse=True)
def without_collecting() -> Iterator[None]:
    """Garbage is collected between worlds: within one it would cost a third of the time."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug.plant(monkeypatch)
    worlds = (run_seed(seed, bug.payments, bug.faults, bug.orders).findings for seed in bug.seeds(SEEDS_MAX))
    found = next((findings for findings in worlds if findings), ())
    assert found
    # a patch that does not fit the code any more stumbles, and plants nothing
    assert not [finding for finding in found if "TypeError" in finding.what]
