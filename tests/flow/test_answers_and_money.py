"""A deal approved twice, late, from a copy, or together with its end: the customer pays once, or nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from orders_world import OrderWorld, Shop, tell

from mail_gateway.domain.order import DEAD, OrderKind, OrderState, Settle
from mail_gateway.intake.accept import Intake, Onward, Others, Route
from mail_gateway.intake.answers import Answers
from mail_gateway.intake.bounces import Bounces
from mail_gateway.work.replies import Replies
from schemas.mail import token

HANA = "hana@carrier.example"
KEY = b"r" * 32
HOUR_S = 3600


class Customer:
    """At a mail program; the gateway's door and what reads answers."""

    def __init__(self, world: OrderWorld) -> None:
        kit = world.kit
        others = Others(Bounces(kit.store, b"b" * 32), Answers(kit.store, KEY))
        self.world, self.mails = world, 0
        self.intake = Intake(kit.store, Onward(lambda _: None), kit.settings, kit.ports, others)
        self.replies = Replies(kit, (), ["pay.example"])

    async def yes(self, number: int = 1, *, same: int = 0) -> None:
        """With the code. same: the number of a mail that is sent once more, to that order."""
        self.mails += not same
        to = f"{token.make(KEY, token.ORDER, number, HANA, 0)}@pay.example"
        code = (await self.world.order(number)).order.code
        ident = same or self.mails
        head = f"From: {HANA}\r\nTo: {to}\r\nSubject: Re:\r\nMessage-ID: <{ident}@carrier.example>\r\n"
        raw = f"{head}\r\nyes\r\n{code}\r\n".encode()
        await self.intake.accept(raw, Route(HANA, (to,), "127.0.0.1"))
        await self.replies.look()


@pytest.mark.parametrize("settle", [Settle.CONFIRMED, Settle.AT_ONCE])
def test_a_deal_approved_twice_late_or_from_a_copy_charges_nothing_more(
    settle: Settle, tmp_path: Path
) -> None:
    async def story(world: OrderWorld) -> None:
        customer = Customer(world)
        for number in (1, 2, 3):
            await world.place(f"D-{number}")
            await world.until(OrderState.ASKED, number=number)
        for _ in range(3):
            await customer.yes()
        await customer.yes(2, same=1)
        await world.at_rest()
        await customer.yes()
        await asyncio.sleep(4 * HOUR_S)
        await customer.yes(3)
        for number in (2, 3):
            assert (await world.at_rest(number)).order.state is OrderState.LAPSED
        await customer.yes(2)
        await asyncio.sleep(HOUR_S)
        assert (await world.order()).order.state is OrderState.CAPTURED
        assert (world.charged, await world.stock()) == (1200, (97, 0))
        assert [kind.value for kind in await world.told_of(3)].count("order-state") == 1

    tell(tmp_path, story, Shop(settle=settle))


@pytest.mark.parametrize("turn", [0, 3, 4])
def test_a_yes_at_one_moment_with_the_end_pays_all_or_nothing(turn: int, tmp_path: Path) -> None:
    """As many turns of the loop after the other one began."""

    async def story(world: OrderWorld) -> None:
        customer = Customer(world)
        await world.place()
        await world.until(OrderState.ASKED)

        async def cancel() -> None:
            for _ in range(turn):
                await asyncio.sleep(0)
            await world.say(OrderKind.CANCELLED)

        await asyncio.gather(customer.yes(), cancel(), return_exceptions=True)
        case = await world.at_rest()
        assert world.charged == (0 if case.order.state in DEAD else 1200)
        kinds = [kind.value for kind in await world.told_of()]
        assert ("order-confirmed" in kinds) is (case.order.state is OrderState.CAPTURED)
        assert kinds.count("order-cancelled") == (case.order.state is OrderState.CANCELLED)

    tell(tmp_path, story)
