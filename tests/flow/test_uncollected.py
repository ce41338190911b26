"""A debit accepted and then not collected: shop, customer, books, lists and the operator agree on it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from heart_world import kinds
from uncollected_world import COLLECTED, NO_FUNDS, NO_MANDATE, DebitShop, tell

from mail_gateway.admin import payments as office
from mail_gateway.admin.doctor import examine
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.ledger import Account
from mail_gateway.domain.order import OrderState
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import State, Trade
from mail_gateway.domain.takings import Takings
from mail_gateway.domain.totals import span_s
from mail_gateway.outbox.takings import csv_of
from mail_gateway.store import audit, books, desk, order_letters, totals
from mail_gateway.store.backend import guest
from mail_gateway.store.totals import Day
from mail_gateway.work import placing

TOKYO = ZoneInfo("Asia/Tokyo")


def owed_minor(world: DebitShop) -> tuple[int, int]:
    """What the books owe the merchant, and what they expect of the bank."""
    with guest(world.gateway.database) as conn:
        found = books.balances(conn)
        assert audit.verify(conn, (), lambda _: None).faults == []
    assert {minor for key, minor in found.items() if key[2] == "pending"} <= {0}
    sides = (Account.MERCHANT_PAYABLE, Account.ACQUIRER_RECEIVABLE)
    payable, receivable = (found.get((side.value, 392, "posted"), 0) for side in sides)
    return -payable, receivable


def test_what_the_bank_did_not_collect_is_told_to_everybody_and_owed_by_nobody(tmp_path: Path) -> None:
    async def story(world: DebitShop) -> None:
        await world.sell(NO_FUNDS)
        await world.sell(COLLECTED, 2)
        assert owed_minor(world) == (NO_FUNDS + COLLECTED, NO_FUNDS + COLLECTED)
        with guest(world.gateway.database) as conn:
            assert order_letters.parties(conn, 1).is_debit, "and letters do not say that its money came"
        world.bank_says()
        case = await world.until(OrderState.UNPAID)
        (sale,) = case.payments
        assert (sale.state, sale.code, case.order.remark) == (State.UNPAID, "Z1", "Z1")
        assert (await world.told_of())[-2:] == [Letter.ORDER_UNPAID, Letter.SHOP_UNPAID]
        assert await world.hooks() == ["order.asked", "order.made", "order.unpaid"]
        assert (await kinds(world, sale.id))[-2:] == ["host-approved", "not-collected"]
        assert owed_minor(world) == (COLLECTED, COLLECTED)
        assert (await world.order(2)).order.state is OrderState.CAPTURED, "its neighbour in the file is paid"
        await asyncio.sleep(300)
        assert world.untold() == 0
        assert (await world.at_rest()).order.due_ms is None
        assert world.verbs("alarm.") == []

    tell(tmp_path, story)


def test_lists_totals_and_the_doctor_show_it_as_it_is(tmp_path: Path) -> None:
    async def story(world: DebitShop) -> None:
        await world.sell(NO_MANDATE)
        await world.sell(COLLECTED, 2)
        until_ms = world.now_ms() + 1
        world.bank_says()
        await world.until(OrderState.UNPAID)
        day = f"{datetime.fromtimestamp(world.now_ms() // 1000, TOKYO):%Y-%m-%d}"
        with guest(world.gateway.database) as conn:
            before = Takings(0, until_ms, tuple(desk.taken(conn, 1, 0, until_ms)))
            after = Takings(until_ms, 10**15, tuple(desk.taken(conn, 1, until_ms, 10**15)))
            ours = Day(day, 392, ("bank_debit",), span_s(day, TOKYO))
            assert totals.differences(conn, ours) == []
            figures = totals.posted(conn, ours, 0, 10**15)
        (first,), (second,) = before.totals(), after.totals()
        assert (first.sales_minor, first.unpaid_minor, first.net_minor) == (NO_MANDATE + COLLECTED, 0, 3104)
        assert (second.sales, second.returns, second.unpaid, second.net_minor) == (0, 0, 1, -NO_MANDATE)
        lines = csv_of(after, "en", TOKYO).decode("utf-8-sig").splitlines()
        assert (lines[1].split(",")[1], lines[1].split(",")[-3]) == ("not collected", str(-NO_MANDATE))
        assert "振替不能" in csv_of(after, "ja", TOKYO).decode("utf-8-sig")
        assert (figures.sales, figures.sales_minor, figures.returns) == (2, NO_MANDATE + COLLECTED, 0)
        assert (await world.acquirer.reconcile(figures)).agrees, "the day stays what it was"
        shown = office.shown(world.gateway, 1)
        assert (shown["state"], shown["code"], office.listed(world.gateway)[-1]["state"]) == (
            *("unpaid", "Z4"),
            "unpaid",
        )
        found = examine(world.gateway, world.keys, world.now_ms())
        assert [one.rows[0]["order"] for one in found if one.slug == "order-unpaid"] == [1]
        assert "unpaid-differs" not in {one.slug for one in found}

    tell(tmp_path, story)


def test_the_same_file_again_and_another_node_tell_nothing_new(tmp_path: Path) -> None:
    async def story(world: DebitShop) -> None:
        await world.sell(NO_FUNDS)
        other = world.adapter()
        assert world.life is not None
        answer = world.bank_says()
        await other.start(world.life.runner.late)  # as another node's: it looks into the same book
        await world.until(OrderState.UNPAID)
        assert world.read(answer).again == 1
        await asyncio.sleep(300)
        await other.close()
        assert (await kinds(world, 1)).count("not-collected") == 1
        assert (await world.told_of()).count(Letter.SHOP_UNPAID) == 1
        assert (await world.hooks()).count("order.unpaid") == 1
        assert world.verbs("alarm.") == []

    assert owed_minor(tell(tmp_path, story)) == (0, 0)


def test_goods_that_were_handed_over_are_unpaid_too_and_only_the_others_are_in_stock_again(
    tmp_path: Path,
) -> None:
    async def story(world: DebitShop) -> None:
        await world.sell(NO_FUNDS)
        await placing.hand_over(world.kit, 1, "D-1")
        world.bank_says()
        await world.until(OrderState.UNPAID)
        assert (await world.hooks())[-2:] == ["order.handed-over", "order.unpaid"]

    assert owed_minor(tell(tmp_path, story)) == (0, 0)


def test_nothing_is_given_back_of_what_never_came(tmp_path: Path) -> None:
    async def story(world: DebitShop) -> None:
        await world.sell(NO_FUNDS)
        world.bank_says()
        await world.until(OrderState.UNPAID)
        with pytest.raises(GatewayError) as refused:
            office.give_back(world.gateway, 1, Trade.VOID, NO_FUNDS, "the customer rang")
        assert refused.value.slug == "not-collected"

    assert owed_minor(tell(tmp_path, story)) == (0, 0)
