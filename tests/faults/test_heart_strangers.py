"""Robots and strangers write to the sale address: no letter to the unproven, no two robots in a circle."""

from __future__ import annotations

from pathlib import Path

import pytest
from heart_world import World, tell_story
from sqlalchemy import update

from acquirer_sdk.values import Approved
from mail_gateway.domain.payment import State
from mail_gateway.intake.accept import Intake, Onward, Route
from mail_gateway.ports import Ports
from mail_gateway.store.tables import letters
from schemas.envelope import armour
from schemas.mail import robots

SHOP, STRANGER = "shop@carrier.example", "stranger@x.example"
SALE = ("sale@pay.example",)


def door(world: World) -> Intake:
    assert world.life is not None
    ports = Ports(world.now_ms, world.random_bytes, world.tell)
    return Intake(world.life.store, Onward(world.life.runner.wake), world.gateway, ports)


async def mailed(world: World, headers: str, text: str, sender: str = SHOP) -> str:
    """Hand one mail in; -> its verdict."""
    raw = f"{headers}\n\n{text}".replace("\n", "\r\n").encode()
    assert (await door(world).accept(raw, Route(sender, SALE, "192.0.2.1"))).code == 250
    return next(facts["verdict"] for verb, facts in reversed(world.told) if verb == "mail.accepted")


def block_of(world: World) -> str:
    return armour.block(armour.SALE, world.envelope())


async def sent(world: World, number: int) -> None:
    """The one letter is with the smarthost."""
    assert world.life is not None
    await world.reach(number, State.APPROVED)
    (letter,) = await world.letters()
    marked = update(letters).where(letters.c.id == letter.id).values(state="sent", due_ms=None, sent_ms=1)
    await world.life.store.run(lambda conn: conn.execute(marked))


ROBOTS = [
    "Auto-Submitted: auto-replied",
    "auto-submitted:  auto-generated (vacation)",
    "Precedence: bulk",
    "Precedence: auto_reply",
    "X-Autoreply: yes",
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
]


@pytest.mark.parametrize("header", [*ROBOTS, ""], ids=str)
def test_a_robot_that_quotes_a_sale_pulls_no_letter(tmp_path: Path, header: str) -> None:
    async def story(world: World) -> None:
        world.acquirer.script = approve
        block = block_of(world)
        assert await mailed(world, f"From: {SHOP}", block) == "new"
        await sent(world, 1)
        sender = SHOP if header else ""
        quoted = f"Away.\n{block}"
        assert await mailed(world, f"From: {SHOP}\n{header}".rstrip(), quoted, sender) != "new"
        assert await world.letters() == []
        assert (
            await mailed(world, f"From: {SHOP}\nAuto-Submitted: no\nX-Auto-Response-Suppress: All", block)
            == "repeat"
        )
        assert len(await world.letters()) == 1

    tell_story(tmp_path, story)


async def approve(request) -> Approved:
    return Approved("123456", request.amount_minor, "00")


def test_a_robot_that_damages_what_it_quotes_makes_no_payment(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        damaged = block_of(world)[:-60]
        assert await mailed(world, "Auto-Submitted: auto-replied", damaged) == "unreadable"
        assert await world.letters() == []
        assert await mailed(world, "Subject: sale", damaged) == "new"
        await world.reach(1, State.REFUSED)
        assert len(await world.letters()) == 1

    tell_story(tmp_path, story)


def test_whoever_sends_a_sale_the_answer_goes_to_the_address_on_file(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.acquirer.script = approve
        headers = f"From: {STRANGER}\nReply-To: {STRANGER}\nErrors-To: {STRANGER}\nReturn-Path: <{STRANGER}>"
        assert await mailed(world, headers, block_of(world), STRANGER) == "new"
        await world.reach(1, State.APPROVED)
        assert [letter.recipient for letter in await world.letters()] == [SHOP]

    tell_story(tmp_path, story)


def test_nothing_is_answered_to_strangers_nor_to_our_own_letters(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        result = armour.block(armour.RESULT, bytes(90))
        for text in ("hello", result, "BEGIN HAGAKI SALE\nAAAA\nEND HAGAKI SALE", "", "山の店です"):
            for header in ("Subject: x", "Auto-Submitted: auto-replied", "From: sale@pay.example"):
                for sender in (STRANGER, "", SALE[0]):
                    assert await mailed(world, header, text, sender) in ("unreadable", "repeat")
        assert await world.letters() == []

    tell_story(tmp_path, story)


@pytest.mark.parametrize(
    ("action", "status", "said"),
    [
        ("failed", "5.2.2", "5.2.2"),
        ("Failed", "4.4.7", ""),
        ("delayed", "4.4.1", None),
        ("relayed", "2.1.9", None),
    ],
)
def test_a_report_says_what_became_of_the_mail(action: str, status: str, said: str | None) -> None:
    raw = (
        "Content-Type: multipart/report;\r\n\treport-type=DELIVERY-STATUS; boundary=b\r\n\r\n--b\r\n"
        f"Content-Type: message/delivery-status\r\n\r\nAction: {action}\r\nStatus: {status}\r\n"
    ).encode()
    assert robots.undelivered(raw, "") == said
    assert robots.is_automatic(raw, STRANGER)
