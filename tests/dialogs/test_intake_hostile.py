"""Clients that mean harm, at the real door: bombs, pipelines, drips, crowds, loops and STARTTLS tricks."""

from __future__ import annotations

import asyncio
import resource
import ssl
from pathlib import Path

import pytest
import trustme
from door_world import BLOCK, BOUND_S, Client, World, a_door

from acquirer_sdk.port import SettingsError
from mail_gateway.domain.errors import GatewayError
from mail_gateway.settings import SmtpSettings

WHOLE = f"Subject: sale\r\n\r\n{BLOCK}\r\n.\r\n"
ROUTE = "MAIL FROM:<a@b.example>\r\nRCPT TO:<sale@pay.example.jp>\r\nDATA\r\n"


def containers(count: int) -> str:
    return "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(count))


BOMBS = {
    "containers": (containers(3000), "mail-parts-many"),
    "messages": ("Content-Type: message/rfc822\r\n\r\n" * 2000, "mail-broken"),
    "parts": (
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + "--b\r\n\r\nx\r\n" * 50_000,
        "mail-lines-many",
    ),
    "fewer parts": (
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + "--b\r\n\r\nx\r\n" * 9000,
        "mail-parts-many",
    ),
    "header": ("Subject: " + "x" * 60_000 + "\r\n", "mail-header-long"),
    "headers": ("X: y\r\n" * 2000, "mail-headers-many"),
    "header block": ("X: " + "y" * 900 + "\r\n" + ("X: " + "y" * 900 + "\r\n") * 100, "mail-header-block"),
    "RFC 2231": (
        "Content-Type: text/plain" + "".join(f";\r\n a*{n}*=b" for n in range(800)),
        "mail-header-long",
    ),
    "encoded words": ("Subject:" + "\r\n =?utf-8?B?YQ==?=" * 2000 + "\r\n", "mail-header-long"),
    "semicolons": ("Content-Type: text/plain" + ";" * 16_000 + "\r\n", "mail-header-long"),
    "combining marks": ("\r\n" + ("\u0315\u0300" * 10_000 + "\r\n") * 20, "armour-missing"),
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_bomb_is_stored_for_a_person_and_the_door_goes_on(bomb: str) -> None:
    content, slug = BOMBS[bomb]
    async with a_door() as world:
        client = await Client.to(world)
        await client.until_data()
        await client.say(f"{content}\r\n.")
        assert await client.line() == "250 2.6.0 Stored"
        assert (await client.ask("NOOP")).startswith("250")
        client.close()
        (arrival,) = world.store.arrivals
        assert (arrival.envelope, arrival.slug) == (None, slug)


async def test_a_whole_session_in_one_write_is_answered_in_order() -> None:
    async with a_door() as world:
        client = await Client.to(world)
        await client.say(f"HELO x\r\n{ROUTE}{WHOLE}RSET\r\n{ROUTE}{WHOLE}QUIT\r\n".encode())
        answers = [line[:3] for line in (await client.end()).decode().splitlines()]
        assert answers == [
            "220",
            "250",
            *["250", "250", "354", "250"],
            *["250", "250", "250", "354", "250"],
            "221",
        ]
        client.close()
        assert len(world.store.arrivals) == 2


async def test_a_reply_waits_for_no_line_that_is_not_whole() -> None:
    async with a_door() as world:
        client = await Client.to(world)
        assert (await client.line()).startswith("220")
        assert (await client.ask("HELO x")).startswith("250")
        await client.say(f"{ROUTE}{WHOLE}MAIL FROM:<a@b.exa".encode())
        assert [(await client.line())[:3] for _ in range(4)] == ["250", "250", "354", "250"]
        await client.say(b"mple>\r\nRCPT TO:<sale@p")
        assert (await client.line()).startswith("250")
        client.close()


async def test_content_behind_a_refused_data_is_read_as_commands_and_stores_nothing() -> None:
    async with a_door() as world:
        client = await Client.to(world)
        await client.say(f"HELO x\r\n{ROUTE.replace('sale@', 'nobody@')}{WHOLE}QUIT\r\n".encode())
        answers = [line[:3] for line in (await client.end()).decode().splitlines()]
        assert answers[:5] == ["220", "250", "250", "550", "503"]
        assert set(answers[5:]) <= {"500", "502", "221"}
        client.close()
        assert not world.store.arrivals


async def test_a_command_that_drips_is_cut_at_the_time_out() -> None:
    async with a_door(timeout_s=1) as world:
        client = await Client.to(world)
        await client.line()
        loop = asyncio.get_running_loop()
        dripping = [loop.call_later(n / 10, client.writer.write, b"N") for n in range(40)]
        assert await client.end() == b""
        for drop in dripping:
            drop.cancel()
        client.close()


async def test_a_client_that_chats_for_ever_is_sent_away() -> None:
    async with a_door() as world:
        client = await Client.to(world)
        await client.line()
        await client.say(b"NOOP\r\n" * 300)
        answers = (await client.end()).splitlines()
        client.close()
        assert answers[199:] == [b"250 OK", b"421 4.7.0 NOOP sent too many times"]


async def test_a_crowd_gets_as_many_places_as_there_are_and_they_come_back() -> None:
    async with a_door(connections_max=30, connections_per_address_max=30) as world:
        for _ in range(2):
            crowd = await asyncio.gather(*(Client.to(world) for _ in range(60)))
            greeted = [(await client.line())[:3] for client in crowd]
            assert sorted(greeted) == ["220"] * 30 + ["421"] * 30
            for client in crowd:
                client.writer.transport.abort()
            await until_left(world, 0)


async def until_left(world: World, count: int) -> None:
    async with asyncio.timeout(BOUND_S):
        while len(world.door._connections) > count:
            await asyncio.sleep(0)


async def test_connections_never_take_the_files_that_the_gateway_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (130, 4096))
    async with a_door(connections_max=10_000, connections_per_address_max=10_000) as world:
        clients = await asyncio.gather(*(Client.to(world) for _ in range(3)))
        assert sorted([(await client.line())[:3] for client in clients]) == ["220", "220", "421"]
        for client in clients:
            client.close()


@pytest.mark.parametrize(("count", "code"), [(50, "250"), (51, "554")])
async def test_a_mail_that_goes_in_circles_is_stopped(count: int, code: str) -> None:
    async with a_door() as world:
        client = await Client.to(world)
        await client.until_data()
        received = "Received: from a by b; Sat, 21 Nov 2026 03:00:00 +0900\r\n" * count
        await client.say(f"{received}{WHOLE[:-2]}")
        assert (await client.line())[:3] == code
        client.close()


# ---- STARTTLS


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def certificate(
    authority: trustme.CA, folder: Path, kind: trustme.KeyType = trustme.KeyType.ECDSA
) -> dict[str, str]:
    """Settings of a door with a certificate for 127.0.0.1."""
    made = authority.issue_cert("127.0.0.1", "mx.pay.example.jp", key_type=kind)
    chain, key = folder / "chain.pem", folder / "key.pem"
    made.cert_chain_pems[0].write_to_path(chain)
    made.private_key_pem.write_to_path(key)
    return {"tls_certificate": str(chain), "tls_key": str(key)}


async def encrypted(client: Client, authority: trustme.CA) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    await client.writer.start_tls(trusting, server_hostname="mx.pay.example.jp")


async def hello(client: Client) -> list[str]:
    await client.say("EHLO x")
    lines = [await client.line()]
    while lines[-1][3] == "-":
        lines.append(await client.line())
    return [line[4:] for line in lines]


async def test_a_mail_over_tls(authority: trustme.CA, tmp_path: Path) -> None:
    async with a_door(**certificate(authority, tmp_path), require_tls=True) as world:
        client = await Client.to(world)
        await client.line()
        assert "STARTTLS" in await hello(client)
        assert (await client.ask("MAIL FROM:<a@b.example>")).startswith("530")
        assert (await client.ask("STARTTLS")).startswith("220")
        await encrypted(client, authority)
        offered = await hello(client)
        assert "STARTTLS" not in offered
        assert not [line for line in offered if line.startswith("AUTH")]
        await client.say(ROUTE + WHOLE[:-2])
        assert [(await client.line())[:3] for _ in range(4)] == ["250", "250", "354", "250"]
        client.close()
        assert len(world.store.arrivals) == 1
        await until_left(world, 0)


async def test_commands_slipped_in_before_the_handshake_are_forgotten(
    authority: trustme.CA, tmp_path: Path
) -> None:
    """CVE-2011-0411: what was sent in clear is not run as if it had come encrypted."""
    async with a_door(**certificate(authority, tmp_path)) as world:
        client = await Client.to(world)
        await client.line()
        await hello(client)
        await client.say(f"STARTTLS\r\nEHLO evil\r\n{ROUTE}{WHOLE}".encode())
        assert (await client.line()).startswith("220")
        await encrypted(client, authority)
        assert (await client.ask("MAIL FROM:<a@b.example>")).startswith("503")
        client.close()
        assert not world.store.arrivals
        await until_left(world, 0)


async def test_what_was_said_before_the_handshake_does_not_count_after_it(
    authority: trustme.CA, tmp_path: Path
) -> None:
    async with a_door(**certificate(authority, tmp_path)) as world:
        client = await Client.to(world)
        await client.line()
        await hello(client)
        await client.ask("MAIL FROM:<a@b.example>")
        await client.ask("RCPT TO:<sale@pay.example.jp>")
        await client.ask("STARTTLS")
        await encrypted(client, authority)
        await hello(client)
        assert (await client.ask("DATA")).startswith("503")
        client.close()


@pytest.mark.parametrize("rubbish", [b"NOOP\r\n" * 20, b"", b"\x16\x03\x01\x02\x00\x01"])
async def test_a_failed_handshake_gives_its_place_back_and_is_no_alarm(
    authority: trustme.CA, tmp_path: Path, rubbish: bytes
) -> None:
    async with a_door(**certificate(authority, tmp_path), connections_max=2) as world:
        other = await Client.to(world)
        assert (await other.line()).startswith("220")
        for _ in range(5):
            client = await Client.to(world)
            assert (await client.line()).startswith("220")
            await hello(client)
            await client.ask("STARTTLS")
            await client.say(rubbish)
            client.writer.write_eof()
            await client.end()
            client.close()
            await until_left(world, 1)
        assert (await other.ask("NOOP")).startswith("250")
        other.close()
        assert not [verb for verb, _ in world.told if verb.startswith("alarm")]


async def test_a_renewed_certificate_is_shown_without_a_restart(tmp_path: Path) -> None:
    """It is seen when half of it is written: the old one is shown on until the rest is there. Its key is of
    another kind, and nobody is shown the old one any more."""
    old, new = trustme.CA(), trustme.CA()
    async with a_door(**certificate(old, tmp_path)) as world:
        world.certificates.look()
        world.told.clear()
        key = (tmp_path / "key.pem").read_bytes()
        certificate(new, tmp_path, trustme.KeyType.RSA)
        renewed = (tmp_path / "key.pem").read_bytes()
        (tmp_path / "key.pem").write_bytes(key)
        for _ in range(2):
            world.certificates.look()
        assert [verb for verb, _ in world.told] == ["alarm.tls"]
        await mails_encrypted(world, old)
        (tmp_path / "key.pem").write_bytes(renewed)
        for _ in range(2):
            world.certificates.look()
        assert [verb for verb, _ in world.told].count("tls.renewed") == 1
        with pytest.raises(ssl.SSLCertVerificationError):
            await mails_encrypted(world, old)
        await mails_encrypted(world, new)
        (tmp_path / "key.pem").unlink()  # a file that is away for a moment is no renewal
        world.certificates.look()
        assert [verb for verb, _ in world.told].count("alarm.tls") == 1
        for _ in range(3):  # one that stays away is told: it may be there, and not for us to read
            world.certificates.look()
        assert [verb for verb, _ in world.told].count("alarm.tls") == 2
        await mails_encrypted(world, new)


async def mails_encrypted(world, authority: trustme.CA) -> None:
    client = await Client.to(world)
    await client.line()
    await hello(client)
    assert (await client.ask("STARTTLS")).startswith("220")
    await encrypted(client, authority)
    assert "PIPELINING" in await hello(client)
    client.close()


async def test_a_certificate_that_cannot_be_used_keeps_the_gateway_from_starting(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("no certificate")
    for name in ("x.pem", "missing.pem"):
        with pytest.raises(GatewayError, match="tls-certificate"):
            async with a_door(tls_certificate=str(tmp_path / name), tls_key=str(tmp_path / name)):
                pass


def test_half_a_certificate_is_told() -> None:
    with pytest.raises(SettingsError):
        SmtpSettings("mx.x.jp", tls_certificate="a.pem")
    with pytest.raises(SettingsError):
        SmtpSettings("mx.x.jp", require_tls=True)
