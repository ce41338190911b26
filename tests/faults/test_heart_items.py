"""Further items of approved sales: asked for by mail, told to the acquirer, seen by a person."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from heart_world import World, tell_story
from wants_world import Shop, host

from acquirer_sdk.values import (
    AdviceAccepted,
    AdviceOpen,
    AdviceRefused,
    Approved,
    Item,
    NotSent,
    Unsupported,
)
from mail_gateway.admin import doctor, merchants, payments
from mail_gateway.admin import wants as office
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.payment import State, Trade
from mail_gateway.domain.wants import WantState
from mail_gateway.outbox.daily import notice_of
from mail_gateway.store import digest, return_orders, returns, wants
from mail_gateway.store.notes import Note, Said
from mail_gateway.work.advising import Advising
from schemas.mail.read import Mail, read_mail

YES = Approved("123456", 1200)
HOUR_S = 60 * 60


def test_further_items_are_asked_after_an_approval_and_told_to_the_acquirer(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made = host(world, YES, after=(Item.PRODUCT_CODE, Item.NOTE))
        made.advised = [NotSent("not-connected"), AdviceOpen("no-answer"), AdviceAccepted("00")]
        shop = Shop(world)
        await world.post(world.envelope())
        payment = await world.reach(1, State.APPROVED)
        (letter,) = await shop.letters("wanted")
        assert "1 product code (4 to 7 digits" in letter
        await shop.post("1 4901\n2 red umbrella")
        want = await shop.reach(lambda want: want.state is WantState.FORWARDED)
        assert [transmission for _, transmission in made.advices] == [1, 1, 2], (
            "what did not leave is not counted"
        )
        (stan,) = {advice.stan for advice, _ in made.advices}
        advice = made.advices[-1][0]
        assert stan == want.stan != payment.stan == advice.original.stan
        assert advice.items == {Item.PRODUCT_CODE: "4901", Item.NOTE: "red umbrella"}
        assert len(advice.reference) == 12
        assert advice.reference != advice.original.reference == payment.reference
        (thanks,) = await shop.letters("wanted-taken")
        assert "We pass your answer on" in thanks

    tell_story(tmp_path, story)


@pytest.mark.parametrize(
    ("says", "state", "alarms"),
    [
        (AdviceRefused("12"), WantState.SUPPLIED, ["alarm.advice-refused"]),
        (Unsupported("advise"), WantState.SUPPLIED, []),
    ],
)
def test_an_advice_that_is_not_taken_is_kept(
    says, state: WantState, alarms: list[str], tmp_path: Path
) -> None:
    async def story(world: World) -> None:
        made = host(world, YES, after=(Item.PRODUCT_CODE,))
        made.advised = [says]
        shop = Shop(world)
        await world.post(world.envelope())
        await world.reach(1, State.APPROVED)
        await shop.post("4901")
        want = await shop.reach(lambda want: bool(want.transmissions) and want.due_ms is None)
        await asyncio.sleep(HOUR_S)
        assert (want.state, len(made.advices)) == (state, 1)
        assert world.verbs("alarm.") == alarms
        assert want.code == ("12" if alarms else "")

    tell_story(tmp_path, story)


def test_nobody_answers_one_reminder_then_it_lapses_and_the_sale_stays(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made, shop = host(world, YES, after=(Item.PRODUCT_CODE, Item.NOTE)), Shop(world)
        await world.post(world.envelope())
        await world.reach(1, State.APPROVED)
        await shop.post("2 red umbrella")
        await shop.reach(lambda want: want.letters == 2)
        await asyncio.sleep(HOUR_S - 60)
        assert await shop.letters("wanted-reminder") == []
        await asyncio.sleep(180)
        (reminder,) = await shop.letters("wanted-reminder")
        assert "1 product code" in reminder
        assert "2 note" not in reminder
        await asyncio.sleep(23 * HOUR_S)
        assert (await shop.want()).state is WantState.LAPSED
        assert len(await shop.letters("wanted-reminder")) == 1
        assert (await world.payment(1)).state is State.APPROVED
        await shop.post("1 4901", number=2)
        await asyncio.sleep(60)
        (closed,) = await shop.letters("wanted-closed")
        assert "The payment stays approved" in closed
        assert made.advices == []

    tell_story(tmp_path, story, want_remind_h=1, want_lapse_days=1)


def test_a_sale_given_back_is_asked_about_no_more(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        host(world, YES, after=(Item.PRODUCT_CODE,))
        shop = Shop(world)
        await world.post(world.envelope())
        await world.reach(1, State.APPROVED)
        assert (await shop.want()).state is WantState.ASKED
        sale = await shop.store.read(returns.sold, 1)
        assert sale is not None
        facts = {"kind": Trade.VOID.value, "amount_minor": 1200}
        assert await shop.store.run(
            return_orders.order, sale, world.now_ms(), Note(Said.GIVE_BACK, facts=facts)
        )
        assert world.life is not None
        world.life.runner.wake(1)
        await asyncio.sleep(5)
        await world.reach(2, State.APPROVED)
        want = await shop.want()
        assert (want.state, want.code, want.due_ms) == (WantState.LAPSED, "given-back", None)

    tell_story(tmp_path, story)


def test_the_days_digest_tells_what_is_asked_and_not_answered(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        host(world, YES, after=(Item.PRODUCT_CODE,))
        shop = Shop(world)
        for _ in range(2):
            await world.post(world.envelope())
        await world.reach(2, State.APPROVED)
        await shop.post("4901", payment=1)
        await asyncio.sleep(HOUR_S)
        now_ms = world.now_ms()
        (day,) = await shop.store.read(digest.of_all, now_ms, now_ms, now_ms)
        notice = notice_of(day, date(2026, 11, 21), ZoneInfo("Asia/Tokyo"))
        composed = world.notices().compose(notice, now_ms)
        mail = read_mail(composed.raw)
        assert isinstance(mail, Mail)
        assert "Please answer our mail with the question:\n000000000002  JPY 1,200\n" in mail.body

    tell_story(tmp_path, story)


def test_a_person_sees_what_is_open_and_ends_what_the_acquirer_does_not_take(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made = host(world, YES, after=(Item.PRODUCT_CODE,))
        made.advised = [AdviceRefused("12")]
        shop = Shop(world)
        for _ in range(2):
            await world.post(world.envelope())
        await world.reach(2, State.APPROVED)
        await shop.post("4901", payment=1)
        await asyncio.sleep(HOUR_S)
        rows = office.listed(world.gateway)
        assert [(row["payment"], row["state"], row["given"]) for row in rows] == [
            (1, "supplied", {"product-code": "4901"}),
            (2, "asked", {}),
        ]
        later_ms = world.now_ms() + 4 * 24 * HOUR_S * 1000
        assert {"items-refused", "want-unanswered"} <= {
            trouble.slug for trouble in doctor.examine(world.gateway, world.keys, later_ms)
        }
        (want,) = payments.shown(world.gateway, 1)["wants"]
        assert (want["code"], want["given"]) == ("12", {"product-code": "4901"})
        office.close(world.gateway, 1)
        assert [row["payment"] for row in office.listed(world.gateway)] == [2]
        assert [row["state"] for row in office.listed(world.gateway, everything=True)] == ["lapsed", "asked"]
        for number, slug in ((1, "want-over"), (9, "want-unknown")):
            with pytest.raises(GatewayError) as refused:
                office.close(world.gateway, number)
            assert refused.value.slug == slug
        await shop.post("4902", payment=1, number=2)
        await asyncio.sleep(60)
        assert len(made.advices) == 1

    tell_story(tmp_path, story)


@pytest.mark.parametrize(
    ("own", "asked"),
    [("", ("product-code",)), ("none", ()), ("note,tax", ("note", "tax"))],
)
def test_a_merchant_has_a_list_of_its_own(own: str, asked: tuple[str, ...], tmp_path: Path) -> None:
    async def story(world: World) -> None:
        host(world, YES, after=(Item.PRODUCT_CODE,))
        merchants.change(world.gateway, "Hagaki Store", {"items": own})
        shop = Shop(world)
        await world.post(world.envelope())
        await world.reach(1, State.APPROVED)
        want = await shop.store.read(wants.newest, 1)
        assert (want.items if want else ()) == asked

    tell_story(tmp_path, story)


def test_a_list_of_nothing_known_is_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        with pytest.raises(GatewayError) as refused:
            merchants.change(world.gateway, "Hagaki Store", {"items": "colour"})
        assert refused.value.slug == "items-unknown"

    tell_story(tmp_path, story)


def test_answers_and_advices_waste_no_trace_numbers(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made, shop = host(world, YES, after=(Item.PRODUCT_CODE,)), Shop(world)
        for number in range(1, 6):
            await world.post(world.envelope())
            await world.reach(number, State.APPROVED)
            await shop.post("4901", payment=number, number=number)
            await asyncio.sleep(10)
        stans = [advice.stan for advice, _ in made.advices] + [request.stan for request in made.asked]
        assert sorted(stans) == list(range(1, 11))

    tell_story(tmp_path, story)


def test_two_nodes_that_look_at_once_send_one_advice_and_one_reminder(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        made, shop = host(world, YES, after=(Item.PRODUCT_CODE,)), Shop(world)
        assert world.life is not None
        other = Advising(world.life.kit)
        world.life.tasks.append(asyncio.create_task(other.run()))
        for _ in range(2):
            await world.post(world.envelope())
        await world.reach(2, State.APPROVED)
        await shop.post("4901")
        for _ in range(3):
            shop.advising.wake()
            other.wake()
            await asyncio.sleep(0)
        await asyncio.sleep(2 * HOUR_S)
        assert [transmission for _, transmission in made.advices] == [1]
        assert len(await shop.letters("wanted-reminder")) == 1

    tell_story(tmp_path, story, want_remind_h=1)
