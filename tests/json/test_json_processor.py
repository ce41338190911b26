"""The simulator as a processor: one charge for one key, books that add up, over real TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import aiohttp
import pytest
from cutting_server import KEY, SECRET, authority, right_s, server_tls

from acquirer_sdk.bench import PAN, START_S, Outside, sample_request, until
from acquirer_sdk.items import with_items
from acquirer_sdk.keyport import NoKeys
from acquirer_sdk.port import SettingsError
from acquirer_sdk.quickclock import quickly
from acquirer_sdk.values import (
    Approved,
    AuthoriseRequest,
    CaptureRequest,
    CardData,
    Declined,
    Item,
    NeedsInput,
    NotFound,
    Original,
    Ready,
    ReturnKind,
    ReturnRequest,
    ReversalAccepted,
    Totals,
)
from json_adapter import build
from json_adapter.adapter import JsonAcquirer, create
from json_adapter.asked import Operation
from json_adapter.build import Call, Pins
from json_adapter.processor.app import BODY_MAX, Processor, ProcessorSettings
from json_adapter.processor.triggers import shipped_triggers
from json_adapter.signature import Stamp, sign_request

SALE = sample_request(1200)


@dataclass
class Raw:
    """A client that says whatever it likes, well signed."""

    session: aiohttp.ClientSession
    url: str
    headers: set[str] = field(default_factory=set)

    async def post(self, call: Call, *, target: str = "", **changes: str) -> tuple[int, str]:
        plain = {"content-type": "application/json", "idempotency-key": call.key, "transmission": "1"}
        path = target or call.path
        headers = {**sign_request(KEY, Stamp(right_s(), "n"), path, plain, call.body), **changes}
        async with self.session.post(self.url + path, data=call.body, headers=headers) as response:
            self.headers = {name.lower() for name in response.headers}
            return response.status, await response.text()


@dataclass
class World:
    processor: Processor
    acquirer: JsonAcquirer
    raw: Raw
    outside: Outside

    async def ready(self) -> None:
        await until(lambda: self.acquirer.ready() == Ready(), "never ready")


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    outside = Outside()
    processor = Processor(ProcessorSettings(port=0, secret=SECRET), server_tls("127.0.0.1"), outside.ports)
    await processor.start()
    pem = authority().cert_pem.bytes().decode()
    ports = replace(outside.ports, refer=lambda key, _: {"secret": SECRET, "ca": pem}[key])
    url = f"https://127.0.0.1:{processor.port}"
    acquirer = create({"url": url, "key_id": "trial", "secret": "env:S", "ca": "env:C"}, ports)
    await acquirer.start(lambda _: None)
    trusted = aiohttp.TCPConnector(ssl=ssl.create_default_context(cadata=pem), limit=0)
    async with aiohttp.ClientSession(connector=trusted) as session:
        here = World(processor, acquirer, Raw(session, url), outside)
        await here.ready()
        yield here
    await acquirer.close()
    await processor.close()


def asking(request: AuthoriseRequest) -> Call:
    return build.asking(build.operation_of(request), request, Pins(NoKeys(), "json.pin"))


@quickly
async def test_one_key_a_hundred_times_at_once_is_one_charge() -> None:
    async with world() as here:
        answers = await asyncio.gather(*(here.raw.post(asking(SALE)) for _ in range(100)))
        assert len(set(answers)) == 1 and answers[0][0] == 200
        assert here.processor.charges() == {SALE.reference: 1200}


@quickly
async def test_one_key_for_two_requests_is_refused() -> None:
    async with world() as here:
        assert (await here.raw.post(asking(SALE)))[0] == 200
        other = replace(asking(replace(SALE, amount_minor=9900)), key=asking(SALE).key)
        status, body = await here.raw.post(other)
        assert status == 422 and "key-reused" in body
        assert here.processor.charges() == {SALE.reference: 1200}


@quickly
async def test_a_reversal_before_its_sale_keeps_it_from_being_charged() -> None:
    async with world() as here:
        reversal = here.acquirer.prepare(SALE)
        assert await here.acquirer.inquire(reversal) == NotFound()
        assert await here.acquirer.reverse(reversal, transmission=1) == ReversalAccepted("25")
        assert await here.acquirer.authorise(SALE) == Declined("05")
        assert here.processor.charges() == {SALE.reference: 0}


@quickly
async def test_an_inquiry_tells_what_became_of_a_sale_and_changes_nothing() -> None:
    async with world() as here:
        reversal = here.acquirer.prepare(SALE)
        approved = await here.acquirer.authorise(SALE)
        for _ in range(2):
            assert await here.acquirer.inquire(reversal) == approved
        assert here.processor.charges() == {SALE.reference: 1200}
        for transmission in (1, 2):
            assert await here.acquirer.reverse(reversal, transmission=transmission) == ReversalAccepted("00")
        assert await here.acquirer.inquire(reversal) == Declined("05")
        assert here.processor.charges() == {SALE.reference: 0}


@quickly
async def test_a_request_that_is_still_considered_is_not_called_unknown() -> None:
    """Amount 942: booked only after 45 s."""
    async with world() as here:
        sale = replace(SALE, amount_minor=1942)
        task = asyncio.create_task(here.raw.post(asking(sale)))
        await until(lambda: bool(here.processor.understood()), "not heard")
        found = await here.acquirer.inquire(here.acquirer.prepare(sale))
        assert str(found) == "InDoubt(reason='code-in-progress')"
        assert (await task)[0] == 200


@quickly
async def test_a_hold_its_capture_and_a_refund_of_that() -> None:
    async with world() as here:
        hold = replace(SALE, amount_minor=9200, hold=True)
        held = await here.acquirer.authorise(hold)
        assert isinstance(held, Approved) and here.processor.charges()[SALE.reference] == 0
        asked = {name: getattr(SALE, name) for name in AuthoriseRequest.__dataclass_fields__} | {
            "card": CardData()
        }

        def later(number: int, of: AuthoriseRequest, approved: Approved, amount: int) -> dict:
            names = ("reference", "stan", "amount_minor", "time_s")
            named = Original(**{n: getattr(of, n) for n in names}, approval_number=approved.approval_number)
            own = {"reference": f"{number:012d}", "stan": number, "amount_minor": amount, "original": named}
            return {**asked, **own}

        take = CaptureRequest(**later(2, hold, held, 5200))
        taken = await here.acquirer.capture(take)
        assert isinstance(taken, Approved)
        assert await here.acquirer.capture(CaptureRequest(**later(3, hold, held, 5200))) == Declined("61")
        back = ReturnRequest(**later(4, take, taken, 1200), kind=ReturnKind.REFUND)
        assert isinstance(await here.acquirer.refund(back), Approved)
        assert sum(here.processor.charges().values()) == 4000
        ours = Totals("2026-01-01", 392, 1, 5200, 1, 1200)
        assert (await here.acquirer.reconcile(ours)).agrees  # type: ignore[union-attr]
        for direction in (-1, 1):
            theirs = replace(ours, sales_minor=ours.sales_minor + direction)
            assert not (await here.acquirer.reconcile(theirs)).agrees  # type: ignore[union-attr]


@quickly
async def test_what_is_not_signed_by_us_changes_nothing() -> None:
    async with world() as here:
        call = asking(SALE)
        for changes in (
            {"signature": "hagaki=:AAAA:"},
            {"idempotency-key": '"another"'},
            {"transmission": "2"},
            {"content-digest": "sha-256=:AAAA:"},
        ):
            status, body = await here.raw.post(call, **changes)
            assert status == 401 and "not-signed" in body
            assert "signature" not in here.raw.headers
        assert here.processor.charges() == {} and here.processor.understood() == []


@pytest.mark.parametrize(
    ("target", "body", "status", "slug"),
    [
        ("/v1/nothing", b"{}", 404, "no-such-path"),
        ("/v1/echoes?x=1", b"{}", 404, "no-such-path"),
        ("/v1/voids", b"{}", 400, "malformed"),
        ("/v1/authorisations", b'{"amount_minor":1.5}', 400, "malformed"),
        ("/v1/authorisations", b"[" * BODY_MAX, 400, "malformed"),
        ("/v1/authorisations", b" " * (BODY_MAX + 1), 413, "too-large"),
    ],
)
@quickly
async def test_a_request_that_is_none_gets_its_problem(
    target: str, body: bytes, status: int, slug: str
) -> None:
    async with world() as here:
        call = Call(Operation.ECHO, '"k"', body)
        got, text = await here.raw.post(call, target=target)
        assert (got, f"problems/{slug}" in text) == (status, True)


@pytest.mark.parametrize(
    ("amount", "item", "value"),
    [
        (1001, Item.APPROVAL_NUMBER, "123456"),
        (1730, Item.APPROVAL_NUMBER, "123456"),
        (1767, Item.PRODUCT_CODE, "0990"),
        (1769, Item.TAX, "100"),
        (1771, Item.BONUS_MONTHS, "07:100"),
        (1773, Item.START_MONTH, "07"),
        (1778, Item.DIVISION, "61/03"),
    ],
)
@quickly
async def test_a_new_attempt_that_brings_what_was_wanted_is_approved(
    amount: int, item: Item, value: str
) -> None:
    async with world() as here:
        sale = replace(SALE, amount_minor=amount)
        wanting = await here.acquirer.authorise(sale)
        assert isinstance(wanting, NeedsInput) and wanting.items == (item,)
        again = with_items(replace(sale, stan=2), {item: value})
        assert isinstance(await here.acquirer.authorise(again), Approved)
        assert here.processor.charges() == {SALE.reference: amount}


@quickly
async def test_the_simulator_tells_nothing_that_a_stranger_wrote() -> None:
    async with world() as here:
        await here.raw.post(Call(Operation.ECHO, f'"{PAN}"', b"{}"), target=f"/{PAN}")
        await here.raw.post(asking(SALE))
        assert PAN not in repr(here.outside.told)
        assert here.outside.told[-1][1]["reference"] == "700000000001-000001-authorisation"


@quickly
async def test_days_end_where_the_processor_is() -> None:
    """One second before midnight in Tokyo, and midnight."""
    async with world() as here:
        midnight = START_S - 9 * 3600
        for number, time_s in ((1, midnight - 1), (2, midnight)):
            sale = replace(SALE, reference=f"{number:012d}", stan=number, time_s=time_s)
            assert isinstance(await here.acquirer.authorise(sale), Approved)
        for day in ("2025-12-31", "2026-01-01"):
            totals = Totals(day, 392, 1, 1200, 0, 0)
            assert (await here.acquirer.reconcile(totals)).agrees  # type: ignore[union-attr]
        assert (await here.acquirer.reconcile(Totals("2026-01-01", 840, 0, 0, 0, 0))).agrees  # type: ignore[union-attr]


def test_plain_http_is_for_loopback_only_and_a_secret_is_needed() -> None:
    outside = Outside()
    for settings, key in (
        (ProcessorSettings(host="0.0.0.0", secret=SECRET), "tls_certificate"),
        (ProcessorSettings(host="localhost", secret=SECRET), "tls_certificate"),
        (ProcessorSettings(), "secret"),
        (ProcessorSettings(secret="short"), "secret"),
    ):
        with pytest.raises(SettingsError) as caught:
            Processor(settings, None, outside.ports)
        assert caught.value.key == key


def test_digits_mean_what_they_mean_to_the_host() -> None:
    from cafis_adapter.host import triggers

    hosts = triggers.shipped_triggers()
    shared = {digits: row.text for digits, row in shipped_triggers().items() if not digits.startswith("5")}
    unlike = {"908", "909", "921", "927", "940"}  # said of HTTP
    assert not [digits for digits in hosts if digits.startswith("5")]
    differ = {digits for digits, text in shared.items() if digits in hosts and hosts[digits].text != text}
    assert differ <= unlike
