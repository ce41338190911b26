"""The bogus acquirer means by an amount what the host simulator means by it."""

from __future__ import annotations

import asyncio

import pytest

from acquirer_sdk import bogus
from acquirer_sdk.bench import sample_request
from acquirer_sdk.bogus_triggers import TRIGGERS
from acquirer_sdk.port import Ports
from acquirer_sdk.quickclock import quickly
from acquirer_sdk.values import (
    Approved,
    Declined,
    InDoubt,
    LateAnswer,
    NeedsInput,
    NotReady,
    NotSent,
    ReversalAccepted,
    ReversalOpen,
)
from cafis_adapter import adapter
from cafis_adapter.host.app import Host, HostSettings
from cafis_adapter.host.triggers import shipped_triggers

PORTS = Ports(lambda: 0, bytes, lambda *_, **__: None)
SHARED = sorted(set(TRIGGERS) - {990})


def test_every_shared_amount_is_one_of_the_host_too() -> None:
    assert {f"{ending:03d}" for ending in SHARED} <= set(shipped_triggers())


@pytest.mark.parametrize("ending", SHARED)
@quickly
async def test_same_amount_same_outcome(ending: int) -> None:
    host = Host(HostSettings(port=0), PORTS)
    await host.start()
    real, fake = adapter.create({"port": host.port}, PORTS), bogus.create({}, PORTS)
    request = sample_request(5000 + ending if ending >= 100 else 1000 + ending)
    for acquirer in (real, fake):
        await acquirer.start(lambda _: None)
    while isinstance(real.ready(), NotReady):
        await asyncio.sleep(0.01)
    by_host, by_bogus = await real.authorise(request), await fake.authorise(request)
    assert type(by_host) is type(by_bogus)
    if isinstance(by_host, Approved):
        assert by_host.amount_minor == by_bogus.amount_minor
    if isinstance(by_host, Declined | NeedsInput):
        assert by_host.code == by_bogus.code
    net = {reference: charge.net_minor for reference, charge in host.charges().items()}
    assert net.get(request.reference, 0) == fake.charges().get(request.reference, 0)
    await real.close()
    await fake.close()
    await host.close()


@pytest.mark.parametrize(("amount", "open_times"), [(1200, 0), (1922, 1), (1926, 2)])
@quickly
async def test_reversal_is_acknowledged_after_so_many(amount: int, open_times: int) -> None:
    acquirer = bogus.create({}, PORTS)
    await acquirer.start(lambda _: None)
    request = sample_request(amount)
    reversal = acquirer.prepare(request)
    await acquirer.authorise(request)
    outcomes = [await acquirer.reverse(reversal, transmission=n) for n in range(1, open_times + 2)]
    assert outcomes == [*([ReversalOpen("no-answer")] * open_times), ReversalAccepted("00")]
    assert acquirer.charges() == {request.reference: 0}


@quickly
async def test_not_sent_is_not_charged() -> None:
    acquirer = bogus.create({}, PORTS)
    assert await acquirer.authorise(sample_request(1200)) == NotSent("not-connected")
    await acquirer.start(lambda _: None)
    assert await acquirer.authorise(sample_request(1990)) == NotSent("not-connected")
    assert acquirer.charges() == {}


@quickly
async def test_late_answer_comes_after_its_delay_and_never_after_close() -> None:
    late: list[LateAnswer] = []
    acquirer = bogus.create({"late_ms": 500}, PORTS)
    await acquirer.start(late.append)
    assert await acquirer.authorise(sample_request(1903)) == InDoubt("no-answer")
    assert late == []
    await asyncio.sleep(0.6)
    assert [answer.outcome for answer in late] == [Approved("100000", 1903)]
    await acquirer.authorise(sample_request(2903, reference="700000000002"))
    await acquirer.close()
    await asyncio.sleep(1)
    assert len(late) == 1


@quickly
async def test_sale_after_its_reversal_is_refused() -> None:
    acquirer = bogus.create({}, PORTS)
    await acquirer.start(lambda _: None)
    request = sample_request(1200)
    assert await acquirer.reverse(acquirer.prepare(request), transmission=1) == ReversalAccepted("25")
    await acquirer.authorise(request)
    assert acquirer.charges() == {request.reference: 0}
