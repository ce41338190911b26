"""Each shipped acquirer passes every check of the conformance kit, or says honestly why it does not apply."""

from __future__ import annotations

import pytest

from acquirer_sdk.conformance import CHECKS, Verdict, run_quickly
from acquirer_sdk.registry import find_bench


@pytest.mark.parametrize("name", ["bogus", "cafis"])
def test_shipped_acquirer_conforms(name: str) -> None:
    bench = find_bench(name)
    assert bench is not None
    failed = [finding for finding in run_quickly(bench) if finding.verdict is Verdict.FAIL]
    assert not failed, "\n".join(f"{finding.check}: {finding.sentence}" for finding in failed)


def test_the_kit_has_at_least_eighty_checks_and_each_says_its_demand() -> None:
    assert len(CHECKS) >= 80
    assert all(check.demand.endswith(".") for check in CHECKS)
    assert len({check.name for check in CHECKS}) == len({check.demand for check in CHECKS}) == len(CHECKS)
