"""A smarthost that says anything: each letter has one fate, and is never sent without its 2xx."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import replace

import pytest
from dice import play_async, spoil

from mail_gateway.domain.outcome import Letter
from mail_gateway.outbox import smarthost, wire
from mail_gateway.outbox.smarthost import Fate, Handed, Smarthost, SmarthostDown
from mail_gateway.settings import SmarthostSettings
from mail_gateway.store.letters import LetterRow

LIMIT_S = 20
SILENCE_S = 0.05
RAW = b"Subject: x\r\n\r\n.dot\r\n..two\r\nline\r\n"
LETTER = LetterRow(1, 1, Letter.APPROVED, 1, "<1@x>", "b1@r.example", "a..b@docomo.ne.jp", RAW, 0, 1)
LETTERS = tuple(replace(LETTER, id=number, raw=b"%d " % number + RAW) for number in range(1, 6))
HONEST = {
    b"EHLO": b"250-smarthost\r\n250-PIPELINING\r\n250 SIZE 1000000\r\n",
    b"HELO": b"250 smarthost\r\n",
    b"MAIL": b"250 2.1.0 OK\r\n",
    b"RCPT": b"250 2.1.5 OK\r\n",
    b"DATA": b"354 go on\r\n",
    b".": b"250 2.0.0 queued\r\n",
    b"RSET": b"250 OK\r\n",
    b"QUIT": b"221 Bye\r\n",
}
LIES = (
    *(
        b"",
        b"250 OK\r\n",
        b"354 go\r\n",
        b"421 4.3.2 down\r\n",
        b"450 4.2.0 later\r\n",
        b"452 4.2.2 full\r\n",
    ),
    *(
        b"550 5.1.1 unknown\r\n",
        b"554 5.7.1 spam\r\n",
        b"530 5.7.0 sign in\r\n",
        b"250-a\r\n250-b\r\n250 c\r\n",
    ),
    *(
        b"250\r\n",
        b"250-never ends\r\n",
        b"999 what\r\n",
        b"000 nil\r\n",
        b"2x0 OK\r\n",
        b"\xff\xfe\r\n",
        b"\r\n",
    ),
    *(b"250 OK\n", b"250 OK\r\n250 OK\r\n", b"250 " + b"x" * 5000 + b"\r\n", b"25", b"220 hello again\r\n"),
)


class Liar:
    """Answers honestly but where the dice say otherwise; sometimes hangs up. Keeps what it took honestly."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.lies = dice.choice((0.0, 0.1, 0.3))
        self.last = b""
        self.content = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.say(writer, b"220 smarthost ESMTP\r\n")
            in_content = False
            while line := await reader.readline():
                if in_content and line != b".\r\n":
                    self.content += line
                    continue
                word = b"." if in_content else line[:4].strip().upper()
                self.say(writer, HONEST.get(word, b"500 what\r\n"))
                in_content = word == b"DATA" and self.last.startswith(b"354")
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    def say(self, writer: asyncio.StreamWriter, honest: bytes) -> None:
        lie = self.dice.random() < self.lies
        self.last = spoil(self.dice, self.dice.choice((*LIES, honest)), 2) if lie else honest
        if lie and self.dice.random() < 0.2:
            writer.transport.abort()
        else:
            writer.write(self.last)


async def fate_at(client: Smarthost, letter: LetterRow) -> Handed | None:
    try:
        return await client.hand_over(letter)
    except SmarthostDown:
        return None


async def handed_over(liar: Liar) -> dict[int, Handed | None]:
    """What became of a few letters that may go behind each other, by number; None: no connection."""
    server = await asyncio.start_server(liar.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    held = deque(LETTERS)

    def following() -> LetterRow | None:
        return held.popleft() if held else None

    client = Smarthost(SmarthostSettings("127.0.0.1", port), "pay.example", following)
    fates: dict[int, Handed | None] = {}
    try:
        async with asyncio.timeout(LIMIT_S):
            while letter := client.take_behind() or following():
                assert letter.id not in fates
                fates[letter.id] = await fate_at(client, letter)
    finally:
        await client.close()
        server.close()
    return fates


async def test_whatever_the_smarthost_says_a_letter_has_one_fate(monkeypatch: pytest.MonkeyPatch) -> None:
    async def case(dice: random.Random) -> None:
        liar = Liar(dice)
        for module in (wire, smarthost):
            monkeypatch.setattr(module, "TIMEOUT_S", SILENCE_S if liar.lies else LIMIT_S)
        fates = await handed_over(liar)
        assert list(fates) == [letter.id for letter in LETTERS]
        for fate in fates.values():
            assert fate is None or fate.remark.isprintable()
            if fate is not None and fate.fate is Fate.SENT:
                assert fate.remark.startswith("2")
        if liar.lies == 0:
            assert [fate.fate for fate in fates.values() if fate] == [Fate.SENT] * len(LETTERS)
            assert liar.content == b"".join(letter.raw.replace(b"\r\n.", b"\r\n..") for letter in LETTERS)

    await play_async(150, case)
