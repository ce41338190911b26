"""Nothing but its file tells one host from another: the second profile keeps every rule, under its MACs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from zone_keys_world import ZoneKeys

from acquirer_sdk.bench import Bench, Outside
from acquirer_sdk.conformance import Verdict, run_quickly
from acquirer_sdk.zone import Algorithm, ZoneKey
from cafis_adapter.bench import bench_with
from cafis_adapter.host.app import HostSettings

PLACES_MAX = 8
"""At so many places within a message a line fault is tried here; the shipped profile has more."""

MAC = ZoneKey(Algorithm.TDES, b"MACs of the past")


@asynccontextmanager
async def bench(outside: Outside) -> AsyncIterator[Bench]:
    ports = replace(outside.ports, keys=ZoneKeys(cafis_mac=MAC))
    settings = HostSettings(port=0, late_ms=31_000, profile="iso87", mac_key=f"tdes:{MAC.value.hex()}")
    async with bench_with(ports, settings) as opened:
        yield opened


def test_another_host_is_another_file() -> None:
    findings = run_quickly(bench, places_max=PLACES_MAX)
    wrong = {one.check: one.sentence for one in findings if one.verdict is Verdict.FAIL}
    assert not wrong
    passed = {one.check for one in findings if one.verdict is Verdict.PASS}
    assert {"finds_what_was_never_answered", "captures_less", "counts_returns_apart"} <= passed
    assert len(passed) > 140
