"""Whole worlds from seeds: nothing lost, double, untrue or leaked; the books hold; everything settles."""

from __future__ import annotations

import os

import pytest

from hagaki.simulation.run import run_seed

SEEDS = int(os.environ.get("HAGAKI_SEEDS", "32"))
PAYMENTS = 8
WITH_ORDERS = 60
"""Each so many-th world has shops and customers too, in place of most payments."""


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_lost_nothing_double_nothing_untrue_nothing_leaked(seed: int) -> None:
    payments, orders = (1, 4) if seed % WITH_ORDERS == 2 else (PAYMENTS, 0)
    result = run_seed(seed, payments, "all", orders)
    assert not result.findings, f"{result.replay}\n" + "\n".join(map(str, result.findings))


@pytest.mark.parametrize("seed", range(3))
def test_on_a_plain_day_every_sale_is_approved_or_cancelled(seed: int) -> None:
    assert not run_seed(seed, PAYMENTS, "none").findings
