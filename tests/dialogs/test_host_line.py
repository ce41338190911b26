"""The line over TCP: sign-on and sign-off, echo tests, getting up again, many sales at once, no leak."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from line_world import world
from zone_keys_world import ZoneKeys, sealed

from acquirer_sdk.bench import PAN, TRACK2, sample_request, until
from acquirer_sdk.port import BadRequest, Ports
from acquirer_sdk.quickclock import quickly
from acquirer_sdk.values import (
    Approved,
    CardData,
    Declined,
    InDoubt,
    NotReady,
    NotSent,
    Ready,
    Reversal,
    ReversalAccepted,
    ReversalOpen,
)
from acquirer_sdk.zone import Algorithm, ZoneKey
from cafis_adapter import adapter
from cafis_adapter.host.app import Host, HostSettings


@quickly
async def test_signs_on_echoes_and_signs_off() -> None:
    async with world(echo_interval_s=60) as here:
        assert here.acquirer.ready() == NotReady("not-connected")
        await here.ready()
        await asyncio.sleep(150)
        await here.acquirer.close()
        assert [entry.code for entry in here.host.journal.asked("0800")] == ["001", "301", "301", "002"]
        assert len({entry.stan for entry in here.host.journal.asked("0800")}) == 4


@quickly
async def test_nothing_leaves_before_sign_on_or_after_close() -> None:
    async with world() as here:
        request = sample_request(1200)
        assert await here.acquirer.authorise(request) == NotSent("not-connected")
        await here.ready()
        await here.acquirer.close()
        assert await here.acquirer.authorise(request) == NotSent("not-connected")
        prepared = here.acquirer.prepare(request)
        assert await here.acquirer.reverse(prepared, transmission=1) == NotSent("not-connected")
        assert here.host.journal.asked("0100") == here.host.journal.asked("0420") == []


@quickly
async def test_gets_up_again_after_the_line_was_cut() -> None:
    async with world() as here:
        for stan in (1, 2, 3):
            await here.ready()
            request = sample_request(1200, stan=stan, reference=f"{stan:012d}")
            assert isinstance(await here.acquirer.authorise(request), Approved)
            here.host.cut()
            await until(lambda: here.acquirer.ready() != Ready(), "the cut was not noticed")


@quickly
async def test_keeps_trying_until_there_is_a_host() -> None:
    async with world(reconnect_first_ms=100, reconnect_max_ms=1000) as here:
        await here.ready()
        port = here.host.port
        await here.host.close()
        await until(lambda: here.verbs().count("line.refused") >= 4, "gave up")
        assert here.acquirer.ready() == NotReady("not-connected")
        again = Host(HostSettings(port=port), Ports(lambda: 0, bytes, lambda *_, **__: None))
        await again.start()
        await here.ready()
        await here.acquirer.close()
        await again.close()


@quickly
async def test_silent_line_is_given_up_by_the_echo_test() -> None:
    async with world(echo_interval_s=60, host_timeout_s=30) as here:
        await here.ready()
        assert await here.acquirer.authorise(sample_request(1940)) == InDoubt("no-answer")
        await until(lambda: here.acquirer.ready() != Ready(), "the silence was not noticed")
        await here.ready()
        assert "line.unanswered" in here.verbs()


@quickly
async def test_closing_does_not_wait_long_for_a_silent_host() -> None:
    async with world() as here:
        await here.ready()
        assert await here.acquirer.authorise(sample_request(1940)) == InDoubt("no-answer")
        loop = asyncio.get_running_loop()
        before = loop.time()
        await here.acquirer.close()
        assert loop.time() - before < 5


@quickly
async def test_no_new_sale_leaves_while_signing_off() -> None:
    async with world() as here:
        await here.ready()
        closing = asyncio.create_task(here.acquirer.close())
        await asyncio.sleep(0)
        assert await here.acquirer.authorise(sample_request(1200)) == NotSent("not-signed-on")
        await closing
        assert here.host.journal.asked("0100") == []


@quickly
async def test_a_fault_of_our_own_closes_the_line_and_alarms() -> None:
    told: list[str] = []

    def broken_clock() -> int:
        raise RuntimeError("no clock")

    quiet = Ports(lambda: 0, bytes, lambda *_, **__: None)
    host = Host(HostSettings(port=0), quiet)
    await host.start()
    acquirer = adapter.create(
        {"port": host.port}, Ports(broken_clock, bytes, lambda verb, **_: told.append(verb))
    )
    await acquirer.start(lambda _: None)
    await until(lambda: told == ["alarm.line-stopped"], "nobody was told")
    assert acquirer.ready() == NotReady("not-connected")
    await acquirer.close()
    await host.close()


@quickly
async def test_every_sale_under_way_on_a_lost_line_is_in_doubt() -> None:
    async with world() as here:
        await here.ready()
        sales = [
            asyncio.create_task(here.acquirer.authorise(sample_request(1901, stan=n, reference=f"{n:012d}")))
            for n in range(1, 11)
        ]
        await until(lambda: len(here.host.journal.asked("0100")) == 10, "not all arrived")
        here.host.cut()
        assert await asyncio.gather(*sales) == [InDoubt("connection-lost")] * 10


@quickly
async def test_closing_ends_a_waiting_sale_as_in_doubt() -> None:
    async with world() as here:
        await here.ready()
        sale = asyncio.create_task(here.acquirer.authorise(sample_request(1901)))
        await until(lambda: bool(here.host.journal.asked("0100")), "not arrived")
        await here.acquirer.close()
        assert await sale == InDoubt("connection-lost")


@quickly
async def test_sixty_four_at_once_and_no_more_but_reversals_pass() -> None:
    async with world(outstanding_max=64) as here:
        await here.ready()
        sales = [
            asyncio.create_task(here.acquirer.authorise(sample_request(1904, stan=n, reference=f"{n:012d}")))
            for n in range(1, 65)
        ]
        await until(lambda: len(here.host.journal.asked("0100")) == 64, "not all arrived")
        extra = sample_request(1200, stan=65, reference="000000000065")
        assert await here.acquirer.authorise(extra) == NotSent("busy")
        reversal = here.acquirer.prepare(extra)
        assert await here.acquirer.reverse(reversal, transmission=1) == ReversalAccepted("25")
        outcomes = await asyncio.gather(*sales)
        assert all(isinstance(outcome, Approved) for outcome in outcomes)
        assert len({outcome.approval_number for outcome in outcomes if isinstance(outcome, Approved)}) == 64
        assert here.late == []


@quickly
async def test_one_trace_number_at_many_terminals() -> None:
    async with world() as here:
        await here.ready()
        amounts = [1200, 1051, 1904, 1055] * 5
        requests = [
            sample_request(amount, stan=7, reference=f"{n:012d}", terminal_id=f"T{n:07d}")
            for n, amount in enumerate(amounts)
        ]
        outcomes = await asyncio.gather(*map(here.acquirer.authorise, requests))
        names = {1200: "Approved", 1051: "Declined", 1904: "Approved", 1055: "NeedsInput"}
        assert [type(outcome).__name__ for outcome in outcomes] == [names[amount] for amount in amounts]


@quickly
async def test_same_request_twice_at_once_leaves_once() -> None:
    async with world() as here:
        await here.ready()
        request = sample_request(1904)
        outcomes = await asyncio.gather(*(here.acquirer.authorise(request) for _ in range(2)))
        assert NotSent("in-flight") in outcomes
        assert here.host.charges()[request.reference].times == 1


@quickly
async def test_answer_to_a_cancelled_caller_is_reported() -> None:
    async with world() as here:
        await here.ready()
        sale = asyncio.create_task(here.acquirer.authorise(sample_request(1904)))
        await until(lambda: bool(here.host.journal.asked("0100")), "not arrived")
        sale.cancel()
        await until(lambda: bool(here.late), "the answer was lost")
        assert isinstance(here.late[0].outcome, Approved)


@quickly
async def test_first_reversal_is_0420_and_every_other_0421() -> None:
    async with world() as here:
        await here.ready()
        request = sample_request(1926)
        reversal = here.acquirer.prepare(request)
        await here.acquirer.authorise(request)
        outcomes = [await here.acquirer.reverse(reversal, transmission=n) for n in (1, 2, 3)]
        assert outcomes == [ReversalOpen("no-answer")] * 2 + [ReversalAccepted("00")]
        assert len(here.host.journal.asked("0420")) == 1 and len(here.host.journal.asked("0421")) == 2


@quickly
async def test_reversal_from_bytes_that_are_none_stays_open_and_alarms() -> None:
    async with world() as here:
        await here.ready()
        outcome = await here.acquirer.reverse(Reversal("1", 1, b"\x00nonsense"), transmission=1)
        assert outcome == ReversalOpen("wire-unreadable")
        assert "alarm.reversal-unreadable" in here.verbs()


@quickly
async def test_after_the_host_signs_off_nothing_new_leaves_until_signed_on_again() -> None:
    async with world(echo_interval_s=60) as here:
        await here.ready()
        assert isinstance(await here.acquirer.authorise(sample_request(1927)), Approved)
        await until(lambda: here.acquirer.ready() == NotReady("not-signed-on"), "sign-off not noticed")
        refused = await here.acquirer.authorise(sample_request(1200, stan=2, reference="000000000002"))
        assert refused == NotSent("not-signed-on")
        await here.ready()
        assert [entry.code for entry in here.host.journal.asked("0800")][:2] == ["001", "001"]


@pytest.mark.parametrize(
    "change",
    [{"terminal_id": "T" * 14}, {"terminal_id": "端末"}, {"amount_minor": 10**12}, {"reference": "x" * 13}],
)
@quickly
async def test_request_that_cannot_be_written_is_refused_before_dispatch(change: dict[str, object]) -> None:
    async with world() as here:
        await here.ready()
        request = replace(sample_request(1200), **change)  # type: ignore[arg-type]
        with pytest.raises(BadRequest):
            here.acquirer.prepare(request)
        assert await here.acquirer.authorise(request) == NotSent("bad-request")


@quickly
async def test_a_bad_card_is_refused_without_showing_it() -> None:
    async with world() as here:
        bad = replace(sample_request(1200), card=CardData(TRACK2 + "?" + "9" * 30))
        with pytest.raises(BadRequest) as caught:
            here.acquirer.prepare(bad)
        error = caught.value
        assert PAN not in f"{error} {error!r} {vars(error)} {error.__context__}"
        assert isinstance(here.acquirer.prepare(sample_request(1200)), Reversal)


@pytest.mark.parametrize("amount", [1200, 1051, 1901, 1903, 1908, 1911, 1914, 1922, 1930])
@quickly
async def test_no_card_in_anything_told_reported_or_printed(amount: int) -> None:
    keys = ZoneKeys(cafis_pin=ZoneKey(Algorithm.AES, b"a zone's PIN key"))
    async with world(keys=keys) as here:
        await here.ready()
        pin = sealed(b"1234", PAN)
        request = replace(sample_request(amount), card=CardData(TRACK2, pin=pin, jis2="JISDATA"))
        under_zone_key = keys.translate_pin(pin, "cafis.pin")
        reversal = here.acquirer.prepare(request)
        outcome = await here.acquirer.authorise(request)
        await here.ready()
        undone = await here.acquirer.reverse(reversal, transmission=1)
        await asyncio.sleep(50)
        shown = repr([request, reversal, outcome, undone, here.late, here.told, list(here.host.journal)])
        for secret in (
            PAN,
            PAN[6:],
            "27122010000012345678",
            pin.block.hex().upper(),
            under_zone_key.hex().upper(),
            "JISDATA",
        ):
            assert secret not in shown
        assert PAN.encode() not in reversal.wire and under_zone_key not in reversal.wire


@quickly
async def test_declines_and_approvals_after_a_reconnect_are_not_mixed_up() -> None:
    async with world() as here:
        await here.ready()
        assert await here.acquirer.authorise(sample_request(1912)) == InDoubt("connection-lost")
        await here.ready()
        outcome = await here.acquirer.authorise(sample_request(1051, stan=2, reference="000000000002"))
        assert outcome == Declined("51")
