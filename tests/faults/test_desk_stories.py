"""The merchant's desk on a living gateway in virtual time: what is asked by mail, and what comes back."""

from __future__ import annotations

import asyncio
import csv
import email
from email import policy
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from heart_world import World, answering, tell_story
from sqlalchemy import func, select, update
from test_replies import KEY, SHOP, Door

from acquirer_sdk.values import Approved, Capabilities, Declined, InDoubt, LateAnswer, NotCollected
from mail_gateway.admin import merchants, shops
from mail_gateway.admin.doctor import examine
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import State
from mail_gateway.intake.accept import Route
from mail_gateway.outbox.compose import Compose, TokenKeys
from mail_gateway.outbox.daily import notice_of
from mail_gateway.outbox.desk import DeskWords
from mail_gateway.settings import Settings, SmarthostSettings, SmtpSettings
from mail_gateway.store.letters import LetterRow
from mail_gateway.store.tables import letters, mails, receipts, transfers
from mail_gateway.store.tables import merchants as merchants_table
from mail_gateway.work.desk import Desk
from mail_gateway.work.digest import Digest
from mail_gateway.work.replies import Replies
from schemas.mail import token
from schemas.mail.read import Mail, read_mail

DESK = f"{token.make(KEY, token.DESK, 1, SHOP, 0)}@pay.example"


class Counter:
    """A merchant who writes to its desk, and reads what comes."""

    def __init__(self, world: World) -> None:
        assert world.life is not None
        self.world, self.door = world, Door(world)
        settings = Settings(world.gateway, world.keys, SmtpSettings("mx.pay.example"), SmarthostSettings())
        words = DeskWords(world.gateway, Compose(settings, TokenKeys(KEY, b"b" * 32)), lambda _: None)
        desk = Desk(words)
        self.door.replies = Replies(world.life.kit, [desk.take, desk.take_last], ["pay.example"])
        self.mails = 0

    async def due(self, payment: int) -> list[LetterRow]:
        return [row for row in await self.world.letters() if row.payment_id == payment]

    async def all_sent(self) -> None:
        """The sender has been: everything has left."""
        values = {"state": "sent", "due_ms": None, "sent_ms": self.world.now_ms()}
        await self.run(update(letters).values(values))

    async def run(self, statement: Any) -> Any:
        assert self.world.life is not None
        return await self.world.life.store.run(lambda conn: conn.execute(statement))

    async def read(self, statement: Any) -> list[Any]:
        assert self.world.life is not None
        return await self.world.life.store.read(lambda conn: conn.execute(statement).all())

    async def sold(self, amount_minor: int = 1200, **fields: object) -> int:
        kept = await self.world.post(self.world.envelope(amount_minor=amount_minor, **fields))
        await self.world.reach(kept.payment_id or 0, State.APPROVED)
        return kept.payment_id or 0

    async def write(self, text: str, to: str = DESK, sender: str = SHOP) -> None:
        self.mails += 1
        raw = f"From: {sender}\nMessage-ID: <{self.mails}@carrier.example>\n"
        raw += f"Content-Type: text/plain; charset=utf-8\n\n{text}\n> old\n"
        route = Route(sender, (to,), "127.0.0.1")
        await self.door.intake.accept(raw.replace("\n", "\r\n").encode(), route)
        await self.door.replies.look()

    async def ask(self, text: str, to: str = DESK) -> Mail:
        """The one letter that the answer brings, as we read it."""
        mail = read_mail(await self.raw(text, to))
        assert isinstance(mail, Mail)
        return mail

    async def raw(self, text: str, to: str = DESK) -> bytes:
        before = {row.id for row in await self.notices()}
        await self.write(text, to)
        new = [row for row in await self.notices() if row.id not in before]
        assert len(new) == 1, self.world.told[-3:]
        return new[0].raw

    async def notices(self) -> list[LetterRow]:
        return [row for row in await self.world.letters() if row.payment_id is None]

    def of(self, payment: int) -> str:
        return f"{token.make(KEY, token.REPLY, payment, SHOP, 0)}@pay.example"


REFUND = 3
HOUR_S = 3600
PDF = "application/pdf"


def file_of(raw: bytes, kind: str) -> bytes:
    found = email.message_from_bytes(raw, policy=policy.default).walk()
    (data,) = [part.get_payload(decode=True) for part in found if part.get_content_type() == kind]
    assert isinstance(data, bytes)
    return data


async def refunded(world: World, counter: Counter, amount_minor: int) -> int:
    """The last sale, in part."""
    ksn = world.reader.initial_key_id + world.counter.to_bytes(4, "big")
    return await counter.sold(amount_minor, kind=REFUND, original_ksn=ksn)


async def ledger_minor(counter: Counter) -> int:
    """What the merchant has by the books, summed in another way than the desk does."""
    total = 0
    for side, sign in ((transfers.c.credit, 1), (transfers.c.debit, -1)):
        asked = select(func.coalesce(func.sum(transfers.c.amount_minor), 0))
        asked = asked.where(side == "merchant-payable", transfers.c.phase == "posted")
        total += sign * (await counter.read(asked))[0][0]
    return total


SOON = "23:30"
"""A closing time a quarter of an hour after a world begins."""


def test_takings_are_the_ledgers_since_the_last_closing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        answering(world, Approved("1", 1200), Approved("2", 3000), Declined("51"))
        await counter.sold(1200)
        await counter.sold(3000, condition=61, condition_count=3)
        answering(world, lambda request: Approved("3", request.amount_minor))
        await refunded(world, counter, 300)
        answering(world, Declined("51"), InDoubt("no-answer"))
        world.acquirer.habits.lose_reversal = 100
        for number, state in ((4, State.DECLINED), (5, State.REVERSING)):
            await world.post(world.envelope(amount_minor=9000))
            await world.reach(number, state)
        mail = await counter.ask("today")
        assert "Sales: 2, JPY 4,200\nReturns: 1, JPY 300\nNet: JPY 3,900\n" in mail.body
        assert (
            "slip 00005 JPY 9,000 unknown, being cancelled (do not hand over, do not try again)" in mail.body
        )
        assert "JPY 3,900" in mail.subject and await ledger_minor(counter) == 3900
        await asyncio.sleep(1200)
        mail = await counter.ask("本日")
        assert "No sale became final." in mail.body and "slip 00005" in mail.body

    tell_story(tmp_path, story, digest_at=SOON)


def test_the_list_says_how_each_stands_and_what_to_do(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        await counter.sold(1200)
        await refunded(world, counter, 300)
        answering(world, Declined("51"))
        await world.post(world.envelope(amount_minor=700))
        await world.reach(3, State.DECLINED)
        body = (await counter.ask("LIST")).body
        assert "No sale is open." in body
        lines = [line.split(" ", 2)[2] for line in body.splitlines() if " slip " in line]
        assert lines == [
            "slip 00003 JPY 700 declined",
            "slip 00002 return of JPY 300 returned",
            "slip 00001 JPY 1,200 approved (returns: JPY 300)",
        ]
        await asyncio.sleep(4 * 24 * HOUR_S)
        assert "No sales." in (await counter.ask("list")).body

    tell_story(tmp_path, story)


def test_a_result_comes_again_as_the_same_bytes_once_a_minute(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        first, second = await counter.sold(1200), await counter.sold(3000)
        before = {row.id: row.raw for row in await world.letters()}
        await counter.all_sent()
        await counter.write("again 1")
        assert await counter.due(first) == [], "it has just left"
        await asyncio.sleep(61)
        await counter.write("再送 １")
        (row,) = await counter.due(first)
        assert row.raw == before[row.id] and await counter.due(second) == []
        await counter.all_sent()
        await counter.write("again 000000000001")
        assert await counter.due(first) == []
        await counter.write("again", counter.of(second))
        assert await counter.due(second) == [], "within the minute of its first leaving"
        assert await counter.notices() == []

    tell_story(tmp_path, story)


def test_what_has_no_result_yet_and_what_is_nobodys_is_said(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        await counter.sold()
        world.acquirer.habits.slow_s = 20
        assert "no sale that fits 77" in (await counter.ask("again 77")).body
        assert "cannot tell which sale" in (await counter.ask("again")).body
        assert "cannot tell which sale" in (await counter.ask("receipt")).body
        assert "no sale that fits 999999999999" in (await counter.ask("again 999999999999")).body

    tell_story(tmp_path, story)


def test_a_number_that_fits_several_sales_is_asked_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        for slip in (1234, 51234, 77, 77):
            await counter.sold(slip=slip)
        mail = await counter.ask("receipt 77")
        assert "Several sales fit 77" in mail.body
        assert "reference 000000000003" in mail.body and "reference 000000000004" in mail.body
        await counter.ask("receipt 000000000003")
        assert "ref 000000000001" in (await counter.ask("receipt 1234")).subject, "the whole number wins"
        assert "Several sales fit 234" in (await counter.ask("receipt 234")).body
        assert "ref 000000000004" in (await counter.ask("receipt", counter.of(4))).subject

    tell_story(tmp_path, story)


def test_a_receipt_is_made_once_and_given_out_as_the_same_bytes(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        name = "Hagaki Store"
        values = {"registration_number": "T7000012050002", "address": "Matsumoto", "rounding": "up"}
        shops.change(world.gateway, name, values)
        await counter.sold(12345)
        first = await counter.raw("receipt 1\nto: Yama Trading\n8%: 1,080")
        body = read_mail(first).body
        for line in (
            "Received from: Yama Trading",
            "At 10%: JPY 11,265 (tax in it JPY 1,025)",
            "At 8%*: JPY 1,080 (tax in it JPY 80)",
        ):
            assert line in body
        assert "qualified invoice" in body.lower() and "T7000012050002" in body and "411111" not in body
        shops.change(world.gateway, name, {"address": "Tokyo", "rate": 8, "issuer": "Another"})
        await asyncio.sleep(2 * HOUR_S)
        for text in ("receipt 1", "領収書 1", "receipt 1\nto: Yama Trading\n8%: 1080"):
            again = await counter.raw(text)
            assert (read_mail(again).body, file_of(again, PDF)) == (body, file_of(first, PDF))
        other = await counter.ask("receipt 1\nto: Somebody Else")
        assert "was issued on" in other.body and "It cannot be changed" in other.body
        assert len(await counter.read(select(receipts))) == 1

    tell_story(tmp_path, story)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_same_words_for_the_next_sale_are_not_taken_for_ours(tmp_path: Path, language: str) -> None:
    """The letter with the first receipt, which an answer may quote, has no line that a merchant writes."""

    async def story(world: World) -> None:
        counter = Counter(world)
        await counter.run(update(merchants_table).values(language=language))
        wishes = "To: Yama Trading Company Limited, Matsumoto\nFor: Lunch for fourteen people\n8%: 540"
        if language == "ja":
            wishes = (
                "宛名: 有限会社信州トレーディング松本営業所\n但し: 十四名様のお食事代として二回分\n8%: 540"
            )
        for number in (1, 2, 3):
            await counter.sold(1200)
            mail = await counter.ask(f"receipt {number}\n{wishes}")
            for line in wishes.split("\n")[:2]:
                assert line.partition(": ")[2] in mail.body
            assert "540" in mail.body and f"{number:012d}" in mail.body

    tell_story(tmp_path, story)


def test_the_doctor_misses_a_font_only_where_receipts_are_made(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        def slugs() -> list[str]:
            return [trouble.slug for trouble in examine(world.gateway, world.keys, world.now_ms())]

        assert "font-missing" not in slugs()
        shops.change(world.gateway, "Hagaki Store", {"address": "Matsumoto"})
        assert "font-missing" in slugs()

    tell_story(tmp_path, story, receipt_font=f"{tmp_path}/none.ttf")


def test_a_return_gets_the_receipt_of_a_return(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        shops.change(world.gateway, "Hagaki Store", {"registration_number": "T7000012050002"})
        await counter.sold(1200)
        await counter.ask("receipt 1\n8%: 540")
        back = await refunded(world, counter, 300)
        assert back == 2
        assert "Please add how much of the return is at 8%" in (await counter.ask("receipt 2")).body
        body = (await counter.ask("receipt 2\n8%: 108")).body
        for line in (
            "RETURN SLIP (Qualified return invoice)",
            "Original reference: 000000000001",
            "Date of sale: 20",
        ):
            assert line in body
        assert "At 10%: JPY 192 (tax in it JPY 17)\nAt 8%*: JPY 108 (tax in it JPY 8)" in body

    tell_story(tmp_path, story)


def test_a_receipt_of_what_proved_not_collected_is_not_given_out_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        world.acquirer.capabilities = Capabilities(collects_later=True)
        await counter.sold(1200)
        assert "RECEIPT" in (await counter.ask("receipt 1")).body
        assert world.life is not None
        sale = await world.payment(1)
        answer = LateAnswer(sale.reference, sale.stan or 0, NotCollected("Z1"), "Z1")
        assert await world.life.runner.late(answer, world.acquirer.name)
        assert "its money was not collected, so there is no receipt" in (await counter.ask("receipt 1")).body

    tell_story(tmp_path, story)


def test_no_receipt_for_what_was_not_paid_or_all_given_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        await counter.sold(1200)
        await refunded(world, counter, 1200)
        answering(world, Declined("51"))
        await world.post(world.envelope())
        await world.reach(3, State.DECLINED)
        assert "All of it was given back" in (await counter.ask("receipt 1")).body
        assert "It was not approved" in (await counter.ask("receipt 3")).body
        assert 'look at the amount after "8%"' in (await counter.ask("receipt 2\n8%: 1201")).body
        assert await counter.read(select(receipts)) == []

    tell_story(tmp_path, story)


def test_another_merchants_sale_is_as_good_as_unknown(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        await counter.sold()
        merchants.add(world.gateway, merchants.NewMerchant("Other", "other@elsewhere.example", "en"))
        await counter.run(update(merchants_table).where(merchants_table.c.id == 2).values(name="=Oth\u202e"))
        to = f"{token.make(KEY, token.DESK, 2, 'other@elsewhere.example', 0)}@pay.example"
        for text in ("again 1", "receipt 1", "receipt 000000000001"):
            before = len(await counter.notices())
            await counter.write(text, to, "other@elsewhere.example")
            row = (await counter.notices())[before]
            assert row.recipient == "other@elsewhere.example" and b"no sale that fits" in row.raw
        await counter.write("again 1", counter.of(1), "other@elsewhere.example")
        await counter.write("today", to, "thief@elsewhere.example")
        assert len(await counter.notices()) == 3, "a stolen address of a letter opens nothing"

    tell_story(tmp_path, story)


def test_a_flood_is_answered_so_often_and_then_no_more(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        await counter.sold()
        for _ in range(30):
            await counter.write("list")
        kinds = [row.kind for row in await counter.notices()]
        assert kinds == [*[Letter.DESK_LIST] * 7, Letter.DESK_HELP], "the last says: please wait"
        assert b"PLEASE WAIT" in (await counter.notices())[-1].raw
        rows = await counter.read(
            select(mails.c.id).where(mails.c.verdict == "reply", mails.c.handled_ms.is_(None))
        )
        assert rows == [], "all of them are dealt with"
        await asyncio.sleep(HOUR_S + 1)
        await counter.ask("list")

    tell_story(tmp_path, story, desk_per_hour_max=7)


def test_who_says_nothing_we_know_gets_help_three_times_an_hour(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        number = await counter.sold()
        first = await counter.ask("Thank you for the quick answer!", counter.of(number))
        assert "We did not understand your answer, and changed nothing." in first.body
        for _ in range(20):
            await counter.write("What do you mean?")
        assert [row.kind for row in await counter.notices()] == [Letter.DESK_HELP] * 3
        await counter.ask("Dear centre\nlist\nRegards")
        assert (await counter.notices())[-1].kind is Letter.DESK_LIST

    tell_story(tmp_path, story)


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_the_commit_answers_once(tmp_path: Path, after: bool) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        await counter.sold(12345)
        assert world.life is not None
        place = world.life.place
        writing = asyncio.create_task(counter.write("receipt 1"))
        while not await counter.read(select(mails.c.id).where(mails.c.verdict == "reply")):
            await asyncio.sleep(0)
        place.left, place.after = 0, after
        await place.dead.wait()
        writing.cancel()
        await world.kill()
        await world.start()
        again = Counter(world)
        await again.door.replies.look()
        assert [row.kind for row in await again.notices()] == [Letter.RECEIPT]
        assert len(await again.read(select(receipts))) == 1

    tell_story(tmp_path, story)


def test_the_whole_day_is_told_with_its_file_to_who_wants_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        shops.change(world.gateway, "Hagaki Store", {"digest": "full"})
        await asyncio.sleep(1200)
        for amount in (1200, 3000):
            await counter.sold(amount)
        await refunded(world, counter, 300)
        await counter.all_sent()
        await asyncio.sleep(26 * HOUR_S)
        await counter.sold(9999)
        assert world.life is not None
        for _ in range(2):
            await Digest(world.life.kit, notice_of).look()
        (row,) = await counter.notices()
        assert row.kind is Letter.CLOSING, "hours late, and still: no later letter has that day"
        mail = read_mail(row.raw)
        assert isinstance(mail, Mail)
        assert "Net: JPY 3,900" in mail.body and "9,999" not in mail.body
        data = file_of(row.raw, "text/csv").decode("utf-8-sig")
        cells = list(csv.reader(StringIO(data, newline=""), strict=True))[1:]
        assert [int(cell[9]) for cell in cells] == [1200, 3000, -300]
        assert sum(int(cell[9]) for cell in cells) == await ledger_minor(counter) - 9999
        await asyncio.sleep(48 * HOUR_S)
        await counter.all_sent()
        await Digest(world.life.kit, notice_of).look()
        assert await counter.notices() == [], "a day without anything is not told"

    tell_story(tmp_path, story, digest_at=SOON)
