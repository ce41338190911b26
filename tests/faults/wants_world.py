"""A shop that answers letters, in the world of the heart, and a host that wants to know more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from heart_world import World
from sqlalchemy import select

from acquirer_sdk.values import (
    Advice,
    AdviceAccepted,
    AdviceOutcome,
    Approved,
    Ask,
    AuthoriseOutcome,
    AuthoriseRequest,
    Capabilities,
    Item,
    NeedsInput,
    Unsupported,
)
from mail_gateway.domain.wants import Want
from mail_gateway.intake.accept import Intake, Onward, Others, Route
from mail_gateway.intake.answers import Answers
from mail_gateway.intake.bounces import Bounces
from mail_gateway.store import wants
from mail_gateway.store.tables import letters
from mail_gateway.work.advising import Advising
from mail_gateway.work.replies import Replies
from mail_gateway.work.wants import Wants
from schemas.mail import token
from schemas.mail.read import Mail, read_mail

KEY = b"r" * 32
SHOP = "shop@carrier.example"
ASKS = NeedsInput(Ask.MORE, "G67", (Item.PRODUCT_CODE, Item.DIVISION))
GOOD = "1 4901\n2 分割12回\n"


@dataclass
class Host:
    """Answers as told, one answer a request, the last one for ever; counts what is with it at once."""

    answers: list[AuthoriseOutcome]
    advised: list[AdviceOutcome | Unsupported] = field(default_factory=lambda: [AdviceAccepted("00")])
    asked: list[AuthoriseRequest] = field(default_factory=list)
    advices: list[tuple[Advice, int]] = field(default_factory=list)
    with_it: set[str] = field(default_factory=set)
    takes_s: float = 0.2

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        assert request.reference not in self.with_it, "one sale is never at the acquirer twice at once"
        self.asked.append(request)
        self.with_it.add(request.reference)
        try:
            await asyncio.sleep(self.takes_s)
        finally:
            self.with_it.discard(request.reference)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def advise(self, advice: Advice, *, transmission: int) -> AdviceOutcome | Unsupported:
        self.advices.append((advice, transmission))
        await asyncio.sleep(0.1)
        return self.advised.pop(0) if len(self.advised) > 1 else self.advised[0]


def host(world: World, *answers: AuthoriseOutcome, after: tuple[Item, ...] = ()) -> Host:
    """The world's acquirer gives these answers; after: what it wants to know of every approved sale."""
    made = Host([*answers])

    async def script(request: AuthoriseRequest) -> AuthoriseOutcome:
        outcome = await made.authorise(request)
        if isinstance(outcome, Approved):
            world.acquirer.charge(request.reference, outcome.amount_minor)
        return outcome

    world.acquirer.script = script
    world.acquirer.advise = made.advise  # type: ignore[attr-defined]
    world.acquirer.capabilities = Capabilities(
        void=True,
        refund=True,
        return_without_card=True,
        advise=True,
        items_after=after,
        items_taken=tuple(Item),
    )
    return made


class Shop:
    """The gateway's side of answers in one life of it, and the merchant's: mails in, letters out."""

    def __init__(self, world: World) -> None:
        assert world.life is not None
        life = world.life
        self.world, self.store = world, life.store
        self.advising = Advising(life.kit)
        stage = Wants(lambda: life.kit.node, life.runner.wake, self.advising.wake)
        self.replies = Replies(life.kit, [stage.take], ["pay.example"])
        ports = life.kit.ports
        others = Others(Bounces(self.store, b"b" * 32), Answers(self.store, KEY))
        onward = Onward(lambda _: None, answered=self.replies.wake)
        self.intake = Intake(self.store, onward, world.gateway, ports, others)
        life.tasks += [asyncio.create_task(part.run()) for part in (self.replies, self.advising)]

    async def post(self, text: str, *, number: int = 1, payment: int = 1) -> None:
        """The merchant answers a letter about that payment."""
        mail = EmailMessage()
        mail["From"], mail["Message-ID"] = SHOP, f"<{number}@carrier.example>"
        mail.set_content(text)
        to = f"{token.make(KEY, token.REPLY, payment, SHOP, 0)}@pay.example"
        await self.intake.accept(mail.as_bytes(), Route(SHOP, (to,), "127.0.0.1"))

    async def want(self, payment: int = 1) -> Want:
        found = await self.store.read(wants.newest, payment)
        assert found is not None
        return found

    async def reach(self, is_so: Callable[[Want], bool], within_s: int = 3600) -> Want:
        """Wait, in virtual time, until the newest want of the first payment is so."""
        for _ in range(within_s * 4):
            found = await self.store.read(wants.newest, 1)
            if found is not None and is_so(found):
                return found
            await asyncio.sleep(0.25)
        raise AssertionError(f"the want is {await self.store.read(wants.newest, 1)}")

    async def letters(self, kind: str) -> list[str]:
        """The notices of that kind, as the merchant reads them."""
        asked = select(letters.c.raw).where(letters.c.kind == kind).order_by(letters.c.id)
        found = await self.store.read(lambda conn: conn.scalars(asked).all())
        mails = [mail for mail in map(read_mail, found) if isinstance(mail, Mail)]
        return [f"{mail.subject}\n\n{mail.texts[0]}" for mail in mails]


def given(want: Want) -> Mapping[str, str]:
    """What was answered, by name."""
    return {item.value: value for item, value in want.given.items()}


def facts(world: World, verb: str) -> list[dict[str, Any]]:
    """What was told under that name."""
    return [facts for name, facts in world.told if name == verb]
