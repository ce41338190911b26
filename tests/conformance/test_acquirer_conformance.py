"""Both shipped acquirers pass every check of the conformance kit."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from acquirer_sdk import bogus
from acquirer_sdk.conformance import CHECKS, Bench, Case, Check, run_check, run_quickly
from acquirer_sdk.port import Ports
from acquirer_sdk.quickclock import quickly
from acquirer_sdk.values import AuthoriseRequest, Declined, InDoubt
from cafis_adapter import adapter
from cafis_adapter.host.app import Host, HostSettings

AMOUNTS = {
    Case.APPROVE: 1200,
    Case.LARGE: 90_200,
    Case.PARTIAL: 1010,
    Case.DECLINE: 1051,
    Case.AGAIN: 1055,
    Case.MORE: 1001,
    Case.FAULT: 1096,
    Case.UNKNOWN_CODE: 1918,
    Case.SILENT: 1901,
    Case.UNTOUCHED: 1902,
    Case.LATE: 1903,
    Case.CUT: 1911,
    Case.REVERSAL_SILENT_ONCE: 1922,
}


def ports_into(told: list[str]) -> Ports:
    ticks = itertools.count(1_767_225_600_000)
    return Ports(lambda: next(ticks), bytes, lambda *args, **facts: told.append(f"{args} {facts}"))


@asynccontextmanager
async def bogus_bench() -> AsyncIterator[Bench]:
    told: list[str] = []
    acquirer = bogus.create({"late_ms": 10}, ports_into(told))
    yield Bench(acquirer, AMOUNTS, acquirer.charges, told)


@asynccontextmanager
async def cafis_bench() -> AsyncIterator[Bench]:
    told: list[str] = []
    host = Host(HostSettings(port=0, late_ms=31_000), ports_into(told))
    await host.start()
    acquirer = adapter.create({"port": host.port}, ports_into(told))
    try:
        yield Bench(
            acquirer,
            AMOUNTS,
            lambda: {reference: charge.net_minor for reference, charge in host.charges().items()},
            told,
        )
    finally:
        await host.close()


@pytest.mark.parametrize("open_bench", [bogus_bench, cafis_bench])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@quickly
async def test_shipped_acquirer_conforms(check: Check, open_bench) -> None:
    finding = await run_check(check, open_bench)
    assert finding.fault == "", finding.demand


class Optimist(bogus.Bogus):
    """What integrators write first: silence is taken for a no, whatever cannot be read for a decline."""

    async def authorise(self, request: AuthoriseRequest):
        outcome = await super().authorise(request)
        return Declined("00") if isinstance(outcome, InDoubt) else outcome


@asynccontextmanager
async def optimist_bench() -> AsyncIterator[Bench]:
    acquirer = Optimist(bogus.BogusSettings())
    yield Bench(acquirer, AMOUNTS, acquirer.charges, [])


def test_kit_names_every_silence_that_an_adapter_calls_declined() -> None:
    findings = {finding.check: finding.fault for finding in run_quickly(optimist_bench)}
    failed = {check for check, fault in findings.items() if fault}
    assert failed == {
        "doubts_faults",
        "doubts_unknown_codes",
        "doubts_silence",
        "doubts_a_cut_line",
        "reports_late_answers",
    }
    assert "Declined" in findings["doubts_silence"]


@quickly
async def test_kit_sees_a_leaked_card_number() -> None:
    @asynccontextmanager
    async def leaking() -> AsyncIterator[Bench]:
        acquirer = bogus.create({}, ports_into([]))
        yield Bench(acquirer, AMOUNTS, acquirer.charges, ["sent 4111111111111111"])

    leaks = next(check for check in CHECKS if check.__name__ == "leaks_no_card")
    assert (await run_check(leaks, leaking)).fault == "a card number was shown"
