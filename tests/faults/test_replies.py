"""Answers of merchants at the door: whose they are is said by token and sender, and each is taken once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from heart_world import START_MS, World, tell_story
from sqlalchemy import select

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.payment import State
from mail_gateway.intake.accept import Intake, Onward, Others, Route
from mail_gateway.intake.answers import Answers
from mail_gateway.intake.bounces import Bounces
from mail_gateway.ports import Ports
from mail_gateway.proof.spf import Session
from mail_gateway.proof.standing import Proof, Standing
from mail_gateway.store import replies as store_of_replies
from mail_gateway.store.tables import mails
from mail_gateway.work.replies import Replies
from schemas.mail import token

if TYPE_CHECKING:
    from mail_gateway.domain.reply import Reply
    from mail_gateway.work.kit import Kit

KEY = b"r" * 32
SHOP = "shop@carrier.example"


class Door:
    """The intake of a world, and what its one stage was given."""

    def __init__(self, world: World, *, fails: int = 0) -> None:
        assert world.life is not None
        self.store, self.fails = world.life.store, fails
        self.taken: list[Reply] = []
        self.fault: Exception = KeyError("stage")
        ports = Ports(world.now_ms, world.random_bytes, world.tell)
        others = Others(Bounces(self.store, b"b" * 32), Answers(self.store, KEY))
        self.intake = Intake(self.store, Onward(lambda _: None), world.gateway, ports, others)
        self.replies = Replies(world.life.kit, [self.stage], ["pay.example"])

    async def stage(self, kit: Kit, reply: Reply) -> bool:
        if self.fails:
            self.fails -= 1
            raise self.fault
        self.taken.append(reply)
        await kit.store.run(store_of_replies.handled, reply.mail, START_MS)
        return True

    async def post(self, to: str, *, sender: str = SHOP, more: str = "", number: int = 1) -> None:
        raw = f"From: {sender}\r\nMessage-ID: <{number}@carrier.example>\r\n{more}\r\n本日\r\n> old\r\n"
        await self.intake.accept(raw.encode(), Route(sender, (to,), "127.0.0.1"))
        await self.replies.look()

    async def slugs(self) -> list[tuple[str, str]]:
        rows = await self.store.read(lambda conn: conn.execute(select(mails.c.verdict, mails.c.slug)).all())
        return [(row.verdict, row.slug) for row in rows[1:]]


async def approved(world: World) -> str:
    """The reply address of the letter of an approved sale."""
    kept = await world.post(world.envelope())
    await world.reach(kept.payment_id or 0, State.APPROVED)
    return f"{token.make(KEY, token.REPLY, kept.payment_id or 0, SHOP, 0)}@pay.example"


def test_an_answer_reaches_its_stage_once(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        door = Door(world)
        for _ in range(3):
            await door.post(await approved(world) if not door.taken else to_address(door))
        (reply,) = door.taken
        assert (reply.payment, reply.merchant.mail, reply.lines) == (1, SHOP, ("本日",))
        assert await door.slugs() == [("reply", ""), ("ignored", "reply-again"), ("ignored", "reply-again")]

    def to_address(door: Door) -> str:
        return f"{token.make(KEY, token.REPLY, door.taken[0].payment or 0, SHOP, 0).upper()}@pay.example"

    tell_story(tmp_path, story)


def test_an_answer_to_the_desk_is_about_no_payment(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        door = Door(world)
        await approved(world)
        await door.post(f"{token.make(KEY, token.DESK, 1, SHOP, 0)}@pay.example")
        assert [reply.payment for reply in door.taken] == [None]

    tell_story(tmp_path, story)


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"sender": "thief@elsewhere.example"}, "reply-stranger"),
        ({"more": "Auto-Submitted: auto-replied\r\n"}, "reply-automatic"),
        ({"more": "From: other@elsewhere.example\r\n"}, "reply-stranger"),
    ],
)
def test_who_else_writes_there_says_nothing(tmp_path: Path, changes: dict[str, str], slug: str) -> None:
    async def story(world: World) -> None:
        door = Door(world)
        await door.post(await approved(world), **changes)
        assert door.taken == []
        assert [found for _, found in await door.slugs()] == [slug]

    tell_story(tmp_path, story)


def test_a_token_that_nobody_made_is_no_token(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        door = Door(world)
        to = await approved(world)
        other = f"{token.make(b'x' * 32, token.REPLY, 1, SHOP, 0)}@pay.example"
        as_desk = f"{token.DESK}{to[1:]}"
        for number, address in enumerate((other, as_desk)):
            await door.post(address, number=number)
        assert door.taken == []
        assert await door.slugs() == [("ignored", "reply-forged")] * 2

    tell_story(tmp_path, story)


def test_a_stage_that_fails_is_tried_again_and_stops_no_other(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        door = Door(world, fails=1)
        to = await approved(world)
        await door.post(to)
        await door.post(to, number=2)
        assert sorted(reply.message_id for reply in door.taken) == ["1@carrier.example", "2@carrier.example"]
        door.fails = 9
        await door.post(to, number=3)
        for _ in range(5):
            await door.replies.look()
        assert world.verbs("alarm.reply") == ["alarm.reply"] * 4, "after three of them a person looks"

    tell_story(tmp_path, story)


def test_a_refusal_in_a_stage_stops_no_other_answer(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        door = Door(world, fails=1)
        door.fault = GatewayError("A key does not open.", "root-key-wrong", Disposition.REFUSE)
        to = await approved(world)
        await door.post(to)
        await door.post(to, number=2)
        assert sorted(reply.message_id for reply in door.taken) == ["1@carrier.example", "2@carrier.example"]
        assert [facts["error"] for verb, facts in world.told if verb == "alarm.reply"] == ["root-key-wrong"]

    tell_story(tmp_path, story)


class Word:
    """A prover that says one thing."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing

    async def prove(self, raw: bytes, author: str, session: Session, covered: frozenset[str]) -> Proof:
        assert covered == {"from"}
        assert (author, session.sender) == (SHOP, SHOP)
        return Proof(self.standing, "dmarc")


@pytest.mark.parametrize(
    ("standing", "code", "rows"),
    [
        (Standing.PROVEN, 250, [("reply", "")]),
        (Standing.SILENT, 250, [("reply", "")]),
        (Standing.UNPROVEN, 250, [("unreadable", "reply-unproven")]),
        (Standing.LATER, 451, []),
    ],
)
def test_what_its_own_domain_disowns_is_no_answer(
    tmp_path: Path, standing: Standing, code: int, rows: list[tuple[str, str]]
) -> None:
    async def story(world: World) -> None:
        to = await approved(world)
        door = Door(world)
        door.intake._others = Others(  # type: ignore[assignment]
            Bounces(door.store, b"b" * 32), Answers(door.store, KEY, cast(Any, Word(standing)))
        )
        raw = f"From: {SHOP}\r\nMessage-ID: <1@carrier.example>\r\n\r\n本日\r\n".encode()
        told = await door.intake.accept(raw, Route(SHOP, (to,), "127.0.0.1", "mx"))
        assert (told.code, await door.slugs()) == (code, rows)

    tell_story(tmp_path, story)
