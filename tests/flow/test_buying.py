"""Payments of orders against the real host simulator: held, captured, released, given back, asked first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from bought_world import CUSTOMER, Shop
from heart_world import World, kinds

from acquirer_sdk import bogus_bench
from acquirer_sdk.account import BankAccount
from acquirer_sdk.bench import OpenBench, Outside, until
from acquirer_sdk.port import Acquirer, Ports
from acquirer_sdk.quickclock import quickly
from acquirer_sdk.values import Ready, Reconciled
from bank_debit import bench as debit_bench
from cafis_adapter import adapter
from cafis_adapter import bench as cafis_bench
from cafis_adapter.host.app import Host, HostSettings
from json_adapter import bench as json_bench
from mail_gateway.admin import payments as office
from mail_gateway.domain.ledger import Account
from mail_gateway.domain.order import OrderState
from mail_gateway.domain.payment import State, Trade
from mail_gateway.domain.route import Table
from mail_gateway.domain.takings import NO_READER, Sale
from mail_gateway.domain.totals import span_s
from mail_gateway.envelope.keys import KeyRing
from mail_gateway.envelope.means import wrap_account
from mail_gateway.envelope.root import fetch_root
from mail_gateway.settings import GatewaySettings
from mail_gateway.store import audit, books, desk, totals
from mail_gateway.store.backend import guest
from mail_gateway.store.totals import Day
from mail_gateway.work.switch import Switch

CAPTURE_REFUSED, CAPTURE_SILENT, SILENT, DECLINED, MORE = 20_944, 20_945, 20_901, 20_051, 20_001

TOKYO = ZoneInfo("Asia/Tokyo")


class Town(World):
    """The heart's world with another acquirer than its own."""

    def __init__(self, folder: Path, acquirer: Acquirer) -> None:
        super().__init__(folder, host_message_life_s=5)
        self.asked = acquirer

    def switch(self) -> Switch:
        return Switch({self.asked.name: self.asked}, Table(self.asked.name))


class Street:
    """A shop, its centre, and the host that is asked."""

    def __init__(self, world: Town, shop: Shop, host: Host) -> None:
        self.world, self.shop, self.host = world, shop, host

    def found(self, number: int) -> tuple[int, int]:
        """What the card holder finds of a payment: charged, held; minor units."""
        charge = self.host.charges().get(f"{number:012d}")
        return (0, 0) if charge is None else (charge.net_minor, charge.held_minor)

    def net_minor(self) -> int:
        return sum(charge.net_minor for charge in self.host.charges().values())

    def held_minor(self) -> int:
        return sum(charge.held_minor for charge in self.host.charges().values())

    def taken_minor(self) -> int:
        """What the ledger made final for the merchant."""
        with guest(self.world.gateway.database) as conn:
            return -books.balances(conn).get((Account.MERCHANT_PAYABLE.value, 392, "posted"), 0)

    async def at_rest(self) -> None:
        """No payment's letter told anything, the books are whole, and nothing stays pending."""
        assert await self.world.letters() == []
        with guest(self.world.gateway.database) as conn:
            assert audit.verify(conn, (), lambda _: None).faults == []
            pending = {key: minor for key, minor in books.balances(conn).items() if key[2] == "pending"}
        assert set(pending.values()) <= {0}
        assert self.world.verbs("alarm.stumbled") == []


@asynccontextmanager
async def street(folder: Path) -> AsyncIterator[Street]:
    ports = Ports(lambda: 1_790_000_000_000, bytes, lambda *_, **__: None)
    host = Host(HostSettings(port=0), ports)
    await host.start()
    acquirer = adapter.create({"port": host.port, "host_timeout_s": 1.0}, ports)
    world = Town(folder, acquirer)
    await world.start()
    try:
        await until(lambda: acquirer.ready() == Ready(), "never signed on")
        shop = Shop(world)
        await shop.open()
        here = Street(world, shop, host)
        yield here
        await here.at_rest()
    finally:
        await world.stop()
        await acquirer.close()
        await host.close()


@quickly
async def test_held_when_placed_and_taken_on_yes(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        order = await here.shop.order()
        hold = await here.shop.begin(order, hold=True)
        held = await here.shop.reach(hold, State.AUTHORISED)
        assert here.found(hold) == (0, 1200)
        assert held.approval_number
        assert here.shop.moved.count(order.id) == 2, "dispatched, and held"
        await here.shop.becomes(OrderState.CONFIRMED)
        capture = await here.shop.capture(hold)
        await here.shop.reach(capture, State.APPROVED)
        assert (await here.shop.reach(hold, State.CAPTURED)).reversal is None
        assert (here.found(capture), here.net_minor(), here.taken_minor()) == ((1200, 0), 1200, 1200)
        one, two = await here.shop.bought()
        assert (one.kind, two.kind, two.original) == (Trade.SALE, Trade.CAPTURE, hold)
        assert (one.hold, two.hold) == (True, False)


@quickly
async def test_a_hold_of_a_dead_order_is_released(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        hold = await here.shop.begin(await here.shop.order(), hold=True)
        await here.shop.reach(hold, State.AUTHORISED)
        await here.shop.becomes(OrderState.LAPSED, 1, hold)
        await here.shop.reach(hold, State.REVERSED)
        assert (here.held_minor(), here.net_minor(), here.taken_minor()) == (0, 0, 0)
        ways = ["release-due", "reversal-acked", "confirmed-again"]
        assert (await kinds(here.world, hold))[-3:] == ways


@quickly
async def test_an_order_that_dies_while_the_acquirer_is_asked_holds_nothing(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        hold = await here.shop.begin(await here.shop.order(), hold=True)
        await here.shop.reach(hold, State.DISPATCHED, State.AUTHORISED)
        await here.shop.becomes(OrderState.CANCELLED, 1, hold)
        await here.shop.reach(hold, State.REVERSED)
        assert (here.held_minor(), here.net_minor()) == (0, 0)


@quickly
async def test_charged_at_once_and_given_back_as_the_order_dies(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        sale = await here.shop.begin(await here.shop.order(), hold=False)
        await here.shop.reach(sale, State.APPROVED)
        assert (here.net_minor(), here.taken_minor()) == (1200, 1200)
        await here.shop.becomes(OrderState.REFUSED)
        back = await here.shop.give_back(sale)
        await here.shop.reach(back, State.APPROVED)
        (_, returned) = await here.shop.bought()
        assert (returned.kind, here.net_minor(), here.taken_minor()) == (Trade.VOID, 0, 0)


@quickly
async def test_what_was_captured_is_given_back_whole_once(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        hold = await here.shop.begin(await here.shop.order(), hold=True)
        await here.shop.reach(hold, State.AUTHORISED)
        capture = await here.shop.capture(hold)
        await here.shop.reach(capture, State.APPROVED)
        first, second = await here.shop.give_back(capture), await here.shop.give_back(capture)
        await here.shop.reach(first, State.APPROVED)
        assert (await here.shop.reach(second, State.REFUSED)).code == "returned-already"
        assert (here.net_minor(), here.taken_minor()) == (0, 0)


@quickly
async def test_asked_first_and_charged_on_yes_only(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        sale = await here.shop.begin(await here.shop.order(ask_first=True), hold=False)
        await here.shop.reach(sale, State.HELD)
        await here.shop.becomes(OrderState.ASKED, 1, sale)
        await asyncio.sleep(600)
        assert ((await here.world.payment(sale)).state, here.host.charges()) == (State.HELD, {})
        await here.shop.becomes(OrderState.CONFIRMED, 1, sale)
        await here.shop.reach(sale, State.APPROVED)
        assert (here.net_minor(), here.taken_minor()) == (1200, 1200)


@quickly
async def test_asked_first_and_never_charged_after_no_or_silence(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        ends = {OrderState.REFUSED: State.REFUSED, OrderState.LAPSED: State.EXPIRED}
        for number, (order, end) in enumerate(ends.items(), 1):
            sale = await here.shop.begin(await here.shop.order(number, ask_first=True), hold=False)
            await here.shop.reach(sale, State.HELD)
            await here.shop.becomes(order, number, sale)
            await here.shop.reach(sale, end)
        assert (here.host.charges(), here.taken_minor()) == ({}, 0)


@quickly
async def test_a_silent_capture_is_reversed_and_another_one_takes_it_once(tmp_path: Path) -> None:
    """The host charges this capture and never answers: it is undone, and only then tried again."""
    async with street(tmp_path) as here:
        order = await here.shop.order(total_minor=CAPTURE_SILENT)
        hold = await here.shop.begin(order, hold=True)
        await here.shop.reach(hold, State.AUTHORISED)
        await here.shop.becomes(OrderState.CONFIRMED)
        first = await here.shop.capture(hold, CAPTURE_SILENT)
        await here.shop.reach(first, State.REVERSED)
        assert (here.net_minor(), here.held_minor()) == (0, CAPTURE_SILENT), "held still, and taken by nobody"
        assert (await here.world.payment(hold)).state is State.AUTHORISED
        second = await here.shop.capture(hold, CAPTURE_SILENT)
        await here.shop.reach(second, State.REVERSED)
        await here.shop.becomes(OrderState.FAILED, 1, hold)
        await here.shop.reach(hold, State.REVERSED)
        assert (here.net_minor(), here.held_minor(), here.taken_minor()) == (0, 0, 0)


@quickly
async def test_a_refused_capture_ends_and_its_hold_goes_with_the_order(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        hold = await here.shop.begin(await here.shop.order(total_minor=CAPTURE_REFUSED), hold=True)
        await here.shop.reach(hold, State.AUTHORISED)
        capture = await here.shop.capture(hold, CAPTURE_REFUSED)
        assert (await here.shop.reach(capture, State.DECLINED)).code
        await here.shop.becomes(OrderState.FAILED, 1, hold)
        await here.shop.reach(hold, State.REVERSED)
        assert (here.net_minor(), here.held_minor(), here.taken_minor()) == (0, 0, 0)


@quickly
async def test_a_hold_without_an_answer_is_undone(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        hold = await here.shop.begin(await here.shop.order(total_minor=SILENT), hold=True)
        await here.shop.reach(hold, State.REVERSED)
        assert (here.net_minor(), here.held_minor(), here.taken_minor()) == (0, 0, 0)


@quickly
async def test_what_the_acquirer_refuses_or_wants_to_know_more_of_is_a_no(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        for number, minor in enumerate((DECLINED, MORE), 1):
            hold = await here.shop.begin(await here.shop.order(number, minor), hold=True)
            assert (await here.shop.reach(hold, State.DECLINED)).code
        assert (here.net_minor(), here.held_minor()) == (0, 0)


@quickly
async def test_the_shops_list_and_the_acquirers_day_have_the_capture_and_not_the_hold(tmp_path: Path) -> None:
    async with street(tmp_path) as here:
        gateway = here.world.gateway
        hold = await here.shop.begin(await here.shop.order(), hold=True)
        waiting = await here.shop.begin(await here.shop.order(2, ask_first=True), hold=False)
        other = await here.shop.begin(await here.shop.order(3, 500), hold=True)
        for number, state in {hold: State.AUTHORISED, waiting: State.HELD, other: State.AUTHORISED}.items():
            await here.shop.reach(number, state)
        capture = await here.shop.capture(hold)
        await here.shop.reach(capture, State.APPROVED)
        with guest(gateway.database) as conn:
            listed = desk.of_merchant(conn, 1, 0, 10)
            taken = desk.taken(conn, 1, 0, 10**15)
            day = f"{datetime.fromtimestamp(here.world.now_ms() // 1000, TOKYO):%Y-%m-%d}"
            name = here.world.asked.name
            ours = Day(day, 392, (name,), span_s(day, TOKYO))
            figures = totals.posted(conn, ours, 0, 10**15)
            assert (totals.differences(conn, ours), totals.open_payments(conn, ours)) == ([], [])
        assert [(one.id, one.reader) for one in (*listed, *taken)] == [(capture, NO_READER)] * 2
        assert (figures.sales, figures.sales_minor, figures.returns) == (1, 1200, 0)
        assert await here.world.asked.reconcile(figures) == Reconciled(figures, agrees=True)
        states = {row["id"]: row["state"] for row in office.listed(gateway)}
        assert (states[hold], states[waiting], states[capture]) == ("captured", "held", "approved")
        shown = office.shown(gateway, hold)
        assert ([row["id"] for row in shown["captures"]], shown["returns"]) == ([capture], [])
        await here.shop.becomes(OrderState.CANCELLED, 2, waiting)
        await here.shop.becomes(OrderState.CANCELLED, 3, other)
        await here.shop.reach(other, State.REVERSED)
        assert [one.id for one in desk_of(gateway)] == [capture, waiting], "what was never asked is refused"


def desk_of(gateway: GatewaySettings) -> list[Sale]:
    with guest(gateway.database) as conn:
        return desk.of_merchant(conn, 1, 0, 10)


@asynccontextmanager
async def beside(folder: Path, open_bench: OpenBench) -> AsyncIterator[tuple[Shop, Callable[[], int]]]:
    """A shop whose acquirer is one of the benches; and what all customers are charged there."""
    async with open_bench(Outside()) as bench:
        world = Town(folder, bench.acquirer)
        await world.start()
        try:
            await until(lambda: bench.acquirer.ready() == Ready(), "never ready")
            yield Shop(world), lambda: sum(bench.charges().values())
            assert world.verbs("alarm.") == []
        finally:
            await world.stop()
            await bench.acquirer.close()


@pytest.mark.parametrize("open_bench", [bogus_bench.bench, cafis_bench.bench, json_bench.bench])
def test_the_same_at_every_acquirer_that_can_hold(open_bench: OpenBench, tmp_path: Path) -> None:
    @quickly
    async def story() -> None:
        async with beside(tmp_path, open_bench) as (shop, charged_minor):
            await shop.open()
            hold = await shop.begin(await shop.order(), hold=True)
            await shop.reach(hold, State.AUTHORISED)
            assert charged_minor() == 0
            capture = await shop.capture(hold)
            await shop.reach(capture, State.APPROVED)
            await shop.reach(hold, State.CAPTURED)
            assert charged_minor() == 1200
            again = await shop.capture(hold)
            assert (await shop.reach(again, State.REFUSED)).code == "not-held"
            await shop.reach(await shop.give_back(capture), State.APPROVED)
            assert charged_minor() == 0
            other = await shop.begin(await shop.order(2), hold=True)
            await shop.reach(other, State.AUTHORISED)
            await shop.becomes(OrderState.CANCELLED, 2, other)
            await shop.reach(other, State.REVERSED)
            assert charged_minor() == 0

    story()


@quickly
async def test_a_person_gives_some_of_it_back_and_the_order_the_rest(tmp_path: Path) -> None:
    async with beside(tmp_path, bogus_bench.bench) as (shop, charged_minor):
        await shop.open()
        sale = await shop.begin(await shop.order(), hold=False)
        await shop.reach(sale, State.APPROVED)
        office.give_back(shop.world.gateway, sale, Trade.REFUND, 500, "one was broken")
        await asyncio.sleep(120)
        await shop.reach(sale + 1, State.APPROVED)
        assert charged_minor() == 700
        assert await shop.world.letters() == [], "the order's own letters tell"
        await shop.reach(await shop.give_back(sale), State.APPROVED)
        assert charged_minor() == 0
        nothing = await shop.give_back(sale)
        assert (await shop.reach(nothing, State.REFUSED)).code == "amount-zero"


@quickly
async def test_a_bank_account_is_asked_first_and_debited_on_yes(tmp_path: Path) -> None:
    async with beside(tmp_path, debit_bench.bench) as (shop, charged_minor):
        ring = KeyRing(fetch_root(shop.world.keys.root), shop.world.random_bytes)
        account = BankAccount("0001001", "7654321", holder="ハナコ", customer="M-1")
        await shop.open(wrap_account(ring, CUSTOMER, account))
        sale = await shop.begin(await shop.order(ask_first=True), hold=False)
        await shop.reach(sale, State.HELD)
        assert charged_minor() == 0
        await shop.becomes(OrderState.CONFIRMED, 1, sale)
        await shop.reach(sale, State.APPROVED)
        assert charged_minor() == 1200
        await shop.reach(await shop.give_back(sale), State.APPROVED)
        assert charged_minor() == 0
        held = await shop.begin(await shop.order(2), hold=True)
        assert (await shop.reach(held, State.REFUSED)).code == "hold-unsupported"
