"""Signing in to a mail server with an access token, at the gateway and at the phone: a real SMTP server."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64decode
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from phone_world import SALE, Sink, Told, phone, settings
from secret_shapes import files_below, nowhere
from test_smarthost_tls import LETTER
from token_server import FIRST, SECOND, Purse
from town_world import town

from hagaki.secret_commands import asker
from handset.settings import HandsetSettings
from handset.spool import Spool, name_of
from mail_gateway.outbox.smarthost import Fate, Smarthost, SmarthostDown
from mail_gateway.settings import SmarthostSettings
from schemas.mail.sign_in import XOAUTH2

USER = "shop@carrier.example"


class Roomy(SMTP):
    """With room for a token (RFC 4954 section 4: 12288 octets)."""

    command_size_limits: ClassVar = defaultdict(lambda: 12_288)
    line_length_limit = 12_288


class Guarded(Sink):
    """Takes mail only from who shows a good token. It repeats what it refuses, as some servers do."""

    def __init__(self) -> None:
        super().__init__()
        self.good: set[str] = set()
        self.open: list[SMTP] = []

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        said = b64decode(args[1]).decode()
        if said in {f"user={USER}\x01auth=Bearer {token}\x01\x01" for token in self.good}:
            return AuthResult(success=True, auth_data=USER)
        assert await server.challenge_auth('{"status":"401","schemes":"bearer"}') == b""
        await server.push(f"535 5.7.8 {args[1]} {args[1][:70]}")
        return AuthResult(success=False, handled=True)

    def hang_up(self) -> None:
        for server in self.open:
            server.transport.abort()
        self.open.clear()

    def _connection(self) -> SMTP:
        with pytest.warns(UserWarning, match="Requiring AUTH while not requiring TLS"):
            made = Roomy(
                self,
                hostname="sink.example",
                loop=asyncio.get_running_loop(),
                auth_required=True,
                auth_require_tls=False,
            )
        self.open.append(made)
        return made


@pytest.fixture
async def guarded() -> AsyncIterator[tuple[Guarded, int]]:
    sink = Guarded()
    yield sink, await sink.listen()
    sink.close()


def smarthost(port: int, command: tuple[str, ...], folder: Path, **changed: Any) -> Smarthost:
    usual = {"user": USER, "secret_command": command, "sign_in": XOAUTH2}
    own = SmarthostSettings("127.0.0.1", port, **{**usual, **changed})
    return Smarthost(own, "pay.example", ask=asker(folder))


def of_phone(tmp_path: Path, port: int, purse: Purse) -> HandsetSettings:
    return settings(
        tmp_path, smtp_port=port, smtp_user=USER, smtp_secret_command=purse.command, smtp_sign_in=XOAUTH2
    )


async def test_letters_leave_over_a_token_that_ends(
    tmp_path: Path, guarded: tuple[Guarded, int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "mail.log")  # the server's own
    (sink, port), purse = guarded, Purse(tmp_path)
    sink.good = {FIRST}
    purse.hold(FIRST)
    client = smarthost(port, purse.command, tmp_path)
    assert (await client.hand_over(LETTER)).fate is Fate.SENT
    assert (await client.hand_over(LETTER)).fate is Fate.SENT
    assert purse.times == 1, "one connection, one sign-in"
    sink.good = {SECOND}
    sink.hang_up()
    with pytest.raises(SmarthostDown) as caught:
        await client.hand_over(LETTER)
    purse.hold(SECOND)
    assert (await client.hand_over(LETTER)).fate is Fate.SENT
    await client.close()
    assert len(sink.mails) == 3
    for token in (FIRST, SECOND):
        nowhere(token.encode(), {"log": caplog.text.encode(), "error": str(caught.value).encode()})


async def test_a_command_that_gives_nothing_is_an_alarm_and_the_letter_waits(tmp_path: Path) -> None:
    async with town(tmp_path) as (here, _):
        here.settings = replace(
            here.settings,
            smarthost=SmarthostSettings(
                "127.0.0.1", 9, user=USER, secret_command=("cat", str(tmp_path / "purse")), sign_in=XOAUTH2
            ),
        )
        async with here.gateway() as port:
            where = {"hostname": "127.0.0.1", "port": port}
            await aiosmtplib.send(here.mail(1200), sender=USER, recipients=["sale@pay.example"], **where)
            alarm = await here.told.first("alarm.outbox")
        assert alarm == {"slug": "secret-command", "error": "cat ended with 1: run it by hand to see why"}
        assert "letter.sent" not in [verb for verb, _ in here.told.events]


async def test_the_phone_posts_over_a_token_that_ends(
    tmp_path: Path, guarded: tuple[Guarded, int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "mail.log")  # the server's own
    told, (sink, port), purse = Told(), guarded, Purse(tmp_path)
    sink.good = {SECOND}
    purse.hold(FIRST)
    Spool(tmp_path / "phone").put(SALE)
    async with phone(of_phone(tmp_path, port, purse), told):
        reason = str((await told.wait("handset.waiting"))["reason"])
        assert Spool(tmp_path / "phone").sales.names() == [name_of(SALE)]
        purse.hold(SECOND)
        await told.wait("handset.posted")
    assert len(sink.mails) == 1
    assert "535" in reason
    assert "dXNlcj1" not in reason, "no part of what was sent"
    for token in (FIRST, SECOND):
        kept = {place: data for place, data in files_below(tmp_path).items() if "purse" not in place}
        everything = {**kept, "events": str(told.events).encode(), "log": caplog.text.encode()}
        nowhere(token.encode(), everything)


async def test_the_phone_says_that_its_command_gives_nothing_and_keeps_the_sale(tmp_path: Path) -> None:
    told, purse = Told(), Purse(tmp_path)
    Spool(tmp_path / "phone").put(SALE)
    async with phone(of_phone(tmp_path, 9, purse), told):
        reason = (await told.wait("handset.waiting", times=2))["reason"]
    assert reason == "sh wrote no access token in its first line [secret-command]"
    assert Spool(tmp_path / "phone").sales.names() == [name_of(SALE)]


async def test_a_password_that_a_server_repeats_is_not_told(tmp_path: Path) -> None:
    """As it is, or as PLAIN sends it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        await reader.readline()
        writer.write(b"250-sink\r\n250 AUTH PLAIN\r\n")
        line = (await reader.readline()).rstrip()
        writer.write(b"535 sesame " + line + b"\r\n")
        await reader.read()
        writer.close()

    told = Told()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    Spool(tmp_path / "phone").put(SALE)
    own = settings(tmp_path, smtp_port=port, smtp_user="shop", smtp_password="sesame")
    async with phone(own, told):
        reason = str((await told.wait("handset.waiting"))["reason"])
    server.close()
    assert reason == "(535, ' AUTH PLAIN ')"
