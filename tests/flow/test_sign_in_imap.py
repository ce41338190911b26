"""Signing in to a mailbox by access token, at the gateway and at the phone: a real Dovecot with XOAUTH2."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dovecot_server import USER
from phone_world import Told, phone, result_mail
from phone_world import settings as phone_settings
from secret_shapes import files_below, nowhere
from token_server import FIRST, SECOND, Purse, dovecot_by_token
from town_world import LIMIT_S, town

from hagaki.secret_commands import asker
from handset.settings import HandsetSettings
from mail_gateway.admin import doctor
from mail_gateway.intake.imap import Folder
from mail_gateway.intake.mailbox import MailboxError, Trouble
from mail_gateway.settings import ImapSettings
from schemas.mail.sign_in import XOAUTH2


def own(port: int, command: tuple[str, ...], **changed: Any) -> ImapSettings:
    usual = {"user": USER, "secret_command": command, "sign_in": XOAUTH2, "tls": False, "timeout_s": 10}
    return ImapSettings("127.0.0.1", port, **{**usual, **changed})


def of_phone(tmp_path: Path, port: int, purse: Purse) -> HandsetSettings:
    return phone_settings(
        tmp_path,
        fetch=f"imap:127.0.0.1:{port}:{USER}:INBOX",
        imap_secret_command=purse.command,
        imap_sign_in=XOAUTH2,
        imap_tls=False,
        timeout_ms=2_000,
    )


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not seen():
            await asyncio.sleep(0.01)


def written(folder: Path, told: object, log: str) -> dict[str, bytes]:
    """All that was kept, told and logged, apart from the token's own file."""
    kept = {place: data for place, data in files_below(folder).items() if "purse" not in place}
    return {**kept, "events": str(told).encode(), "log": log.encode()}


async def test_each_mail_once_over_a_token_that_ends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    purse = Purse(tmp_path)
    async with dovecot_by_token() as (dovecot, tokens), town(tmp_path) as (here, _):
        tokens.good = {FIRST}
        purse.hold(FIRST)
        smtp = replace(here.settings.smtp, listen=False)
        here.settings = replace(here.settings, smtp=smtp, imap=own(dovecot.port, purse.command))
        dovecot.deliver("one", b"To: sale@pay.example\n\none\n")
        async with here.gateway(until="mailbox.connected"):
            await until(lambda: dovecot.lying("Hagaki-done") == 1)
            assert purse.times == 1
            tokens.good = {SECOND}
            purse.hold(SECOND)
            await dovecot.stop()  # it hangs up, as providers do when the token ends
            dovecot.deliver("two", b"To: sale@pay.example\n\ntwo\n")
            await dovecot.start()
            await until(lambda: dovecot.lying("Hagaki-done") == 2)
            assert purse.times >= 2
        events = here.told.events
        assert [verb for verb, _ in events].count("mail.accepted") == 2
        assert {facts["slug"] for verb, facts in events if verb == "alarm.mailbox"} <= {"mailbox-down"}
        for token in (FIRST, SECOND):
            nowhere(token.encode(), written(tmp_path, events, caplog.text))


async def test_a_token_that_is_refused_is_told_at_once_and_by_its_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The server says why, and waits for an answer to that before it says no."""
    caplog.set_level(logging.DEBUG)
    purse = Purse(tmp_path)
    purse.hold(FIRST)
    async with dovecot_by_token() as (dovecot, _):
        folder = Folder(own(dovecot.port, purse.command, timeout_s=300), asker(tmp_path))
        with pytest.raises(MailboxError, match="AUTHENTICATIONFAILED") as caught:
            async with asyncio.timeout(LIMIT_S):
                await folder.open()
        folder.close()
        assert caught.value.trouble is Trouble.LOGIN
        nowhere(FIRST.encode(), written(tmp_path, caught.value, caplog.text))


async def test_a_password_may_come_from_a_command_too(tmp_path: Path) -> None:
    purse = Purse(tmp_path)
    purse.hold("sesame")
    async with dovecot_by_token() as (dovecot, _):
        folder = Folder(own(dovecot.port, purse.command, sign_in="password"), asker(tmp_path))
        await folder.open()
        folder.close()


async def test_a_command_that_gives_nothing_is_an_alarm_and_a_finding_of_the_doctor(tmp_path: Path) -> None:
    async with town(tmp_path) as (here, _):
        mailbox = own(1, ("sh", "-c", f"echo {FIRST}; exit 3"))
        here.settings = replace(here.settings, imap=mailbox)
        async with here.gateway():
            alarm = await here.told.first("alarm.mailbox")
            assert alarm["slug"] == "secret-command"
            assert alarm["error"] == "sh ended with 3: run it by hand to see why"
        found = doctor.examine(here.settings.gateway, here.settings.keys, 1, None, mailbox.name)
        away = next(one for one in found if one.slug == "mailbox-away")
        assert "secret-command" in away.sentence
        nowhere(FIRST.encode(), written(tmp_path, here.told.events, ""))


@pytest.mark.parametrize("said", [b"%s BAD no %s", b"* BYE %.0s%s", b"%s BAD %.90s"])
async def test_a_server_that_repeats_the_command_gets_no_token_told_or_logged(
    said: bytes, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        tag = (await reader.readline()).split()[0]
        writer.write(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK\r\n")
        tag, _, line = (await reader.readline()).rstrip().partition(b" ")
        writer.write(said % (tag, line) + b"\r\n")
        writer.close()

    purse = Purse(tmp_path)
    purse.hold(FIRST)
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    folder = Folder(own(port, purse.command), asker(tmp_path))
    with pytest.raises(MailboxError) as caught:
        await folder.open()
    folder.close()
    told = Told()
    async with phone(of_phone(tmp_path, port, purse), told):
        reason = str((await told.wait("handset.trouble"))["reason"])
    server.close()
    for text in (str(caught.value), reason):
        assert "dXNlcj1" not in text, "no part of what was sent"
    nowhere(FIRST.encode(), written(tmp_path, told.events, caplog.text))


async def test_the_phone_fetches_over_a_token_that_ends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told, purse = Told(), Purse(tmp_path)
    async with dovecot_by_token() as (dovecot, tokens):
        tokens.good = {FIRST}
        purse.hold(FIRST)
        dovecot.deliver("1", result_mail(words="one"))
        async with phone(of_phone(tmp_path, dovecot.port, purse), told):
            await told.wait("handset.fetched")
            assert purse.times == 1, "not anew for each look"
            tokens.good = {SECOND}
            await dovecot.stop()
            dovecot.deliver("2", result_mail("", words="two"))
            await dovecot.start()
            await until(lambda: "[AUTHENTICATIONFAILED]" in str(told.all("handset.trouble")))
            purse.hold(SECOND)
            await told.wait("handset.fetched", times=2)
    assert len(told.all("handset.fetched")) == 2
    assert [str(fact["text"]).split()[1] for fact in told.all("handset.letter")] == ["one", "two"]
    for token in (FIRST, SECOND):
        nowhere(token.encode(), written(tmp_path, told.events, caplog.text))


async def test_the_phone_says_that_its_command_gives_nothing(tmp_path: Path) -> None:
    told = Told()
    async with phone(of_phone(tmp_path, 1, Purse(tmp_path)), told):
        reason = (await told.wait("handset.trouble"))["reason"]
    assert reason == "127.0.0.1: sh wrote no access token in its first line [secret-command]"
