"""The merchant's desk on a living gateway in virtual time: what is asked by mail, and what comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from heart_world import START_MS, Habits, World, tell_story
from test_replies import KEY, SHOP, Door

from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import State
from mail_gateway.intake.accept import Route
from mail_gateway.outbox.compose import Compose, TokenKeys
from mail_gateway.outbox.desk import DeskWords
from mail_gateway.settings import Settings, SmarthostSettings, SmtpSettings
from mail_gateway.store.letters import LetterRow
from mail_gateway.work.desk import Desk
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
        """The one letter that the answer brings."""
        before = {row.id for row in await self.notices()}
        await self.write(text, to)
        new = [row for row in await self.notices() if row.id not in before]
        assert len(new) == 1, self.world.told[-3:]
        (row,) = new
        mail = read_mail(row.raw)
        assert isinstance(mail, Mail)
        return mail

    async def notices(self) -> list[LetterRow]:
        return [row for row in await self.world.letters() if row.payment_id is None]

    def of(self, payment: int) -> str:
        return f"{token.make(KEY, token.REPLY, payment, SHOP, 0)}@pay.example"


def test_takings_are_what_was_sold_since_the_last_closing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        counter = Counter(world)
        for amount in (1200, 3000):
            await counter.sold(amount)
        mail = await counter.ask("today")
        print(mail.body)
        mail = await counter.ask("list")
        print(mail.body)
        mail = await counter.ask("help")
        print(mail.body)
        mail = await counter.ask("what?")
        print(mail.body)
        mail = await counter.ask("receipt 2\nto: Yama Trading\n8%: 540")
        print(mail.subject, mail.body)
        mail = await counter.ask("receipt 2\nto: Other")
        print(mail.subject, mail.body)
        mail = await counter.ask("again 77")
        print(mail.subject, mail.body)

    tell_story(tmp_path, story)
