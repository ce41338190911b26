"""Mail in from a mailbox at a provider, a real Dovecot: each mail once, and a server that goes away."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dovecot_server import PASSWORD, USER, Dovecot
from town_world import LIMIT_S, Mailbox, Town, town

from mail_gateway.admin import doctor, payments
from mail_gateway.intake.imap import Folder
from mail_gateway.intake.mailbox import MailboxError, Trouble
from mail_gateway.settings import ImapSettings
from schemas.envelope import outcome

DONE, REFUSED = "Hagaki-done", "Hagaki-refused"
PROVIDER = "mx.provider.example"


def own(dovecot: Dovecot, **changed: Any) -> ImapSettings:
    usual = {"user": USER, "password": PASSWORD, "tls": False, "timeout_s": 10}
    return ImapSettings("127.0.0.1", dovecot.port, **{**usual, **changed})


@asynccontextmanager
async def dovecot_here(capability: str = "") -> AsyncIterator[Dovecot]:
    server = Dovecot(capability)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
        server.remove()


@asynccontextmanager
async def town_with(folder: Path, dovecot: Dovecot) -> AsyncIterator[tuple[Town, Mailbox]]:
    """A gateway without an SMTP port of its own."""
    async with town(folder) as (here, letters):
        smtp = replace(here.settings.smtp, listen=False, size_max=50_000)
        here.settings = replace(here.settings, smtp=smtp, imap=own(dovecot, relay=PROVIDER))
        yield here, letters


def answer_to(letter: bytes) -> bytes:
    """The merchant asks for help, and the provider says that it was the merchant."""
    head = (
        f"Return-Path: <shop@carrier.example>\nReceived: from carrier by {PROVIDER}\n"
        f"Authentication-Results: {PROVIDER}; dmarc=pass header.from=carrier.example\n"
        f"From: shop@carrier.example\nTo: {message_from_bytes(letter)['Reply-To']}\nSubject: Re: sale\n"
    )
    return f"{head}\nhelp\n".encode()


def away(here: Town) -> list[str]:
    """Why the doctor says that the mailbox cannot be read."""
    own = here.settings
    found = doctor.examine(own.gateway, own.keys, 1, None, own.imap.name)
    return [row["slug"] for one in found if one.slug == "mailbox-away" for row in one.rows]


async def next_of(letters: Mailbox) -> bytes:
    async with asyncio.timeout(LIMIT_S):
        return await letters.letters.get()


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not seen():
            await asyncio.sleep(0.01)


async def test_a_sale_comes_by_a_mailbox_and_what_is_not_ours_waits_for_a_person(tmp_path: Path) -> None:
    async with dovecot_here() as dovecot, town_with(tmp_path, dovecot) as (here, letters):
        dovecot.deliver("news", b"From: a@b.example\nTo: you@other.example\n\nbuy\n")
        dovecot.deliver("photo", b"To: sale@pay.example\n\n" + b"x" * 76 + b"\n" * 60_000)
        async with here.gateway(until="mailbox.connected"):
            dovecot.deliver("sale", here.mail(1200))
            letter = await next_of(letters)
            assert here.read_result(letter).outcome == outcome.APPROVED
            await until(lambda: dovecot.lying(DONE) == 1)
            await until(lambda: dovecot.lying(REFUSED) == 2)
            assert dovecot.lying() == 0
            dovecot.deliver("answer", answer_to(letter))
            assert (await here.told.first("mail.proof"))["standing"] == "proven"
            assert (await next_of(letters)) != letter
        refused = sorted(facts["slug"] for verb, facts in here.told.events if verb == "mailbox.refused")
        assert refused == ["not-ours", "too-big"]
        assert [row["state"] for row in payments.listed(here.settings.gateway)] == ["approved"]
        assert PASSWORD not in str(here.told.events)


async def test_a_server_that_dies_while_it_is_watched_is_found_again(tmp_path: Path) -> None:
    async with dovecot_here() as dovecot, town_with(tmp_path, dovecot) as (here, _):
        async with here.gateway(until="mailbox.connected"):
            await dovecot.stop()
            alarm = await here.told.first("alarm.mailbox")
            assert alarm["slug"] == "mailbox-down"
            assert away(here) == ["mailbox-down"]
            dovecot.deliver("late", b"To: sale@pay.example\n\nhello\n")
            await dovecot.start()
            assert (await here.told.first("mail.accepted"))["verdict"] == "unreadable"
            await until(lambda: [verb for verb, _ in here.told.events].count("mailbox.connected") == 2)
            assert dovecot.lying(DONE) == 1
        assert away(here) == []


@pytest.mark.parametrize("capability", ["", "IMAP4rev1 UIDPLUS", "IMAP4rev1"])
async def test_a_folder_is_read_and_emptied_whatever_the_server_can(capability: str) -> None:
    mail = b"To: sale@pay.example\r\nX: \xe3\x81\x82\r\n\r\n(\r\n)\rA1 OK {9}\r\n* 5 EXISTS\r\n\xff\r\n"
    async with dovecot_here(capability) as dovecot:
        dovecot.deliver("one", mail)
        dovecot.deliver("two", mail)
        folder = Folder(own(dovecot))
        await folder.open()
        assert folder.validity > 0
        first, second = await folder.look()
        assert await folder.weigh((first, second, 99)) == {first: len(mail), second: len(mail)}
        assert await folder.fetch(first) == mail
        assert await folder.fetch(99) is None
        assert not any("S" in flags for flags in dovecot.flags().values())
        await folder.move((first,), DONE)
        assert await folder.look() == [second]
        await folder.wait(1, is_watching=True)
        folder.close()
        assert dovecot.lying(DONE) == 1


async def test_a_wrong_password_and_a_missing_folder_are_told_apart() -> None:
    async with dovecot_here() as dovecot:
        for changed, trouble in (
            ({"folder": "Elsewhere"}, Trouble.FOLDER),
            ({"password": "wrong", "timeout_s": 20}, Trouble.LOGIN),
        ):
            folder = Folder(own(dovecot, **changed))
            with pytest.raises(MailboxError) as caught:
                await folder.open()
            folder.close()
            assert caught.value.trouble is trouble
            assert "wrong" not in str(caught.value)


@pytest.mark.parametrize(
    "said", [b"* OK\r\n" * 3000, b"OTHER OK done\r\n", b'* BYE "sesame"\r\n', b"\xff {9\r\n\r\n"]
)
async def test_a_server_out_of_its_mind_learns_nothing_to_say(
    said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        tag = (await reader.readline()).split()[0]
        writer.write(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK\r\n")
        await reader.readline()  # LOGIN
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    folder = Folder(ImapSettings("127.0.0.1", port, USER, PASSWORD, tls=False, timeout_s=5))
    with pytest.raises(MailboxError) as caught:
        await folder.open()
    folder.close()
    server.close()
    assert caught.value.trouble is Trouble.DOWN
    assert PASSWORD not in caplog.text + str(caught.value)


async def test_a_server_that_turns_us_away_leaves_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* BYE too many connections\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    folder = Folder(ImapSettings("127.0.0.1", port, USER, PASSWORD, tls=False, timeout_s=5))
    with pytest.raises(MailboxError):
        await folder.open()
    folder.close()
    server.close()
    gc.collect()  # asyncio tells of a task's error when nobody can ask for it any more
    assert not caplog.text


class Busy:
    """A server where another node has just moved the same mails (RFC 5530), or where there is no room."""

    def __init__(self, can: str, said: bytes) -> None:
        self.asked: list[str] = []
        self._can, self._said = can, said

    def has_capability(self, name: str) -> bool:
        return name == self._can

    async def uid(self, command: str, *_: str) -> SimpleNamespace:
        self.asked.append(command)
        return SimpleNamespace(result="NO", lines=[self._said])


@pytest.mark.parametrize("can,command", [("MOVE", "MOVE"), ("UIDPLUS", "COPY")])
async def test_what_another_node_has_moved_is_no_trouble_with_the_folder(can: str, command: str) -> None:
    folder = Folder(ImapSettings("127.0.0.1", 1, USER, PASSWORD, tls=False))
    folder._gone = asyncio.get_running_loop().create_future()
    folder._client = busy = Busy(can, b"[EXPUNGEISSUED] Some of the requested messages no longer exist")
    await folder.move((1, 2), DONE)
    assert busy.asked == [command], "what was not copied is not marked as deleted"
    assert await folder.weigh((1, 2)) == {}
    folder._client = Busy(can, b"[OVERQUOTA] Quota exceeded")
    with pytest.raises(MailboxError, match="OVERQUOTA"):
        await folder.move((1, 2), DONE)
