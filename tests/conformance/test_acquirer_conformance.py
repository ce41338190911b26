"""Each shipped acquirer passes every check of the conformance kit, or says honestly why it does not apply."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from acquirer_sdk.bench import Bench, Outside
from acquirer_sdk.conformance import CHECKS, Verdict, run_quickly
from acquirer_sdk.registry import find_bench
from acquirer_sdk.skeleton.adapter import Skeleton
from acquirer_sdk.skeleton.bench import bench as skeleton
from acquirer_sdk.skeleton.line import LineSettings
from acquirer_sdk.values import AuthoriseRequest

PLACES_MAX = 32
"""`hagaki acquirer conform` tries a line fault at every byte; here at so many places within a message."""


@pytest.mark.parametrize(("name", "out_of_reach"), [("bogus", 21), ("cafis", 0)])
def test_shipped_acquirer_conforms_and_few_checks_are_out_of_reach(name: str, out_of_reach: int) -> None:
    bench = find_bench(name)
    assert bench is not None
    findings = run_quickly(bench, places_max=PLACES_MAX)
    failed = [finding for finding in findings if finding.verdict is Verdict.FAIL]
    assert not failed, "\n".join(f"{finding.check}: {finding.sentence}" for finding in failed)
    assert sum(finding.verdict is Verdict.UNPROVOKED for finding in findings) == out_of_reach


def test_the_kit_has_at_least_eighty_checks_and_each_says_its_demand() -> None:
    assert len(CHECKS) >= 80
    assert all(check.demand.endswith(".") for check in CHECKS)
    assert len({check.name for check in CHECKS}) == len({check.demand for check in CHECKS}) == len(CHECKS)


def test_a_check_that_does_not_apply_is_not_green() -> None:
    [finding] = run_quickly(skeleton, [check for check in CHECKS if check.name == "voids_a_sale"])
    assert (finding.verdict, finding.sentence) == (Verdict.DENIED, "the capabilities deny void")


def test_what_an_adapter_raises_is_a_failure_that_shows_no_card() -> None:
    @asynccontextmanager
    async def bench(outside: Outside) -> AsyncIterator[Bench]:
        async with skeleton(outside) as good:
            yield replace(good, acquirer=Raising(LineSettings(port=good.wire.port), outside.ports))

    [finding] = run_quickly(bench, [check for check in CHECKS if check.name == "approves"])
    assert finding.verdict is Verdict.FAIL
    assert finding.sentence.startswith("raised ValueError at test_acquirer_conformance.py:")
    assert "4111" not in finding.sentence


class Raising(Skeleton):
    """What integrators write first."""

    async def authorise(self, request: AuthoriseRequest):
        raise ValueError(f"cannot read the answer for {request.card.pan}")
