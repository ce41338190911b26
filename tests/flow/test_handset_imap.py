"""Mail in by IMAP from a real Dovecot: nothing twice, nothing left out, and a server that goes away."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from dovecot_server import PASSWORD, USER, Dovecot
from phone_world import RESULT, WAIT_S, Told, phone, result_mail
from phone_world import settings as usual_settings

from handset.settings import HandsetSettings
from handset.spool import Spool
from schemas.mail.build import build_mail


@pytest.fixture
async def dovecot() -> AsyncIterator[Dovecot]:
    server = Dovecot()
    await server.start()
    yield server
    await server.stop()
    server.remove()


def settings(tmp_path: Path, dovecot: Dovecot, **changed: object) -> HandsetSettings:
    place = f"imap:127.0.0.1:{dovecot.port}:{USER}:INBOX"
    usual = {"fetch": place, "imap_password": PASSWORD, "imap_tls": False, "timeout_ms": 2_000}
    return usual_settings(tmp_path, **{**usual, **changed})


def letter(subject: str) -> bytes:
    return build_mail({"Subject": subject, "Message-ID": f"<{subject}@x.example>"}, "words")


def subjects(told: Told) -> list[str]:
    return [str(fact["text"]).partition("\n")[0] for fact in told.all("handset.letter")]


async def seen(dovecot: Dovecot, *names: str) -> None:
    async with asyncio.timeout(WAIT_S):
        while not all("S" in dovecot.flags().get(name, "") for name in names):
            await asyncio.sleep(0.02)


async def test_result_is_fetched_kept_and_then_seen(tmp_path: Path, dovecot: Dovecot) -> None:
    told = Told()
    dovecot.deliver("1", result_mail())
    async with phone(settings(tmp_path, dovecot), told):
        await told.wait("handset.fetched", message_id="r1@pay.example")
        await seen(dovecot, "1")
    results = Spool(tmp_path / "phone").results
    assert [results.read(name).decode() for name in results.names()] == [RESULT]


async def test_each_mail_once_through_polls_and_restarts(tmp_path: Path, dovecot: Dovecot) -> None:
    told = Told()
    dovecot.deliver("1", letter("one"))
    async with phone(settings(tmp_path, dovecot), told):
        await told.wait("handset.letter")
        dovecot.deliver("2", letter("two"))
        await told.wait("handset.letter", times=2)
    async with phone(settings(tmp_path, dovecot), told):
        dovecot.deliver("3", letter("three"))
        await told.wait("handset.letter", times=3)
    assert subjects(told) == ["one", "two", "three"]


async def test_mail_that_the_merchant_read_first_is_still_ours(tmp_path: Path, dovecot: Dovecot) -> None:
    told = Told()
    dovecot.deliver("1", letter("one"))
    async with phone(settings(tmp_path, dovecot), told):
        await told.wait("handset.letter")
    dovecot.deliver("2:2,S", letter("two"), folder="cur")
    async with phone(settings(tmp_path, dovecot), told):
        await told.wait("handset.letter", times=2)
    assert subjects(told) == ["one", "two"]


async def test_an_old_mailbox_begins_at_its_first_unread_mail(tmp_path: Path, dovecot: Dovecot) -> None:
    told = Told()
    dovecot.deliver("1:2,S", letter("long-ago"), folder="cur")
    async with phone(settings(tmp_path, dovecot), told):
        await dovecot_polled(tmp_path)
        dovecot.deliver("2", letter("new"))
        await told.wait("handset.letter")
    assert subjects(told) == ["new"]


async def dovecot_polled(tmp_path: Path) -> None:
    marks = tmp_path / "phone" / "marks"
    async with asyncio.timeout(WAIT_S):
        while not (marks.is_dir() and [file for file in marks.iterdir() if not file.name.startswith(".")]):
            await asyncio.sleep(0.02)


async def test_another_uidvalidity_loses_no_unread_mail(tmp_path: Path, dovecot: Dovecot) -> None:
    told = Told()
    for number in range(3):
        dovecot.deliver(str(number), letter(f"old-{number}"))
    async with phone(settings(tmp_path, dovecot), told):
        await told.wait("handset.letter", times=3)
        await seen(dovecot, "0", "1", "2")
    await dovecot.stop()
    dovecot.forget()
    await dovecot.start()
    dovecot.deliver("9", letter("after"))
    async with phone(settings(tmp_path, dovecot), told):
        await told.wait("handset.letter", times=4)
    assert subjects(told)[3:] == ["after"]


async def test_more_mails_than_one_batch_in_order(tmp_path: Path, dovecot: Dovecot) -> None:
    told = Told()
    for number in range(45):
        dovecot.deliver(f"{number:03}", letter(str(number)))
    async with phone(settings(tmp_path, dovecot, poll_ms=3_600_000), told):
        await told.wait("handset.letter", times=45)
    assert sorted(subjects(told), key=int) == [str(number) for number in range(45)]


async def test_a_large_mail_is_left_alone(tmp_path: Path, dovecot: Dovecot) -> None:
    told = Told()
    dovecot.deliver("1", build_mail({"Subject": "photographs"}, "x\n" * 700_000))
    dovecot.deliver("2", letter("small"))
    async with phone(settings(tmp_path, dovecot), told):
        await told.wait("handset.letter")
    assert subjects(told) == ["small"]


async def test_server_that_goes_away_and_comes_back(tmp_path: Path, dovecot: Dovecot) -> None:
    told = Told()
    async with phone(settings(tmp_path, dovecot), told):
        await dovecot_polled(tmp_path)
        await dovecot.stop()
        await told.wait("handset.trouble")
        dovecot.deliver("1", result_mail())
        await dovecot.start()
        await told.wait("handset.fetched")


async def test_server_that_is_silent_is_given_up_and_asked_again(tmp_path: Path, dovecot: Dovecot) -> None:
    told, deaf = Told(), asyncio.Event()

    async def greets_and_falls_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        await deaf.wait()
        writer.close()

    server = await asyncio.start_server(greets_and_falls_silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    here = settings(tmp_path, dovecot, fetch=f"imap:127.0.0.1:{port}:{USER}:INBOX", timeout_ms=100)
    async with phone(here, told):
        await told.wait("handset.trouble", times=2)
    deaf.set()
    server.close()


async def test_a_server_that_answers_what_nobody_asked_gets_no_password_logged(
    tmp_path: Path, dovecot: Dovecot, caplog: pytest.LogCaptureFixture
) -> None:
    async def answers_wrongly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        tag = (await reader.readline()).split()[0]
        writer.write(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK\r\n")
        await reader.readline()  # LOGIN
        writer.write(b"OTHER OK done\r\n")
        writer.close()

    told = Told()
    server = await asyncio.start_server(answers_wrongly, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    here = settings(tmp_path, dovecot, fetch=f"imap:127.0.0.1:{port}:{USER}:INBOX", timeout_ms=100)
    async with phone(here, told):
        await told.wait("handset.trouble")
    server.close()
    assert PASSWORD not in caplog.text


async def test_a_server_that_turns_the_phone_away_leaves_no_traceback_in_the_log(
    tmp_path: Path, dovecot: Dovecot, caplog: pytest.LogCaptureFixture
) -> None:
    async def turns_away(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* BYE too many connections\r\n")
        writer.close()

    told = Told()
    server = await asyncio.start_server(turns_away, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    here = settings(tmp_path, dovecot, fetch=f"imap:127.0.0.1:{port}:{USER}:INBOX", timeout_ms=100)
    async with phone(here, told):
        await told.wait("handset.trouble")
    server.close()
    gc.collect()
    assert "Traceback" not in caplog.text


async def test_wrong_password_is_told(tmp_path: Path, dovecot: Dovecot) -> None:
    told = Told()
    async with phone(settings(tmp_path, dovecot, imap_password="wrong", timeout_ms=20_000), told):
        trouble = await told.wait("handset.trouble")
    assert "login" in str(trouble["reason"])
    assert "wrong" not in str(trouble["reason"])


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path, dovecot: Dovecot) -> None:
    told = Told()
    place = f"imap:127.0.0.1:{dovecot.port}:{USER}:No such, folder"
    async with phone(settings(tmp_path, dovecot, fetch=place), told):
        trouble = await told.wait("handset.trouble")
    assert "select" in str(trouble["reason"])
