"""A customer's answer from the SMTP door to the order: what confirms, asks again, changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import aiosmtplib
import pytest
from answer_world import AWAY, CODE, HOME, HOUR_MS, SHOP, AnswerWorld, answer_world, signed, zone
from postgres_world import fresh_url
from sqlalchemy import select, update
from zone_server import SERVFAIL, Zone, zone_server

from mail_gateway.admin import doctor
from mail_gateway.domain.answering import Answer, Nothing, Verdict
from mail_gateway.domain.confirmation import ConfirmState
from mail_gateway.domain.order import OrderKind, OrderState
from mail_gateway.domain.outcome import Letter
from mail_gateway.intake.accept import Route
from mail_gateway.store import customer_answers, order_bounces, orders
from mail_gateway.store.tables import letters, merchants
from mail_gateway.work import confirming, order_clerk
from mail_gateway.work.undelivered import Undelivered

ASKED = ("question", HOME)


@asynccontextmanager
async def proving(folder: Path, names: Zone | None = None) -> AsyncIterator[AnswerWorld]:
    """A world whose gateway looks at SPF, DKIM and DMARC."""
    async with (
        zone_server(zone() if names is None else names) as (_, port),
        answer_world(folder, port) as world,
    ):
        yield world


def found_by_doctor(world: AnswerWorld) -> set[str]:
    found = doctor.examine(world.settings.gateway, world.settings.keys, world.now_ms)
    return {one.slug for one in found}


async def cancel(world: AnswerWorld) -> None:
    """The shop cancels."""
    case = await world.store.read(orders.case, 1)
    assert case is not None
    await order_clerk.enter(world.kit, order_clerk.moving(world.kit, case, OrderKind.CANCELLED))


async def test_a_yes_from_a_proven_sender_confirms(tmp_path: Path) -> None:
    async with proving(tmp_path) as world:
        await world.say("Yes\n\n> Dear Hanako,\n")
        assert (await world.order()).state is OrderState.CONFIRMED
        asking = await world.asking()
        assert (asking.state, asking.answer_mail, asking.answered_ms) == (ConfirmState.YES, 1, world.now_ms)
        assert asking.how == "mail proof; proven dkim=home.example spf=fail dmarc=pass"
        assert await world.letters() == [ASKED, ("order-confirmed", HOME)]


async def test_without_proof_a_yes_is_asked_for_the_code_and_the_code_confirms(tmp_path: Path) -> None:
    async with answer_world(tmp_path) as world:
        await world.say("yes", proven=False)
        assert (await world.order()).state is OrderState.ASKED
        assert "the code of the order is needed with it" in await world.words("question-again")
        await world.say(f"yes\n{CODE}", proven=False)
        assert (await world.order()).state is OrderState.CONFIRMED
        assert (await world.asking()).how == "mail code; silent not looked at"
        kinds = [kind for kind, _ in await world.letters()]
        assert kinds == ["question", "question-again", "order-confirmed"]


@pytest.mark.parametrize(
    ("total_minor", "text", "state"),
    [
        (10_000, "yes", OrderState.CONFIRMED),
        (10_001, "yes", OrderState.ASKED),
        (100_000, f"yes\n{CODE}", OrderState.CONFIRMED),
        (100_001, f"yes\n{CODE}", OrderState.ASKED),
    ],
)
async def test_the_amount_says_how_much_is_to_be_proven(
    tmp_path: Path, total_minor: int, text: str, state: OrderState
) -> None:
    async with proving(tmp_path) as world:
        await world.ask(total_minor, 2)
        await world.say(text.replace(CODE, "XKWPT"), 2)
        assert (await world.order(2)).state is state
        if state is OrderState.ASKED:
            assert "question-again" in dict(await world.letters(2))


async def test_a_computed_answer_confirms_any_amount_within_its_time_and_once(tmp_path: Path) -> None:
    async with answer_world(tmp_path) as world:
        order = await world.ask(500_000, 2)
        old = world.ocra(order, minutes_ago=121)
        await world.say(old, 2, proven=False)
        assert "were computed too long ago" in await world.words("question-again", 2)
        await world.say(world.ocra(order, 10, "another"), 2, proven=False)
        assert ((await world.asking(2)).wrong, (await world.order(2)).state) == (2, OrderState.ASKED)
        good = world.ocra(order, minutes_ago=119)
        await world.say(good, 2, proven=False)
        assert (await world.order(2)).state is OrderState.CONFIRMED
        assert (await world.asking(2)).how.startswith("mail ocra")
        await world.say(good, 2, proven=False)
        await world.say(good, 1, proven=False)
        assert [kind for kind, _ in await world.letters(2)][-1] == "order-state"
        assert (await world.order(1)).state is OrderState.ASKED, "an answer is good for one deal"


async def test_a_no_needs_only_the_letter_and_the_customer_s_address(tmp_path: Path) -> None:
    async with answer_world(tmp_path) as world:
        await world.say("いいえ", proven=False)
        assert (await world.order()).state is OrderState.REFUSED
        assert await world.letters() == [ASKED, ("order-refused", HOME), ("shop-dead", SHOP)]
        assert await world.hooks() == ["order.asked", "order.dead"]


async def test_three_wrong_answers_lock_and_both_addresses_hear_of_it(tmp_path: Path) -> None:
    async with answer_world(tmp_path) as world:
        for word in ("ZZZZZ", "YYYYY", "XXXXX"):
            assert (await world.asking()).state is ConfirmState.ASKED
            await world.say(f"yes\n{word}", proven=False)
        asking = await world.asking()
        assert (asking.state, asking.wrong, asking.needs_person) == (ConfirmState.LOCKED, 3, True)
        again = [("question-again", HOME)] * 2
        assert await world.letters() == [ASKED, *again, ("order-locked", AWAY), ("order-locked", HOME)]
        await world.say(f"yes\n{CODE}", proven=False)
        assert (await world.order()).state is OrderState.ASKED
        assert len(await world.letters()) == 5, "what is locked is told once"
        await world.say("no", proven=False)
        assert (await world.order()).state is OrderState.REFUSED


async def test_what_nobody_understands_is_asked_back_once_and_then_read_by_a_person(tmp_path: Path) -> None:
    async with proving(tmp_path) as world:
        await world.say("Which colour is it?")
        assert "could not tell what you want" in await world.words("question-again")
        assert await world.store.read(customer_answers.for_a_person, 10) == []
        await world.say("OKではありません")
        await world.say("???")
        assert [kind for kind, _ in await world.letters()] == ["question", "question-again"]
        assert {"order-unclear"} == found_by_doctor(world) & {"order-unclear", "mail-unreadable"}
        (row,) = await world.store.read(customer_answers.for_a_person, 10)
        assert (row["order"], row["customer"], row["unclear"], row["newest_mail"]) == (1, "C-7Q4KDM", 3, 3)
        assert world.alarms() == ["alarm.answer-unclear"] * 2
        await world.say("yes")
        assert (await world.order()).state is OrderState.CONFIRMED, "a clear answer still counts"
        assert await world.store.read(customer_answers.for_a_person, 10) == []


async def test_an_answer_after_the_end_is_told_the_truth_and_changes_nothing(tmp_path: Path) -> None:
    async with proving(tmp_path) as world:
        await cancel(world)
        await world.say("yes")
        order = await world.order()
        assert order.state is OrderState.CANCELLED
        assert "the shop has cancelled this order" in await world.words("order-state")
        for _ in range(6):
            await world.say("yes")
        told = [kind for kind, _ in await world.letters()]
        assert told.count("order-state") == confirming.LETTERS_PER_HOUR_MAX - 3
        assert "alarm.answer-silent" in world.alarms()
        world.now_ms += 2 * HOUR_MS
        await world.say("yes")
        assert [kind for kind, _ in await world.letters()].count("order-state") == told.count(
            "order-state"
        ) + 1


async def test_a_yes_that_came_too_late_charges_nothing_though_nobody_had_looked(tmp_path: Path) -> None:
    async with proving(tmp_path) as world:
        world.now_ms += 72 * HOUR_MS
        await world.say("yes")
        assert (await world.order()).state is OrderState.LAPSED
        assert await world.letters() == [ASKED, ("order-lapsed", HOME), ("shop-dead", SHOP)]


async def test_an_answer_that_came_in_time_confirms_though_it_is_read_later(tmp_path: Path) -> None:
    async with proving(tmp_path) as world:
        world.now_ms += 72 * HOUR_MS - 1
        raw = signed(world.mail("yes"))
        where = {"hostname": "127.0.0.1", "port": world.port, "sender": HOME}
        await aiosmtplib.send(raw, recipients=[world.address()], **where)
        world.now_ms += 60_000
        await world.replies.look()
        assert (await world.order()).state is OrderState.CONFIRMED


@pytest.mark.parametrize("first", ["lapse", "cancel"])
async def test_of_a_yes_and_an_end_at_one_moment_one_wins_and_is_told(tmp_path: Path, first: str) -> None:
    async with proving(tmp_path) as world:
        case = await world.store.read(orders.case, 1)
        assert case is not None
        kind = OrderKind.LAPSED if first == "lapse" else OrderKind.CANCELLED
        rival = order_clerk.enter(world.kit, order_clerk.moving(world.kit, case, kind))
        found = await asyncio.gather(world.say("yes"), rival, return_exceptions=True)
        state = (await world.order()).state
        kinds = [kind for kind, _ in await world.letters()]
        assert state in (OrderState.CONFIRMED, OrderState.LAPSED, OrderState.CANCELLED)
        if state is OrderState.CONFIRMED:
            assert isinstance(found[1], Exception) and kinds == ["question", "order-confirmed"]
        else:
            assert kinds[-1] == "order-state" and "order-confirmed" not in kinds


async def test_the_same_mail_again_does_nothing_and_neither_does_it_to_another_order(tmp_path: Path) -> None:
    async with proving(tmp_path) as world:
        await world.ask(900, 2)
        raw = signed(world.mail("What?"))
        for _ in range(3):
            await world.post(raw)
        assert (await world.asking()).unclear == 1
        yes = signed(world.mail("yes"))
        await world.post(yes)
        await world.post(yes, world.address(2))
        moved = yes.replace(world.address().encode(), world.address(2).encode())
        await world.post(moved, world.address(2))
        assert ((await world.order()).state, (await world.order(2)).state) == (
            OrderState.CONFIRMED,
            OrderState.ASKED,
        )
        assert await world.letters(2) == [ASKED]
        assert [slug for _, slug in (await world.slugs())[1:]] == [
            *("answer-again", "answer-again", ""),
            *("answer-several", "answer-again"),
        ]


async def test_two_copies_at_one_moment_are_one_answer(tmp_path: Path) -> None:
    async with proving(tmp_path) as world:
        raw = signed(world.mail("What?"))
        where = {"hostname": "127.0.0.1", "port": world.port, "sender": HOME}
        await asyncio.gather(*(aiosmtplib.send(raw, recipients=[world.address()], **where) for _ in range(4)))
        await world.replies.look()
        assert (await world.asking()).unclear == 1


async def test_who_cannot_be_proven_now_is_asked_to_come_again(tmp_path: Path) -> None:
    async with proving(tmp_path, zone() | {("_dmarc.home.example", "TXT"): SERVFAIL}) as world:
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await world.say("yes")
        assert refused.value.code == 451
        assert (await world.slugs(), (await world.order()).state) == ([], OrderState.ASKED)


async def test_the_page_answers_as_the_mail_does_and_writes_no_letter_of_state(tmp_path: Path) -> None:
    async with answer_world(tmp_path) as world:
        order = await world.order()

        async def answer(digits: str) -> Verdict:
            said = Nothing(ocra=digits)
            return await confirming.apply(world.kit, 1, Answer(said, world.now_ms, "page"))

        assert await answer("00000000") is Verdict.WRONG
        assert await answer(world.ocra(order)) is Verdict.CONFIRMED
        assert (await world.asking()).how == "page ocra; page"
        before = await world.letters()
        assert await answer(world.ocra(order)) is Verdict.TOO_LATE
        assert await world.letters() == before


async def test_a_long_answer_is_read_by_a_person(tmp_path: Path) -> None:
    async with proving(tmp_path) as world:
        await world.say("yes\n" + "x" * 70 + "\n" * 2 + ("y" * 70 + "\n") * 1000)
        assert ((await world.order()).state, (await world.asking()).unclear) == (OrderState.ASKED, 1)


FAILED = (
    b"From: MAILER-DAEMON@home.example\r\nAuto-Submitted: auto-replied\r\nSubject: Undelivered\r\n"
    b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    b"--b\r\n\r\nsorry\r\n--b\r\n"
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
    b"Final-Recipient: rfc822; hanako@home.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
)


async def sent(world: AnswerWorld) -> None:
    """The sender has handed every letter over."""
    mark = update(letters).where(letters.c.due_ms.is_not(None))
    done = mark.values(state="sent", due_ms=None, sent_ms=world.now_ms)
    await world.store.run(lambda conn: conn.execute(done) and None)


def route(to: str) -> Route:
    return Route(HOME, (to,), "127.0.0.1", "x")


async def bounce(world: AnswerWorld, letter: int = 1, number: int = 1) -> None:
    await sent(world)
    await world.drop(FAILED, world.bounce_address(letter, number), sender="")
    await world.undelivered.look()


async def test_a_question_that_comes_back_goes_to_the_second_address_and_then_to_the_shop(
    tmp_path: Path,
) -> None:
    async with answer_world(tmp_path) as world:
        await bounce(world)
        assert await world.letters() == [ASKED], "it is on its way to the second address"
        assert [facts for verb, facts in world.told if verb == "alarm.letter"] == [
            {"slug": "letter-bounced", "order": 1}
        ]
        await bounce(world)
        assert await world.letters() == [ASKED, ("shop-undelivered", SHOP)]
        assert "What the mail server said: bounced 5.1.1" in await world.words("shop-undelivered")
        assert await world.hooks() == ["order.asked", "order.question-undelivered"]
        await world.undelivered.look()
        assert len(await world.letters()) == 2, "told once"
        assert "alarm.question-undelivered" in world.alarms()
        assert {"letter-bounced", "letter-refused", "question-undelivered"} <= found_by_doctor(world)
        assert (await world.order()).state is OrderState.ASKED, "a bounce never answers"


async def test_news_of_money_that_comes_back_is_told_to_the_shop_once(tmp_path: Path) -> None:
    async with answer_world(tmp_path) as world:
        await world.say(f"yes {CODE}")
        case = await world.store.read(orders.case, 1)
        told = order_clerk.noting(world.kit, case, (Letter.ORDER_RETURNED,))
        await order_clerk.enter(world.kit, told)
        news = await world.letters()
        assert news[-1] == ("order-returned", HOME)
        await bounce(world, len(news))
        assert await world.letters() == news, "it is on its way to the second address"
        await bounce(world, len(news))
        await world.undelivered.look()
        assert await world.letters() == [*news, ("shop-undelivered", SHOP)]
        assert "CUSTOMER NOT TOLD" in await world.words("shop-undelivered")
        assert "alarm.news-undelivered" in world.alarms()
        assert "order.question-undelivered" not in await world.hooks()


async def test_of_two_nodes_that_see_it_at_once_one_tells_the_shop(tmp_path: Path) -> None:
    class Slow:
        """Another node has told the shop between this one's first look and its next."""

        async def read(self, question: Any, *args: Any) -> Any:
            found = await world.store.read(question, *args)
            if question is order_bounces.untold and len(args) == 1:
                await world.undelivered.look()
            return found

        run = property(lambda _: world.store.run)

    async with answer_world(tmp_path) as world:
        for _ in range(2):
            await sent(world)
            await world.drop(FAILED, world.bounce_address(1), sender="")
        other = Undelivered(replace(world.kit, store=cast(Any, Slow())), lambda: world.kit.node)
        await other.look()
        assert await world.letters() == [ASKED, ("shop-undelivered", SHOP)]


async def test_a_report_that_comes_twice_is_one(tmp_path: Path) -> None:
    async with answer_world(tmp_path) as world:
        raw = b"Message-ID: <report@home.example>\r\n" + FAILED
        for _ in range(3):
            await sent(world)
            await world.drop(raw, world.bounce_address(1), sender="")
        await world.undelivered.look()
        assert await world.letters() == [ASKED], "it was taken at the second address"


async def test_a_shop_s_letter_that_comes_back_goes_to_the_shop_s_second_address(tmp_path: Path) -> None:
    async with answer_world(tmp_path) as world:
        await world.store.run(
            lambda conn: conn.execute(update(merchants).values(second_mail="shop@home.example")) and None
        )
        await world.say("no", proven=False)
        assert (await world.letters())[2] == ("shop-dead", SHOP)
        await sent(world)
        await world.drop(FAILED, world.bounce_address(3, recipient=SHOP), sender="")
        asked = select(letters.c.rerouted_to, letters.c.state).where(letters.c.version == 3)
        found = await world.store.read(lambda conn: conn.execute(asked).one())
        assert tuple(found) == ("shop@home.example", "due")


async def test_an_answer_from_the_second_address_counts_where_the_letter_went(tmp_path: Path) -> None:
    async with answer_world(tmp_path) as world:
        await bounce(world)
        raw = world.mail(f"yes\n{CODE}", sender=AWAY)
        await world.post(raw, sender=AWAY)
        assert (await world.order()).state is OrderState.CONFIRMED


async def test_without_a_second_address_the_shop_hears_at_once_even_without_a_webhook(tmp_path: Path) -> None:
    async with answer_world(tmp_path, second_mail="", webhook=False) as world:
        await bounce(world)
        assert await world.letters() == [ASKED, ("shop-undelivered", SHOP)]
        assert await world.hooks() == []


async def test_a_bounce_after_the_end_is_only_marked(tmp_path: Path) -> None:
    async with answer_world(tmp_path, second_mail="") as world:
        await cancel(world)
        before = await world.letters()
        await bounce(world)
        assert await world.letters() == before


async def test_a_forged_bounce_stops_nothing(tmp_path: Path) -> None:
    async with answer_world(tmp_path, second_mail="") as world:
        await sent(world)
        for to in (
            world.bounce_address(1, recipient=AWAY),
            world.bounce_address(2),
            world.bounce_address(1, 2),
        ):
            await world.drop(FAILED, to, sender="")
        await world.undelivered.look()
        assert await world.letters() == [ASKED]
        assert {slug for _, slug in await world.slugs()} == {"bounce-forged"}


async def test_on_postgresql_an_answer_does_the_same(tmp_path: Path) -> None:
    async with answer_world(tmp_path, second_mail="", database=fresh_url()) as world:
        for number in (2, 3):
            await world.ask(900, number)
        await world.say(f"yes\n{CODE}", proven=False)
        raw = world.mail("What?", world.address(2))
        await asyncio.gather(*(world.intake.accept(raw, route(world.address(2))) for _ in range(3)))
        await world.replies.look()
        await world.say("?", 2, proven=False)
        for word in ("ZZZZZ", "YYYYY", "XXXXX"):
            await world.say(f"yes\n{word}", 3, proven=False)
        await bounce(world, number=2)
        states = [(await world.asking(number)).state for number in (1, 2, 3)]
        assert states == [ConfirmState.YES, ConfirmState.ASKED, ConfirmState.LOCKED]
        assert (await world.asking(2)).unclear == 2
        rows = await world.store.read(customer_answers.for_a_person, 10)
        assert [row["order"] for row in rows] == [2, 3]
        assert ("shop-undelivered", SHOP) in await world.letters(2)
        assert {"question-undelivered", "order-unclear"} <= found_by_doctor(world)
