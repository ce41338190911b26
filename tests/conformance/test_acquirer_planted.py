"""Break a rule on purpose, and exactly the lines of the report card that speak of it fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from plants import Plant
from plants_asked import ASKED
from plants_kept import KEPT
from plants_later import LATER
from plants_line import LINE
from plants_moved import MOVED
from plants_reversed import REVERSED

from acquirer_sdk.bench import Bench, OpenBench, Outside
from acquirer_sdk.bogus import BogusSettings
from acquirer_sdk.bogus_bench import AMOUNTS
from acquirer_sdk.conformance import CHECKS, Verdict, run_quickly
from acquirer_sdk.skeleton import bench as line_bench
from acquirer_sdk.skeleton.line import LineSettings
from acquirer_sdk.skeleton.simulator import Simulator
from acquirer_sdk.wire import wire_to
from bank_debit import bench as debit_bench

PLACES_MAX = 3
UNPLANTED = {
    "gives_up_in_time",
    "voids_a_sale",
    "refunds_all",
    "refuses_other_currencies",
    "says_honestly_when_it_is_ready",
    "keeps_the_line_alone",
}
"""Checks that no plant makes fail. The list only shrinks."""

ON_BOGUS = [*ASKED, *REVERSED, *MOVED, *KEPT]


def on_bogus(kind: type[Any]) -> OpenBench:
    @asynccontextmanager
    async def bench(outside: Outside) -> AsyncIterator[Bench]:
        acquirer = kind(BogusSettings(late_ms=10))
        acquirer.ports = outside.ports
        yield Bench(acquirer, AMOUNTS, acquirer.charges, heard=lambda: acquirer.heard)

    return bench


def on_a_line(kind: type[Any]) -> OpenBench:
    @asynccontextmanager
    async def bench(outside: Outside) -> AsyncIterator[Bench]:
        simulator = Simulator()
        await simulator.start()
        async with wire_to(simulator.port) as wire:
            settings = LineSettings(port=wire.port, echo_s=47)  # never in one segment with what takes 30 s
            acquirer = kind(settings, outside.ports)
            charges = lambda: simulator.charges  # noqa: E731
            yield Bench(acquirer, line_bench.AMOUNTS, charges, wire, lambda: list(line_bench.heard(wire)))
        await simulator.close()

    return bench


def on_debits(kind: type[Any]) -> OpenBench:
    @asynccontextmanager
    async def bench(outside: Outside) -> AsyncIterator[Bench]:
        async with debit_bench.bench(outside) as real:
            yield replace(real, acquirer=kind(real.acquirer))

    return bench


def failing(bench: OpenBench) -> set[str]:
    findings = run_quickly(bench, places_max=PLACES_MAX)
    return {finding.check for finding in findings if finding.verdict is Verdict.FAIL}


@pytest.mark.parametrize("plant", ON_BOGUS, ids=lambda plant: plant.kind.__name__)
def test_exactly_its_lines_fail(plant: Plant) -> None:
    assert failing(on_bogus(plant.kind)) == plant.fails


@pytest.mark.parametrize("plant", LINE, ids=lambda plant: plant.kind.__name__)
def test_exactly_its_lines_fail_on_a_line(plant: Plant) -> None:
    assert failing(on_a_line(plant.kind)) == plant.fails


@pytest.mark.parametrize("plant", LATER, ids=lambda plant: plant.kind.__name__)
def test_exactly_its_lines_fail_of_what_is_collected_later(plant: Plant) -> None:
    assert failing(on_debits(plant.kind)) == plant.fails


def test_every_plant_has_lines_and_nearly_every_line_a_plant() -> None:
    plants = (*ON_BOGUS, *LINE, *LATER)
    assert len(plants) >= 25
    assert all(plant.fails for plant in plants)
    assert {check.name for check in CHECKS} - {name for plant in plants for name in plant.fails} == UNPLANTED
