"""The life of an order: asked, answered, paid and told, in each way to settle and each way to die."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from orders_world import CHARGES, KEEPS, OrderWorld, Shop, tell
from sqlalchemy import insert

from acquirer_sdk.values import (
    Approved,
    AuthoriseOutcome,
    AuthoriseRequest,
    Capabilities,
    CaptureRequest,
    Declined,
    InDoubt,
    ReturnRequest,
    Reversal,
    ReversalOpen,
    ReversalOutcome,
)
from mail_gateway.admin import doctor
from mail_gateway.domain.confirmation import ConfirmState
from mail_gateway.domain.order import CODE_LETTERS, OrderKind, OrderState, Settle
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.placing import Placed, Refused, Wish
from mail_gateway.store import order_tables as t
from mail_gateway.store import return_orders, returns
from mail_gateway.store.notes import Note, Said
from mail_gateway.store.tables import mails
from mail_gateway.work import placing
from schemas.deal import layout

WAYS = {
    "confirmed": (Settle.CONFIRMED, KEEPS),
    "at-once": (Settle.AT_ONCE, KEEPS),
    "daily": (Settle.DAILY, KEEPS),
    "ask-first": (Settle.CONFIRMED, CHARGES),
    "at-once-ask-first": (Settle.AT_ONCE, Capabilities(capture=True)),
}
EVERY_WAY = pytest.mark.parametrize("way", list(WAYS))
ENDS = {OrderKind.NO: "refused", OrderKind.CANCELLED: "cancelled", OrderKind.LAPSED: "lapsed"}


def troubles(world: OrderWorld) -> set[str]:
    """What the doctor finds about orders."""
    found = doctor.examine(world.gateway, world.keys, world.now_ms())
    return {one.slug for one in found if one.slug.startswith(("order-", "stock-"))}


@EVERY_WAY
def test_a_yes_is_paid_and_told_once_and_the_dead_cost_nothing(way: str, tmp_path: Path) -> None:
    settle, can = WAYS[way]

    async def story(world: OrderWorld) -> None:
        for number in range(1, 5):
            await world.place(f"D-{number}")
        assert await world.stock() == (100, 12)
        for number in range(1, 5):
            await world.until(OrderState.ASKED, number=number)
        assert world.charged == (4 * 1200 if way == "at-once" else 0)
        for number, kind in enumerate((OrderKind.YES, *ENDS), 1):
            if kind is not OrderKind.LAPSED:
                await world.say(kind, number)
        for number, end in enumerate(ENDS.values(), 2):
            case = await world.at_rest(number)
            assert case.order.state.value == end
            assert case.confirmation is not None
            assert case.confirmation.state is not ConfirmState.ASKED
            assert await world.hooks(number) == ["order.asked", "order.dead"]
            assert (await world.told_of(number))[-1] is Letter.SHOP_DEAD
        case = await world.at_rest()
        assert (case.order.state, case.order.made_ms is None) == (OrderState.CAPTURED, False)
        assert (world.charged, await world.stock()) == (1200, (97, 0))
        assert await world.told_of() == [Letter.QUESTION, Letter.ORDER_CONFIRMED, Letter.SHOP_MADE]
        assert await world.hooks() == ["order.asked", "order.made"]
        assert {one.state.value for one in case.payments} <= {"approved", "captured"}
        assert troubles(world) == set()
        assert world.verbs("alarm.") == []

    tell(tmp_path, story, Shop(settle), can=can)


def test_the_same_request_is_the_same_order_and_another_one_is_refused(tmp_path: Path) -> None:
    async def story(world: OrderWorld) -> None:
        both = await asyncio.gather(world.place(), world.place())
        first, again = sorted(
            (one for one in both if isinstance(one, Placed)), key=lambda one: not one.is_new
        )
        assert (first.is_new, again.is_new, again.order.id) == (True, False, first.order.id)
        assert await world.place(lines=(Wish("TEA", quantity=4),)) == Refused("deal-id-used")
        assert await world.stock() == (100, 3)
        order = (await world.until(OrderState.ASKED)).order
        assert len(order.code) == 5
        assert set(order.code) <= set(CODE_LETTERS)
        deal = layout.decode(order.deal)
        assert (deal.shop, deal.deal_id, deal.total_minor) == ("Hagaki Store", "D-1", 1200)
        assert deal.lines == [("Tea", "", 400, 3)]
        late = await world.place()
        assert isinstance(late, Placed)
        assert late.order.state is OrderState.ASKED

    tell(tmp_path, story)


def test_what_cannot_be_sold_is_refused_in_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    async def story(world: OrderWorld) -> None:
        words = Wish(name="Advice", unit_minor=500)
        wrong = {
            "deal-id-bad": {"deal_id": "D 1"},
            "customer-unknown": {"customer": "C-000000"},
            "means-unknown": {"means": 7},
            "currency-unsupported": {"currency": 840},
            "lines-bad": {"lines": (words,) * 51},
            "line-bad": {"lines": (Wish("TEA", quantity=0),)},
            "words-bad": {"lines": (Wish(name="\u202eecivdA", unit_minor=500),)},
            "product-unknown": {"lines": (Wish("COFFEE"),)},
            "out-of-stock": {"lines": (Wish("TEA", quantity=60), Wish("TEA", quantity=41))},
            "amount-bad": {"lines": (Wish(name="Advice", unit_minor=0),)},
            "amount-too-large": {"lines": (Wish(name="Boat", unit_minor=1_000_001),)},
            "ask-bad": {"ask_minutes": 0},
        }
        for slug, more in wrong.items():
            found = await world.place(**more)
            assert isinstance(found, Refused), slug
            assert (found.slug, found.sentence.endswith(".")) == (slug, True)
        await world.set(t.products, retired_ms=1)
        assert (await world.place()) == Refused("product-retired", "lines[0]")
        await world.set(t.means, retired_ms=1)
        assert (await world.place(means=1)) == Refused("means-retired", "means")
        await world.set(t.customers, closed_ms=1)
        assert (await world.place()) == Refused("customer-closed", "customer")
        assert (await placing.state_of(world.kit, 1, "D-1")) == Refused("deal-unknown")
        assert await world.stock() == (100, 0)
        assert world.acquirer.requests == {}

    tell(tmp_path, story)


def test_a_capture_that_was_reversed_is_tried_three_times_and_then_said_loudly(tmp_path: Path) -> None:
    captures: list[str] = []

    async def story(world: OrderWorld) -> None:
        async def script(request: AuthoriseRequest) -> AuthoriseOutcome:
            if isinstance(request, CaptureRequest):
                captures.append(request.reference)
                return InDoubt("no-answer")
            world.acquirer.held[request.reference] = request.amount_minor
            return Approved("123456", request.amount_minor)

        world.acquirer.script = script
        await world.place()
        await world.until(OrderState.ASKED)
        await world.say(OrderKind.YES)
        made = await world.until(OrderState.FAILED)
        assert made.order.made_ms is not None, "a daily order is made with the yes"
        case = await world.at_rest()
        assert len(set(captures)) == len(captures) == 3
        assert (world.charged, world.acquirer.held, await world.stock()) == (0, {}, (100, 0))
        assert await world.hooks() == ["order.asked", "order.made", "order.failed"]
        assert (await world.told_of())[-2:] == [Letter.ORDER_FAILED, Letter.SHOP_DEAD]
        assert case.order.remark == "acquirer-silent"
        assert world.verbs("alarm.order-failed") == ["alarm.order-failed"]
        assert troubles(world) == {"order-failed"}

    tell(tmp_path, story, Shop(Settle.DAILY))


@pytest.mark.parametrize("can", [KEEPS, CHARGES])
def test_a_daily_order_is_told_as_not_charged_once_its_money_is_asked_for(
    can: Capabilities, tmp_path: Path
) -> None:
    """Where nothing is kept, with the yes. Here nobody answers that, nor its reversal."""

    async def silent(_: AuthoriseRequest) -> AuthoriseOutcome:
        return InDoubt("no-answer")

    async def open_for_ever(_: Reversal, *, transmission: int) -> ReversalOutcome:
        return ReversalOpen(f"no-answer {transmission}")

    async def story(world: OrderWorld) -> None:
        await world.place()
        await world.until(OrderState.ASKED)
        world.acquirer.script = silent
        world.acquirer.reverse = open_for_ever
        await world.say(OrderKind.YES)
        await asyncio.sleep(20 * 60)
        assert (await world.order()).order.state is OrderState.CONFIRMED
        assert troubles(world) == ({"order-not-charged"} if can is CHARGES else set())

    tell(tmp_path, story, Shop(Settle.DAILY), can=can)


def test_what_an_acquirer_does_not_give_back_is_tried_five_times_and_said(tmp_path: Path) -> None:
    async def story(world: OrderWorld) -> None:
        async def script(request: AuthoriseRequest) -> AuthoriseOutcome:
            if isinstance(request, ReturnRequest):
                return Declined("57")
            world.acquirer.charge(request.reference, request.amount_minor)
            return Approved("123456", request.amount_minor)

        world.acquirer.script = script
        await world.place()
        await world.until(OrderState.ASKED)
        await world.say(OrderKind.NO)
        case = await world.at_rest()
        kinds = [one.kind.value for one in case.payments]
        assert kinds == ["sale", "void", "refund", "refund", "refund", "refund"]
        assert "order-not-given-back" in troubles(world)
        sale = case.payments[0]
        note = Note(Said.GIVE_BACK, facts={"kind": "refund", "amount_minor": 200})
        world.acquirer.script = None
        sold = await world.kit.store.read(returns.sold, sale.id)
        assert sold is not None
        assert await world.kit.store.run(return_orders.order, sold, world.now_ms(), note)
        assert world.life is not None
        world.life.runner.wake(sale.id)
        while not (case := await world.order()).payments[0].returned_minor:
            await asyncio.sleep(1)
        assert "order-not-given-back" in troubles(world), "the rest is still kept"

    tell(tmp_path, story, Shop(Settle.AT_ONCE))


@pytest.mark.parametrize("way", ["declined", "silent", "down"])
def test_an_order_without_money_dies_before_anybody_is_asked(way: str, tmp_path: Path) -> None:
    async def story(world: OrderWorld) -> None:
        async def script(_: AuthoriseRequest) -> AuthoriseOutcome:
            return Declined("51") if way == "declined" else InDoubt("no-answer")

        world.acquirer.script = script
        world.acquirer.habits.not_ready = 100 if way == "down" else 0
        await world.place()
        if way == "down":
            await asyncio.sleep(901)
            assert "order-waiting" in troubles(world)
        await world.until(OrderState.FAILED, within_s=1200)
        world.acquirer.habits.not_ready = 0
        case = await world.at_rest()
        assert (case.confirmation, world.charged, await world.stock()) == (None, 0, (100, 0))
        assert await world.told_of() == [Letter.ORDER_FAILED, Letter.SHOP_DEAD]
        assert await world.hooks() == ["order.dead"]

    tell(tmp_path, story)


def test_an_answer_that_was_taken_in_time_is_read_before_the_order_lapses(tmp_path: Path) -> None:
    async def story(world: OrderWorld) -> None:
        await world.place(ask_minutes=30)
        await world.until(OrderState.ASKED)
        row = {"received_ms": 1, "verdict": "answer", "content_hash": b"", "order_id": 1}
        await world.kit.store.run(lambda conn: conn.execute(insert(mails).values(**row)))
        await asyncio.sleep(3600)
        assert (await world.order()).order.state is OrderState.ASKED, "the gateway was away, not the customer"
        await world.set(mails, handled_ms=2)
        assert (await world.at_rest()).order.state is OrderState.LAPSED

    tell(tmp_path, story)


def test_a_reminder_once_and_not_beyond_the_end(tmp_path: Path) -> None:
    async def story(world: OrderWorld) -> None:
        await world.place("D-1", ask_minutes=90)
        await world.place("D-2", ask_minutes=30)
        await world.at_rest(1)
        case = await world.at_rest(2)
        assert (await world.told_of(1))[:2] == [Letter.QUESTION, Letter.QUESTION_REMINDER]
        assert (await world.told_of(2)) == [Letter.QUESTION, Letter.ORDER_LAPSED, Letter.SHOP_DEAD]
        assert case.confirmation is not None
        assert case.confirmation.until_ms == case.confirmation.asked_ms + 30 * 60_000

    tell(tmp_path, story)


def test_handed_over_once_also_before_the_day_is_over(tmp_path: Path) -> None:
    async def story(world: OrderWorld) -> None:
        await world.place()
        await world.until(OrderState.ASKED)
        assert await placing.hand_over(world.kit, 1, "D-1") == Refused("order-not-made")
        await world.say(OrderKind.YES)
        for _ in range(40):
            await asyncio.sleep(1)
        for _ in range(2):
            found = await placing.hand_over(world.kit, 1, "D-1")
            assert not isinstance(found, Refused)
            assert found.order.state is OrderState.CONFIRMED
        assert await placing.cancel(world.kit, 1, "D-1") == Refused("order-made")
        case = await world.at_rest()
        assert (case.order.state, world.charged) == (OrderState.HANDED_OVER, 1200)
        local = datetime.fromtimestamp(world.acquirer.captured_ms[0] // 1000, ZoneInfo("Asia/Tokyo"))
        assert (local.hour, local.minute) == (0, 10), "after the day of the yes"
        assert await world.hooks() == ["order.asked", "order.made", "order.handed-over"]

    tell(tmp_path, story, Shop(Settle.DAILY))


def test_goods_that_left_the_shop_are_not_sold_again_where_the_money_fails(tmp_path: Path) -> None:
    async def story(world: OrderWorld) -> None:
        world.acquirer.takes_nothing = True
        await world.place()
        await world.until(OrderState.ASKED)
        await world.say(OrderKind.YES)
        while (await world.order()).order.made_ms is None:
            await asyncio.sleep(1)
        assert not isinstance(await placing.hand_over(world.kit, 1, "D-1"), Refused)
        case = await world.at_rest()
        assert (case.order.state, world.charged) == (OrderState.FAILED, 0)
        assert (world.acquirer.held, await world.stock()) == ({}, (97, 0))
        assert troubles(world) == {"order-failed"}

    tell(tmp_path, story, Shop(Settle.DAILY))


@pytest.mark.parametrize("after_s", [0, 1, 20])
def test_a_cancelled_order_costs_nothing_whenever_it_is_cancelled(after_s: int, tmp_path: Path) -> None:
    async def story(world: OrderWorld) -> None:
        await world.place()
        await asyncio.sleep(after_s)
        for _ in range(2):
            found = await placing.cancel(world.kit, 1, "D-1")
            assert not isinstance(found, Refused)
            assert found.order.state is OrderState.CANCELLED
        await world.at_rest()
        assert (world.charged, world.acquirer.held, await world.stock()) == (0, {}, (100, 0))
        was_asked = "order.asked" in await world.hooks()
        assert (Letter.ORDER_CANCELLED in await world.told_of()) == was_asked, "else nobody knew of it"

    tell(tmp_path, story, Shop(Settle.AT_ONCE if after_s == 1 else Settle.CONFIRMED))
