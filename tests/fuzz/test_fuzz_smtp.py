"""SMTP dialogues by dice at the real door: every line is answered, every 250 a stored mail, none an alarm."""

from __future__ import annotations

import asyncio
import random
import re

from dice import ODD, play_async, spoil
from door_world import BLOCK, TOKEN, Client, World, a_door
from made_mails import mail

COMMANDS = (
    *(
        "HELO x",
        "EHLO carrier.example",
        "EHLO",
        "HELO [192.0.2.1]",
        "NOOP",
        "NOOP x",
        "RSET",
        "VRFY a",
        "HELP MAIL",
    ),
    *(
        "MAIL FROM:<a@b.example>",
        "MAIL FROM:<>",
        "MAIL FROM:<a..b@docomo.ne.jp> SIZE=200 BODY=8BITMIME",
        "MAIL",
    ),
    *(
        "MAIL FROM:<a@b.example> SIZE=x",
        "mail from:<A@B.example>",
        "MAIL FROM:",
        "MAIL FROM:<a@b",
        "MAIL TO:<a@b>",
    ),
    *(
        "RCPT TO:<sale@pay.example.jp>",
        "RCPT TO:<postmaster>",
        f"RCPT TO:<{TOKEN}@r.pay.example.jp>",
        "RCPT TO:<x@y>",
    ),
    *(
        "RCPT TO:<@a:sale@pay.example.jp>",
        "RCPT",
        "RCPT TO:<sale@pay.example.jp> X=Y",
        "rcpt to:<SALE@pay.example.jp>",
    ),
    *(
        "DATA",
        "DATA x",
        "BDAT 5 LAST",
        "STARTTLS",
        "AUTH PLAIN",
        "XCLIENT A=B",
        "QUIT now",
        "",
        " ",
        "\t",
        ".",
    ),
)
ROUTE = ("EHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<sale@pay.example.jp>", "DATA")
ANSWER = re.compile(rb"[2-5]\d\d[ -][\x20-\x7e]*")
STORED = b"250 2.6.0 Stored"


def session(dice: random.Random) -> bytes:
    """What one client says."""
    said = []
    for _ in range(dice.randrange(1, 9)):
        lines = dice.choice((ROUTE, ROUTE, dice.sample(COMMANDS, dice.randrange(1, 5))))
        said += [line.encode() + b"\r\n" for line in lines]
        if lines is ROUTE:
            content = dice.choice((mail(dice), b"Subject: x\r\n\r\n" + BLOCK.encode() + b"\r\n"))
            said.append(re.sub(rb"^\.", b"..", content, flags=re.MULTILINE) + b"\r\n.\r\n")
    whole = b"".join(said)
    return spoil(dice, whole, 4) if dice.random() < 0.5 else whole


async def visit(dice: random.Random, world: World) -> None:
    """Say it in pieces of any size; leave in order or by hanging up."""
    client = await Client.to(world)
    data = session(dice) + dice.choice((b"QUIT\r\n", b"\r\n.\r\nRSET\r\nQUIT\r\n", dice.choice(ODD)))
    step = dice.choice((1, 7, 100, 1460, len(data)))
    try:
        for at in range(0, min(len(data), 200 * step), step):
            client.writer.write(data[at : at + step])
            await client.writer.drain()
            await asyncio.sleep(0)
        if dice.random() < 0.1:
            client.writer.transport.abort()
        else:
            client.writer.write_eof()
            must_be_answers(await client.end(), world)
    except OSError:
        pass
    client.close()


def must_be_answers(answers: bytes, world: World) -> None:
    lines = answers.split(b"\r\n")  # nothing at all where the door closed before it had read everything
    assert not answers or lines[0].startswith(b"220 ")
    for line in lines[:-1]:
        assert ANSWER.fullmatch(line), line
        assert not line.startswith(b"500 Error: ("), line
    assert lines.count(STORED) <= len(world.store.arrivals)


async def test_any_dialogue_is_answered_line_by_line() -> None:
    async def case(dice: random.Random) -> None:
        async with a_door() as world:
            await asyncio.gather(*(visit(dice, world) for _ in range(dice.choice((1, 1, 2, 5)))))
            await must_still_work(world)
        assert not [facts for verb, facts in world.told if verb.startswith("alarm")]
        assert len(world.told) == len(world.store.arrivals) + 1

    await play_async(120, case)


async def must_still_work(world: World) -> None:
    before = len(world.store.arrivals)
    client = await Client.to(world)
    await client.until_data()
    await client.say(f"\r\n{BLOCK}\r\n.")
    assert (await client.line()).encode() == STORED
    client.close()
    assert len(world.store.arrivals) > before
