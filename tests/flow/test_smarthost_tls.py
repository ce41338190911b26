"""The way to the smarthost, encrypted: a real server with a certificate, and servers that cheat."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP

from mail_gateway.domain.outcome import Letter
from mail_gateway.outbox.smarthost import Fate, Smarthost, SmarthostDown
from mail_gateway.settings import SmarthostSettings
from mail_gateway.store.letters import LetterRow

LETTER = LetterRow(
    *(1, 1, Letter.APPROVED, 1, "<1@x>", "b1@r.example", "shop@carrier.example"),
    b"Subject: x\r\n\r\ny\r\n",
    0,
    1,
)
Dialogue = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Mailbox:
    """Keeps what it is given, and whether it came encrypted."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, bool]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        encrypted = server.transport.get_extra_info("ssl_object") is not None
        self.taken.append((envelope.original_content, encrypted))
        return "250 OK"


class Town:
    """An authority and the file that says it is trusted."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.file = folder / "ca.pem"
        self.authority.cert_pem.write_to_path(self.file)

    def server_side(self, name: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(name).configure_cert(made)
        return made


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


@asynccontextmanager
async def smarthost(
    certificate: ssl.SSLContext, *, implicit: bool = False
) -> AsyncIterator[tuple[Mailbox, int]]:
    mailbox, loop = Mailbox(), asyncio.get_running_loop()
    offered = {} if implicit else {"tls_context": certificate, "require_starttls": True}
    server = await loop.create_server(
        lambda: SMTP(mailbox, hostname="smarthost", **offered),
        *("127.0.0.1", 0),
        ssl=certificate if implicit else None,
    )
    try:
        yield mailbox, server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def cheat(dialogue: Dialogue) -> AsyncIterator[int]:
    """A server of a few lines."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await dialogue(reader, writer)
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def to(port: int, tls: str, town: Town | None, **more: Any) -> Smarthost:
    trusted = str(town.file) if town else ""
    return Smarthost(SmarthostSettings("127.0.0.1", port, tls=tls, tls_ca=trusted, **more), "pay.example")


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_letter_leaves_encrypted(town: Town, tls: str) -> None:
    async with smarthost(town.server_side("127.0.0.1"), implicit=tls == "tls") as (mailbox, port):
        client = to(port, tls, town)
        assert (await client.hand_over(LETTER)).fate is Fate.SENT
        await client.close()
    assert mailbox.taken == [(LETTER.raw, True)]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
@pytest.mark.parametrize("wrong", ["authority", "name"])
async def test_nothing_is_told_to_a_server_that_cannot_prove_its_name(
    town: Town, tls: str, wrong: str
) -> None:
    certificate = town.server_side("127.0.0.1" if wrong == "authority" else "other.example")
    async with smarthost(certificate, implicit=tls == "tls") as (mailbox, port):
        client = to(port, tls, None if wrong == "authority" else town)
        with pytest.raises(SmarthostDown):
            await client.hand_over(LETTER)
        await client.close()
    assert not mailbox.taken


async def test_a_server_that_hides_starttls_gets_no_letter_and_no_password(town: Town) -> None:
    """Somebody on the way takes the offer out: then nothing goes, rather than in clear."""
    heard = bytearray()

    async def dialogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smarthost\r\n")
        while line := await reader.readline():
            heard.extend(line)
            writer.write(b"250-smarthost\r\n250 AUTH PLAIN\r\n" if line[:4] == b"EHLO" else b"454 no\r\n")

    async with cheat(dialogue) as port:
        client = to(port, "starttls", town, user="shop", password="open sesame")
        with pytest.raises(SmarthostDown):
            await client.hand_over(LETTER)
        await client.close()
    assert b"AUTH" not in heard
    assert b"MAIL" not in heard


async def test_answers_slipped_in_before_the_handshake_count_for_nothing(town: Town) -> None:
    """GHSA-vxj7-4xrp-5vr4: what stands behind the 220 in clear must not be taken for encrypted answers."""
    heard: list[bytes] = []
    certificate = town.server_side("127.0.0.1")
    honest = {b"EHLO": b"250 smarthost\r\n", b"RCPT": b"550 5.1.1 unknown\r\n"}

    async def dialogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smarthost\r\n")
        await reader.readline()
        writer.write(b"250-smarthost\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go\r\n250 evil\r\n250 OK\r\n250 OK\r\n354 go\r\n250 2.0.0 taken, believe me\r\n")
        await writer.start_tls(certificate)
        while line := await reader.readline():
            heard.append(line[:4])
            writer.write(honest.get(line[:4], b"250 OK\r\n"))

    async with cheat(dialogue) as port:
        client = to(port, "starttls", town)
        async with asyncio.timeout(10):
            handed = await client.hand_over(LETTER)
        await client.close()
    assert (handed.fate, handed.remark) == (Fate.REFUSED, "550 5.1.1 unknown")
    assert heard[:3] == [b"EHLO", b"MAIL", b"RCPT"]


@pytest.mark.parametrize(
    "answer",
    [
        b"250" + b"x" * 2_000_000 + b"\r\n",
        b"\xff\xfe\r\n",
        b"250-a\r\n" * 400_000 + b"250 b\r\n",
        b"abc\r\n",
        b"9" * 99,
    ],
    ids=["long", "no text", "many lines", "no code", "cut"],
)
async def test_a_server_that_talks_rubbish_is_down_and_costs_no_letter(answer: bytes) -> None:
    async def dialogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smarthost\r\n")
        await reader.readline()
        writer.write(answer)
        await writer.drain()

    async with cheat(dialogue) as port:
        client = to(port, "none", None)
        with pytest.raises(SmarthostDown):
            async with asyncio.timeout(10):
                await client.hand_over(LETTER)
        await client.close()
