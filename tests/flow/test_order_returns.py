"""A shop gives back what was made: all of it or a part, once, and nobody hears of it before it is sure."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from order_letters import ORDER, TOTAL
from orders_world import CHARGES, KEEPS, OrderWorld, Shop, tell

from acquirer_sdk.values import Approved, AuthoriseOutcome, AuthoriseRequest, Declined, InDoubt, ReturnRequest
from mail_gateway.admin import audits, deal_checks, deals, doctor, payments
from mail_gateway.domain.order import OrderKind, OrderState, Settle
from mail_gateway.domain.order_return import RETURNS_MAX, OrderReturn, ReturnState, WantReturn, judge
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import State, Trade
from mail_gateway.domain.placing import Refused
from mail_gateway.settings import SmarthostSettings
from mail_gateway.store.order_moves import after
from mail_gateway.store.orders import Case
from mail_gateway.work import placing
from mail_gateway.work.order_steps import next_entry

WAYS = {
    "confirmed": (Settle.CONFIRMED, KEEPS),
    "at-once": (Settle.AT_ONCE, KEEPS),
    "daily": (Settle.DAILY, KEEPS),
    "ask-first": (Settle.CONFIRMED, CHARGES),
}
BACK = [Letter.ORDER_RETURNED, Letter.SHOP_RETURNED]
DONE, OPEN = ReturnState.DONE, ReturnState.OPEN


async def made(world: OrderWorld) -> Case:
    """3 packets of tea, 1200 yen; the shop knows that they are sold."""
    await world.place()
    await world.until(OrderState.ASKED)
    await world.say(OrderKind.YES)
    while (case := await world.order()).order.made_ms is None:
        await asyncio.sleep(1)
    return case


async def give_back(world: OrderWorld, name: str, amount_minor: int | None = None) -> Case | Refused:
    return await placing.give_back(world.kit, 1, "D-1", WantReturn(name, amount_minor, "broken"))


def findings(world: OrderWorld) -> set[str]:
    """What is wrong with orders, in the doctor's and the audit's eyes."""
    found = doctor.examine(world.gateway, world.keys, world.now_ms())
    database = Path(world.gateway.database.removeprefix("sqlite:///"))
    faults = audits.verify(world.gateway, database, None, lambda _: None)["faults"]
    slugs = {one.slug for one in found if one.slug.startswith(("order-", "stock-"))}
    return slugs | {fault["slug"] for fault in faults}


def place_of(world: OrderWorld) -> deals.Place:
    return deals.Place(world.gateway, world.keys, SmarthostSettings(), world.shop.orders)


def shown_and_verified(world: OrderWorld) -> list[tuple[str, int]]:
    """The returns in the order's transcript, whose money anybody can add up."""
    found = deals.shown(place_of(world), 1)
    (money,) = (check for check in deal_checks.check(found, None) if check.name == "money")
    assert money.finding is deal_checks.Finding.PASS, money.text
    return [(one["state"], one["amount_minor"]) for one in found.of("return")]


async def no(request: AuthoriseRequest) -> AuthoriseOutcome:
    """An acquirer that gives nothing back."""
    return Declined("57") if isinstance(request, ReturnRequest) else Approved("123456", request.amount_minor)


@pytest.mark.parametrize("way", WAYS)
def test_all_of_it_is_given_back_and_all_who_care_are_told_once(way: str, tmp_path: Path) -> None:
    settle, can = WAYS[way]

    async def story(world: OrderWorld) -> None:
        await made(world)
        for _ in range(2):
            assert not isinstance(await give_back(world, "R-1"), Refused)
        case = await world.at_rest()
        assert (case.order.state, case.order.returned_minor) == (OrderState.RETURNED, 1200)
        assert [(one.return_id, one.state, one.amount_minor) for one in case.returns] == [("R-1", DONE, 1200)]
        assert not isinstance(await give_back(world, "R-1"), Refused)
        assert await give_back(world, "R-2") == Refused("return-too-much")
        assert (world.charged, world.acquirer.held, await world.stock()) == (0, {}, (100, 0))
        assert (await world.told_of())[-2:] == BACK
        assert await world.hooks() == ["order.asked", "order.made", "order.returned"]
        kinds = [one.kind for one in case.payments]
        assert kinds == ([Trade.SALE] if way == "daily" else [*kinds[:-1], Trade.VOID])
        assert findings(world) == set()
        assert shown_and_verified(world) == [("done", 1200)]
        assert await placing.hand_over(world.kit, 1, "D-1") == Refused("order-dead")

    tell(tmp_path, story, Shop(settle), can=can)


@pytest.mark.parametrize("way", ["confirmed", "daily"])
def test_a_part_and_then_the_rest(way: str, tmp_path: Path) -> None:
    settle, can = WAYS[way]

    async def story(world: OrderWorld) -> None:
        await made(world)
        assert not isinstance(await placing.hand_over(world.kit, 1, "D-1"), Refused)
        assert await give_back(world, "R-0", 1201) == Refused("return-too-much")
        await give_back(world, "R-1", 500)
        await give_back(world, "R-2", 300)
        assert await give_back(world, "R-2", 301) == Refused("return-id-used")
        assert await give_back(world, "R-3", 401) == Refused("return-too-much")
        case = await world.at_rest()
        assert (case.order.state, case.order.returned_minor) == (OrderState.HANDED_OVER, 800)
        assert (world.charged, findings(world)) == (400, set())
        assert shown_and_verified(world) == [("done", 500), ("done", 300)]
        assert deals.listed(world.gateway, 1, is_open=False)[0]["returned_minor"] == 800
        await give_back(world, "R-4")
        case = await world.at_rest()
        assert (case.order.state, world.charged, findings(world)) == (OrderState.RETURNED, 0, set())
        assert [one.amount_minor for one in case.returns] == [500, 300, 400]
        assert (await world.told_of())[-6:] == BACK * 3
        assert (await world.hooks())[-3:] == ["order.returned"] * 3
        assert await world.stock() == (97, 0), "the goods are the customer's"

    tell(tmp_path, story, Shop(settle), can=can)


def test_a_void_that_is_refused_is_followed_by_a_refund(tmp_path: Path) -> None:
    async def story(world: OrderWorld) -> None:
        await made(world)

        async def script(request: AuthoriseRequest) -> AuthoriseOutcome:
            assert isinstance(request, ReturnRequest)
            if request.kind.value == "void":
                return Declined("12")
            world.acquirer.charge(request.reference, -request.amount_minor)
            return Approved("123456", request.amount_minor)

        world.acquirer.script = script
        await give_back(world, "R-1")
        case = await world.at_rest()
        assert [one.kind.value for one in case.payments][-2:] == ["void", "refund"]
        assert (case.order.state, world.charged) == (OrderState.RETURNED, 0)
        assert (await world.told_of())[-2:] == BACK

    tell(tmp_path, story)


def test_what_the_acquirer_refuses_is_told_to_the_shop_and_seen_by_the_operator(tmp_path: Path) -> None:
    async def story(world: OrderWorld) -> None:
        await made(world)
        world.acquirer.script = no
        await give_back(world, "R-1", 500)
        case = await world.at_rest()
        assert (case.order.state, case.order.returned_minor) == (OrderState.CAPTURED, 0)
        assert [(one.state, one.code) for one in case.returns] == [(ReturnState.REFUSED, "57")]
        assert (await world.told_of())[-1] is Letter.SHOP_NOT_RETURNED
        assert Letter.ORDER_RETURNED not in await world.told_of()
        assert (await world.hooks())[-1] == "order.not-returned"
        assert world.verbs("alarm.order-not-returned") == ["alarm.order-not-returned"]
        assert findings(world) == {"order-not-returned"}
        world.acquirer.script = None
        await give_back(world, "R-2")
        assert (await world.at_rest()).order.state is OrderState.RETURNED
        assert (world.charged, findings(world)) == (0, set())

    tell(tmp_path, story)


def test_nothing_is_told_before_it_is_sure(tmp_path: Path) -> None:
    """The acquirer is silent: nobody knows. Then what was silent is undone, and it is asked anew."""

    async def story(world: OrderWorld) -> None:
        await made(world)

        async def script(_: AuthoriseRequest) -> AuthoriseOutcome:
            return InDoubt("no-answer")

        world.acquirer.script = script
        await give_back(world, "R-1")
        await asyncio.sleep(60)
        case = await world.order()
        assert (case.order.state, case.order.returned_minor) == (OrderState.CAPTURED, 0)
        assert Letter.ORDER_RETURNED not in await world.told_of()
        assert (await world.hooks())[-1] == "order.made"
        world.acquirer.script = None
        case = await world.at_rest()
        assert (case.order.state, world.charged) == (OrderState.RETURNED, 0)
        assert {one.state for one in case.payments if one.kind.is_return} == {State.REVERSED, State.APPROVED}

    tell(tmp_path, story)


def test_an_acquirer_that_is_silent_for_hours_is_asked_ever_more_seldom(tmp_path: Path) -> None:
    async def silent(_: AuthoriseRequest) -> AuthoriseOutcome:
        return InDoubt("no-answer")

    async def story(world: OrderWorld) -> None:
        await made(world)
        world.acquirer.script = silent
        await give_back(world, "R-1")
        await asyncio.sleep(6 * 3600)
        tries = [one for one in (await world.order()).payments if one.kind.is_return]
        assert 9 <= len(tries) <= 11
        assert "order-return-waiting" in findings(world)
        world.acquirer.script = None
        await world.at_rest()
        assert (world.charged, findings(world)) == (0, set())

    tell(tmp_path, story)


def test_an_answer_ends_the_silence_for_the_next_return(tmp_path: Path) -> None:
    async def silent(_: AuthoriseRequest) -> AuthoriseOutcome:
        return InDoubt("no-answer")

    async def story(world: OrderWorld) -> None:
        await made(world)
        world.acquirer.script = silent
        await give_back(world, "R-1", 500)
        await asyncio.sleep(6 * 3600)
        world.acquirer.script = None
        await world.at_rest()
        world.acquirer.script = silent
        await give_back(world, "R-2")
        await asyncio.sleep(60)
        world.acquirer.script = None
        await asyncio.sleep(300)
        assert (await world.order()).order.state is OrderState.RETURNED, "minutes later, not an hour"

    tell(tmp_path, story)


def test_so_it_is_for_an_order_that_died(tmp_path: Path) -> None:
    async def silent(_: AuthoriseRequest) -> AuthoriseOutcome:
        return InDoubt("no-answer")

    async def story(world: OrderWorld) -> None:
        await world.place()
        await world.until(OrderState.ASKED)
        world.acquirer.script = silent
        await world.say(OrderKind.NO)
        await asyncio.sleep(6 * 3600)
        tries = [one for one in (await world.order()).payments if one.kind.is_return]
        assert 9 <= len(tries) <= 11
        assert "order-return-waiting" in findings(world), "the customer waits for the money"
        world.acquirer.script = None
        await world.at_rest()
        assert (world.charged, findings(world)) == (0, set())

    tell(tmp_path, story, Shop(Settle.AT_ONCE))


def test_two_at_once_never_give_more_than_was_taken(tmp_path: Path) -> None:
    async def story(world: OrderWorld) -> None:
        await made(world)
        asked = [give_back(world, name, 700) for name in ("R-1", "R-2", "R-1")]
        answers = await asyncio.gather(*asked)
        assert sum(isinstance(one, Refused) for one in answers) in (1, 2)
        await world.at_rest()
        assert world.charged == 500

    tell(tmp_path, story)


@pytest.mark.parametrize("amount", [None, 500])
def test_a_person_at_the_centre_gives_back_and_the_order_says_so(amount: int | None, tmp_path: Path) -> None:
    async def story(world: OrderWorld) -> None:
        case = await made(world)
        paid = next(one for one in case.payments if one.state is State.APPROVED)
        kind = Trade.REFUND if amount else Trade.VOID
        payments.give_back(world.gateway, paid.id, kind, amount, "a call")
        assert world.life is not None
        world.life.runner.wake(paid.id)
        while not (case := await world.order()).order.returned_minor:
            await asyncio.sleep(1)
        case = await world.at_rest()
        state = OrderState.CAPTURED if amount else OrderState.RETURNED
        assert (case.order.state, case.order.returned_minor) == (state, amount or 1200)
        assert [one.return_id for one in case.returns] == [f"centre:{case.payments[-1].id}"]
        assert ((await world.told_of())[-2:], (await world.hooks())[-1]) == (BACK, "order.returned")
        assert findings(world) == set()
        if amount:
            await give_back(world, "R-1")
            assert (await world.at_rest()).order.state is OrderState.RETURNED
        assert world.charged == 0

    tell(tmp_path, story)


@pytest.mark.parametrize("says", [OrderKind.NO, OrderKind.YES])
def test_what_a_person_gave_back_of_an_order_that_then_dies_is_followed_by_the_rest(
    says: OrderKind, tmp_path: Path
) -> None:
    async def story(world: OrderWorld) -> None:
        await world.place()
        case = await world.until(OrderState.ASKED)
        payments.give_back(world.gateway, case.payments[0].id, Trade.REFUND, 500, "a call")
        assert world.life is not None
        world.life.runner.wake(case.payments[0].id)
        while world.charged != 700:
            await asyncio.sleep(1)
        await world.say(says)
        case = await world.at_rest()
        assert case.order.state in (OrderState.REFUSED, OrderState.FAILED)
        assert (world.charged, findings(world), await world.stock()) == (0, set(), (100, 0))
        (back,) = deals.shown(place_of(world), 1).of("return")
        assert (back["state"], back["amount_minor"], back["code"]) == (DONE, 500, ""), (
            "it is with the customer"
        )

    tell(tmp_path, story, Shop(Settle.AT_ONCE))


def test_what_is_being_taken_is_taken_first_and_then_given_back(tmp_path: Path) -> None:
    """Daily: the shop gives back while the capture is at the acquirer."""

    async def story(world: OrderWorld) -> None:
        await made(world)
        answer = asyncio.Event()

        async def script(request: AuthoriseRequest) -> AuthoriseOutcome:
            await answer.wait()
            return world.acquirer._decide(request)

        world.acquirer.script = script
        while len((case := await world.order()).payments) == 1 or case.payments[1].state is State.RECEIVED:
            await asyncio.sleep(600)
        await give_back(world, "R-1")
        await asyncio.sleep(5)
        case = await world.order()
        assert case.order.state is OrderState.CONFIRMED
        paid = replace(case, payments=(case.payments[0], replace(case.payments[1], state=State.APPROVED)))
        entry = next_entry(world.kit, paid)
        assert entry is not None and after(entry).due_ms is not None, "whoever dies now leaves it due"
        answer.set()
        case = await world.at_rest()
        assert (case.order.state, world.charged, world.acquirer.held) == (OrderState.RETURNED, 0, {})
        assert (await world.told_of())[-2:] == BACK

    tell(tmp_path, story, Shop(Settle.DAILY))


def test_what_cannot_be_given_back_is_refused_in_words(tmp_path: Path) -> None:
    async def story(world: OrderWorld) -> None:
        assert await give_back(world, "R-1") == Refused("deal-unknown")
        await world.place()
        case = await world.until(OrderState.ASKED)
        assert await give_back(world, "R-1") == Refused("order-not-made")
        await world.say(OrderKind.NO)
        assert await give_back(world, "R-1") == Refused("order-dead")
        await world.place("D-2")
        for wanted, slug in (
            (WantReturn(""), "return-id-bad"),
            (WantReturn("a b"), "return-id-bad"),
            (WantReturn("centre:1"), "return-id-bad"),
            (WantReturn("R", reason="a\nb"), "words-bad"),
        ):
            assert judge(wanted, case.order, ()) == slug

    tell(tmp_path, story)


def test_returns_of_one_order_have_an_end() -> None:
    def back(number: int, minor: int, state: ReturnState) -> OrderReturn:
        return OrderReturn(number, f"R-{number}", minor, "", 1, state)

    order = replace(ORDER, made_ms=1, state=OrderState.CAPTURED)
    assert judge(WantReturn("new"), order, [back(1, 345, OPEN)]) == TOTAL - 345
    known = [back(number, 1, ReturnState.REFUSED) for number in range(RETURNS_MAX)]
    assert judge(WantReturn("new"), order, known[1:]) == TOTAL
    assert judge(WantReturn("new"), order, known) == "returns-many"
