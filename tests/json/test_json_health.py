"""When requests may start: echoes, pauses, the circuit, clocks, many at once, closing, late answers, PINs."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

import pytest
from cutting_server import server_tls, world
from hypothesis import given
from hypothesis import strategies as st

from acquirer_sdk.bench import PAN, TRACK2, sample_request, until
from acquirer_sdk.keyport import KeyFault, SealedPin
from acquirer_sdk.port import BadRequest
from acquirer_sdk.quickclock import quickly
from acquirer_sdk.values import (
    Approved,
    CardData,
    Echoed,
    InDoubt,
    NotReady,
    NotSent,
    Ready,
    Reversal,
    ReversalOpen,
    Totals,
)
from json_adapter.breaker import TABLE, Breaker, Phase, Signal
from json_adapter.keeper import Pace, pause_ms

SILENT: list[bytes] = []


def numbered(number: int, amount_minor: int = 1200):
    return sample_request(amount_minor, stan=number, reference=f"{number:012d}")


def test_the_table_knows_every_signal_in_every_phase() -> None:
    assert set(TABLE) == set(itertools.product(Phase, Signal))


@given(st.lists(st.sampled_from(Signal), max_size=30))
def test_nothing_starts_without_an_echo_since_the_last_bad_one(signals: list[Signal]) -> None:
    breaker, echoed = Breaker(5, 10), False
    for signal in signals:
        breaker.signal(signal)
        echoed = {Signal.ECHO: echoed or breaker.phase is not Phase.CLOSED}.get(signal, echoed)
        if signal in (Signal.NO_ECHO, Signal.CLOSE, Signal.START):
            echoed = False
        assert echoed or breaker.ready() != Ready()


def test_after_too_many_silences_one_at_a_time_is_tried() -> None:
    breaker = Breaker(3, 10)
    for signal in (Signal.START, Signal.ECHO):
        breaker.signal(signal)
    for _ in range(3):
        assert breaker.begin("request") is None
    for _ in range(3):
        breaker.end("request", answered=False)
    assert breaker.begin("request") == "circuit-open"
    breaker.signal(Signal.ECHO)
    assert breaker.begin("reversal") is None
    assert breaker.begin("request") == "circuit-open"
    breaker.end("reversal", answered=True)
    assert (breaker.phase, breaker.begin("request")) == (Phase.UP, None)


def test_new_work_leaves_room_for_reversals() -> None:
    breaker = Breaker(3, 2)
    for signal in (Signal.START, Signal.ECHO):
        breaker.signal(signal)
    assert [breaker.begin("request") for _ in range(3)] == [None, None, "busy"]
    assert breaker.begin("reversal") is None


def test_pauses_double_up_to_the_longest_with_half_of_it_random() -> None:
    pace = Pace(60, 500, 60_000)
    assert [pause_ms(pace, n, b"\x00\x00") for n in (0, 1, 2, 30)] == [250, 500, 1000, 30_000]
    assert 59_000 < pause_ms(pace, 30, b"\xff\xff") <= 60_000


@quickly
async def test_a_dead_processor_costs_one_time_out_and_not_thousands() -> None:
    async with world() as here:
        await here.ready()
        here.server.hangs, here.server.takes = True, 10
        assert await here.acquirer.authorise(numbered(1)) == InDoubt("no-answer")
        await until(lambda: isinstance(here.acquirer.ready(), NotReady), "the silence was not noticed")
        loop = asyncio.get_running_loop()
        before = loop.time()
        outcomes = await asyncio.gather(*(here.acquirer.authorise(numbered(n)) for n in range(2, 1000)))
        assert set(outcomes) == {NotSent("no-answer")}
        assert loop.time() - before < 2
        here.server.hangs, here.server.takes = False, None
        await here.ready()
        assert isinstance(await here.acquirer.authorise(numbered(1000)), Approved)


@quickly
async def test_requests_in_a_row_without_an_answer_open_the_circuit_though_echoes_are_answered() -> None:
    async with world(failures_max=3) as here:
        here.server.played = lambda _: []
        for number in range(1, 4):
            await here.ready()
            assert isinstance(await here.acquirer.authorise(numbered(number)), InDoubt)
        assert here.acquirer.ready() == NotReady("circuit-open")
        asked = len(here.server.paths())
        assert await here.acquirer.authorise(numbered(4)) == NotSent("circuit-open")
        await here.ready()
        many = await asyncio.gather(*(here.acquirer.authorise(numbered(n)) for n in range(5, 50)))
        assert len(here.server.paths()) == asked + 1
        assert many.count(NotSent("circuit-open")) == len(many) - 1
        here.server.played = None
        await here.ready()
        assert isinstance(await here.acquirer.authorise(numbered(50)), Approved)
        assert here.acquirer.ready() == Ready()


@quickly
async def test_one_silent_sale_stops_no_other() -> None:
    async with world() as here:
        here.server.played = lambda _: []
        await here.ready()
        assert isinstance(await here.acquirer.authorise(numbered(1)), InDoubt)
        assert here.acquirer.ready() == Ready()


@quickly
async def test_while_it_is_down_echoes_come_ever_more_seldom() -> None:
    async with world(reconnect_first_ms=500, reconnect_max_ms=60_000) as here:
        await here.ready()
        await here.server.close()
        await here.server.listen(server_tls("elsewhere.example"))
        await asyncio.sleep(3600)
        assert here.acquirer.ready() == NotReady("certificate")
        assert [facts["reason"] for facts in here.told("line.down")] == ["certificate"]
        await here.server.close()
        await here.server.listen(server_tls("127.0.0.1"))
        await asyncio.sleep(61)
        assert here.acquirer.ready() == Ready()


@quickly
async def test_a_wrong_secret_lets_no_sale_out() -> None:
    async with world(key_id="else") as here:
        await until(lambda: bool(here.told("line.down")), "no echo")
        assert here.acquirer.ready() == NotReady("signature-missing-401")
        assert await here.acquirer.authorise(numbered(1)) == NotSent("signature-missing-401")
        assert here.server.paths() == []


@quickly
async def test_a_wrong_clock_of_ours_is_told_and_stops_nothing() -> None:
    async with world() as here:
        await here.ready()
        here.outside.skew_ms = -40 * 86_400_000
        await here.acquirer.close()
        await here.acquirer.start(here.late.append)
        await here.ready()
        assert isinstance(await here.acquirer.authorise(numbered(1)), Approved)
        assert here.told("alarm.clock-differs") == [{"ahead_s": -40 * 86_400}]


@quickly
async def test_hundreds_at_once_each_get_their_own_answer() -> None:
    async with world() as here:
        await here.ready()
        amounts = [1200, 1051, 1010] * 50
        requests = [numbered(n, amount) for n, amount in enumerate(amounts, 1)]
        outcomes = await asyncio.gather(*map(here.acquirer.authorise, requests))
        for request, outcome in zip(requests, outcomes, strict=True):
            assert isinstance(outcome, Approved) == (request.amount_minor != 1051)
        assert len({one.approval_number for one in outcomes if isinstance(one, Approved)}) == 100


@quickly
async def test_closing_ends_what_waits_as_in_doubt_and_can_be_started_again() -> None:
    async with world() as here:
        await here.ready()
        here.server.hangs, here.server.played = True, lambda _: SILENT
        waiting = [asyncio.create_task(here.acquirer.authorise(numbered(n))) for n in range(1, 9)]
        await until(lambda: len(here.server.paths()) == 8, "not sent")
        await here.acquirer.close()
        assert {await task for task in waiting} == {InDoubt("connection-lost")}
        assert await here.acquirer.authorise(numbered(9)) == NotSent("not-connected")
        here.server.hangs, here.server.played = False, None
        await here.acquirer.start(here.late.append)
        await here.ready()
        assert await here.acquirer.echo() == Echoed()


@quickly
async def test_what_comes_after_a_cancelled_caller_is_a_late_answer() -> None:
    async with world() as here:
        await here.ready()
        here.server.played, here.server.pause_s = lambda good: [good[:50], good[50:]], 5
        task = asyncio.create_task(here.acquirer.authorise(numbered(1)))
        await until(lambda: bool(here.server.paths()), "not sent")
        task.cancel()
        await until(lambda: bool(here.late), "not reported")
        assert (here.late[0].reference, here.late[0].stan) == ("000000000001", 1)
        assert isinstance(here.late[0].outcome, Approved)


@quickly
async def test_an_answer_after_the_time_out_is_late_and_one_after_that_is_not_waited_for() -> None:
    async with world(host_timeout_s=10, late_s=20) as here:
        for pause_s, comes in ((15, True), (40, False)):
            here.late.clear()
            here.server.played, here.server.pause_s = lambda good: [good[:50], good[50:]], 0
            await here.ready()
            here.server.pause_s = pause_s
            assert await here.acquirer.authorise(numbered(pause_s)) == InDoubt("no-answer")
            here.server.pause_s = 0
            await asyncio.sleep(100)
            assert bool(here.late) is comes


class Keys:
    """A key port that seals a PIN by turning it round."""

    def translate_pin(self, pin: SealedPin, key: str) -> bytes:
        if key != "json.pin":
            raise KeyFault("key-unknown")
        return pin.block[::-1]

    def mac(self, key: str, message: bytes) -> bytes:
        raise KeyFault("key-unknown")

    def load(self, key: str, block: str) -> str:
        raise KeyFault("key-unknown")


@quickly
async def test_a_pin_goes_through_the_key_port_or_nothing_goes() -> None:
    pin = SealedPin(bytes(range(16)), b"ksn", PAN)
    debit = replace(numbered(1), condition=110, card=CardData(TRACK2, pin=pin))
    async with world() as here:
        await here.ready()
        with pytest.raises(BadRequest) as caught:
            here.acquirer.prepare(debit)
        assert (caught.value.slug, caught.value.where) == ("key-unknown", "pin")
        assert await here.acquirer.authorise(debit) == NotSent("key-unknown")
        assert here.server.paths() == []
    async with world(keys=Keys()) as here:
        await here.ready()
        here.acquirer.prepare(debit)
        assert isinstance(await here.acquirer.authorise(debit), Approved)
        (sale,) = [got for got in here.server.got if got.path == "/v1/authorisations"]
        assert bytes(range(16))[::-1].hex().upper().encode() in sale.body


@pytest.mark.parametrize(
    ("change", "slug", "where"),
    [
        ({"card": CardData()}, "json-missing", "card"),
        ({"reference": "70000000000x"}, "json-form", "reference"),
        ({"stan": 0}, "json-range", "stan"),
        ({"amount_minor": 10**12}, "json-range", "amount_minor"),
        ({"amount_minor": -1}, "json-range", "amount_minor"),
        ({"terminal_id": "端末"}, "json-form", "terminal_id"),
        ({"product_code": "1"}, "json-form", "product_code"),
        ({"card": CardData("4111 1111")}, "json-form", "track2"),
    ],
)
@quickly
async def test_what_cannot_be_said_is_refused_before_dispatch(change: dict, slug: str, where: str) -> None:
    async with world() as here:
        await here.ready()
        request = replace(numbered(1), **change)
        with pytest.raises(BadRequest) as caught:
            here.acquirer.prepare(request)
        assert (caught.value.slug, caught.value.where.rpartition(".")[2]) == (slug, where)
        assert await here.acquirer.authorise(request) == NotSent(slug)
        assert here.server.paths() == []


@quickly
async def test_a_reversal_that_is_anothers_is_never_sent() -> None:
    async with world() as here:
        await here.ready()
        wire = here.acquirer.prepare(numbered(1)).wire
        assert PAN.encode() not in wire and b"4111" not in wire
        mixed_up = Reversal("000000000002", 1, wire)
        assert await here.acquirer.reverse(mixed_up, transmission=1) == ReversalOpen("wire-unreadable")
        assert await here.acquirer.inquire(mixed_up) == InDoubt("wire-unreadable")
        assert here.server.paths() == []
        assert here.told("alarm.reversal-unreadable") == [{"reference": "000000000002"}]


@quickly
async def test_totals_that_contradict_themselves_are_in_doubt() -> None:
    async with world() as here:
        await here.ready()
        ours = Totals("2026-01-01", 392, 1, 1200, 0, 0)
        assert not (await here.acquirer.reconcile(ours)).agrees  # type: ignore[union-attr]
        assert isinstance(await here.acquirer.authorise(numbered(1)), Approved)
        assert (await here.acquirer.reconcile(ours)).agrees  # type: ignore[union-attr]
        assert (await here.acquirer.reconcile(ours)).agrees  # type: ignore[union-attr]


@quickly
async def test_no_card_in_anything_that_is_shown() -> None:
    async with world() as here:
        await here.ready()
        shown: list[object] = [here.acquirer, vars(here.acquirer)]
        for number, amount in enumerate((1200, 1051, 1001, 1096, 1918), 1):
            request = numbered(number, amount)
            shown += [here.acquirer.prepare(request), await here.acquirer.authorise(request)]
        here.server.played = lambda good: [good.replace(b"{", b'{"track2":"' + TRACK2.encode() + b'",')]
        shown.append(await here.acquirer.authorise(numbered(9)))
        text = repr((shown, here.outside.told, here.late))
        assert PAN not in text and TRACK2[17:] not in text
