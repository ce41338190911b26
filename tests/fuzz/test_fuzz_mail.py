"""Whatever a mail holds, reading it gives a mail or "unreadable", and a block that is found is a true one."""

from __future__ import annotations

import asyncio
import random

from dice import play, play_async, spoil
from made_mails import BLOCKS, KSN, SEALED, mail

from mail_gateway.intake.accept import Intake, Onward, Route
from mail_gateway.intake.remains import ksn_of
from mail_gateway.ports import Ports
from mail_gateway.settings import GatewaySettings
from mail_gateway.store import inbox
from schemas.envelope import armour
from schemas.errors import WireError
from schemas.mail.find import find_block
from schemas.mail.read import Mail, Unreadable, read_mail


def look_through(raw: bytes) -> None:
    """Everything that the gateway and the phone do with an unread mail."""
    found = read_mail(raw)
    if isinstance(found, Unreadable):
        return
    assert isinstance(found, Mail)
    assert ksn_of(found) is None or len(ksn_of(found)) == len(KSN)
    for kind in (armour.SALE, armour.RESULT):
        try:
            assert find_block(found, kind)[1] in SEALED
        except WireError as error:
            assert error.slug.startswith("armour-")


def test_a_mail_put_together_by_dice() -> None:
    play(1500, lambda dice: look_through(mail(dice)))


def test_a_mail_spoilt_on_its_way() -> None:
    play(1500, lambda dice: look_through(spoil(dice, mail(dice))))


def test_bytes_that_are_no_mail() -> None:
    play(500, lambda dice: look_through(dice.randbytes(dice.choice((0, 1, 40, 2000)))))


def test_a_block_that_nobody_touched_is_found_wherever_it_stands() -> None:
    def case(dice: random.Random) -> None:
        number = dice.randrange(len(BLOCKS))
        around = [spoil(dice, "山の店です\r\nOn Mon wrote:\r\n> x\r\n-- \r\n".encode()) for _ in range(2)]
        lines = BLOCKS[number].splitlines()
        quote = dice.choice(("", "> ", ">> ", "| ", "  "))
        block = "".join(f"{quote}{line}\r\n" for line in lines).encode()
        raw = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + b"\r\n".join((around[0], block, around[1]))
        found = read_mail(raw)
        assert isinstance(found, Mail)
        assert find_block(found, armour.SALE) == (armour.SALE, SEALED[number])

    play(500, case)


async def test_the_door_takes_every_mail_that_was_stored() -> None:
    class Store:
        async def run(self, unit, arrival, resend_after_ms):
            kept.append(arrival)
            return inbox.Kept(1, None, inbox.Verdict.UNREADABLE)

    kept: list[inbox.Arrival] = []
    told: list[str] = []
    ports = Ports(lambda: 5, bytes, lambda verb, **facts: told.append(verb))
    intake = Intake(Store(), Onward(told.append), GatewaySettings(domain="x.jp"), ports)

    async def case(dice: random.Random) -> None:
        answer = await intake.accept(spoil(dice, mail(dice)), Route("", ("sale@x.jp",), "p"))
        assert answer.code == 250
        assert kept.pop().envelope in (None, *SEALED)
        await asyncio.sleep(0)

    await play_async(300, case)
    assert set(told) == {"mail.accepted"}
