"""The carrier end to end on loopback: what it answered 250 it carries, whatever happens next."""

from __future__ import annotations

import asyncio
import contextlib
import mailbox
import os
from pathlib import Path

import aiosmtplib
import pytest
from phone_world import WAIT_S, Sink, Told, free_port, ports, running

from hagaki.carrier import CarrierSettings, run
from hagaki.problem import Problem
from handset.folder import Folder

MAIL = b"From: shop@carrier.example\r\nMessage-ID: <m1@carrier.example>\r\nSubject: x\r\n\r\nwords\r\n"
SHOP, CENTRE = "shop@carrier.example", "sale@pay.example"


def settings(tmp_path: Path, next_port: int = 9, **changed: object) -> CarrierSettings:
    usual: dict[str, object] = {
        "port": 0,
        "spool": str(tmp_path / "carrier"),
        "routes": {"pay.example": f"127.0.0.1:{next_port}"},
        "maildirs": {SHOP: str(tmp_path / "box")},
        "timeout_ms": 5_000,
        "retry_first_ms": 10,
        "retry_max_ms": 40,
    }
    return CarrierSettings(**{**usual, **changed})


def carrier(here: CarrierSettings, told: Told) -> contextlib.AbstractAsyncContextManager[asyncio.Task[None]]:
    return running(lambda stop: run(here, ports(told), stop))


async def hand_over(told: Told, *recipients: str, mail: bytes = MAIL, sender: str = SHOP) -> str:
    """A client's whole conversation -> the reply to the mail."""
    port = (await told.wait("carrier.listening"))["port"]
    async with aiosmtplib.SMTP(
        hostname="127.0.0.1", port=int(str(port)), start_tls=False, local_hostname="client"
    ) as client:
        _, reply = await client.sendmail(sender, list(recipients), mail)
    return reply


def waiting(tmp_path: Path) -> list[str]:
    return Folder(tmp_path / "carrier" / "queue").names()


async def test_relayed_with_its_sender_and_a_trace_line(tmp_path: Path) -> None:
    told, sink = Told(), Sink()
    async with carrier(settings(tmp_path, await sink.listen()), told):
        await hand_over(told, CENTRE)
        await told.wait("carrier.relayed", message_id="m1@carrier.example", recipient=CENTRE)
    sink.close()
    ((sender, recipients, mail),) = sink.mails
    assert (sender, recipients) == (SHOP, [CENTRE])
    assert mail.startswith(b"Received: from [127.0.0.1]\r\n\tby carrier.example with ESMTP id ")
    assert mail.endswith(MAIL)
    assert waiting(tmp_path) == []


async def test_the_null_sender_stays_the_null_sender(tmp_path: Path) -> None:
    told, sink = Told(), Sink()
    async with carrier(settings(tmp_path, await sink.listen()), told):
        await hand_over(told, CENTRE, sender="")
        await told.wait("carrier.relayed")
    sink.close()
    assert sink.mails[0][0] in ("", "<>")


async def test_delivered_into_a_maildir_that_python_reads(tmp_path: Path) -> None:
    told = Told()
    async with carrier(settings(tmp_path), told):
        await hand_over(told, SHOP.upper(), sender=CENTRE)
        await told.wait("carrier.delivered")
    (mail,) = mailbox.Maildir(tmp_path / "box", create=False)
    assert mail.get_subdir() == "new"
    assert mail["Return-Path"] == f"<{CENTRE}>"
    assert mail.get_payload() == "words\n"


async def test_it_is_on_disk_when_250_is_said(tmp_path: Path) -> None:
    told = Told()
    async with carrier(settings(tmp_path, free_port(), retry_first_ms=60_000, retry_max_ms=60_000), told):
        assert (await hand_over(told, CENTRE)).startswith("2.0.0")
        (name,) = waiting(tmp_path)
        assert Folder(tmp_path / "carrier" / "queue").read(name).endswith(MAIL)


async def test_next_server_down_then_up(tmp_path: Path) -> None:
    told, sink, port = Told(), Sink(), free_port()
    async with carrier(settings(tmp_path, port), told):
        await hand_over(told, CENTRE)
        await told.wait("carrier.waiting", times=3)
        await sink.listen(port)
        await told.wait("carrier.relayed")
    sink.close()
    assert len(sink.mails) == 1


async def test_a_restart_resumes_the_queue(tmp_path: Path) -> None:
    told, sink, port = Told(), Sink(), free_port()
    async with carrier(settings(tmp_path, port), told):
        for _ in range(5):
            await hand_over(told, CENTRE)
    assert len(waiting(tmp_path)) == 5
    await sink.listen(port)
    async with carrier(settings(tmp_path, port), told):
        await told.wait("carrier.relayed", times=5)
    sink.close()
    assert len(sink.mails) == 5


async def test_4yz_is_tried_again_with_the_identical_bytes(tmp_path: Path) -> None:
    told, sink = Told(), Sink("451 later", "hang up")
    async with carrier(settings(tmp_path, await sink.listen()), told):
        await hand_over(told, CENTRE)
        await told.wait("carrier.relayed")
    sink.close()
    assert len(sink.mails) == 3
    assert len({mail for _, _, mail in sink.mails}) == 1


async def test_5yz_is_kept_in_bounced_and_told(tmp_path: Path) -> None:
    told, sink = Told(), Sink("554 no")
    async with carrier(settings(tmp_path, await sink.listen()), told):
        await hand_over(told, CENTRE)
        bounced = await told.wait("carrier.bounced", recipient=CENTRE)
    sink.close()
    assert bounced["reason"] == "554 no"
    assert waiting(tmp_path) == []
    (name,) = Folder(tmp_path / "carrier" / "bounced").names()
    assert Folder(tmp_path / "carrier" / "bounced").read(name).endswith(MAIL)


async def test_nobody_here_is_550(tmp_path: Path) -> None:
    told = Told()
    async with carrier(settings(tmp_path), told):
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await hand_over(told, "x@elsewhere.example")
    assert refused.value.recipients[0].code == 550


async def test_two_recipients_are_two_mails(tmp_path: Path) -> None:
    told, sink = Told(), Sink()
    async with carrier(settings(tmp_path, await sink.listen()), told):
        await hand_over(told, CENTRE, SHOP)
        await told.wait("carrier.relayed", recipient=CENTRE)
        await told.wait("carrier.delivered", recipient=SHOP)
    sink.close()


async def test_a_full_disk_is_452_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, fsync = Told(), os.fsync
    broken = [OSError(28, "No space left on device")]

    def once(file: int) -> None:
        if broken:
            raise broken.pop()
        fsync(file)

    async with carrier(settings(tmp_path), told):
        await told.wait("carrier.listening")
        monkeypatch.setattr(os, "fsync", once)
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await hand_over(told, SHOP)
        assert refused.value.code == 452
        await hand_over(told, SHOP)
        await told.wait("carrier.delivered")
    assert len(list((tmp_path / "box" / "new").iterdir())) == 1


async def test_a_mailbox_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    told = Told()
    (tmp_path / "box").write_text("in the way")
    async with carrier(settings(tmp_path), told):
        await hand_over(told, SHOP)
        await told.wait("carrier.waiting")
        (tmp_path / "box").unlink()
        await told.wait("carrier.delivered")


async def test_mail_going_in_circles_is_stopped(tmp_path: Path) -> None:
    told = Told()
    async with carrier(settings(tmp_path), told):
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await hand_over(told, SHOP, mail=b"Received: by x\r\n" * 50 + MAIL)
    assert refused.value.code == 554


async def test_a_mail_of_one_long_line_passes_and_too_much_does_not(tmp_path: Path) -> None:
    told = Told()
    async with carrier(settings(tmp_path, size_max=100_000), told):
        await hand_over(told, SHOP, mail=MAIL + b"x" * 50_000 + b"\r\n")
        await told.wait("carrier.delivered")
        with pytest.raises(aiosmtplib.SMTPException):
            await hand_over(told, SHOP, mail=MAIL + b"words\r\n" * 20_000)


async def test_addresses_cannot_carry_commands(tmp_path: Path) -> None:
    told = Told()
    async with carrier(settings(tmp_path), told):
        port = int(str((await told.wait("carrier.listening"))["port"]))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b'EHLO x\r\nMAIL FROM:<"a b"@b>\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a\0b@pay.example>\r\nQUIT\r\n'
        )
        async with asyncio.timeout(WAIT_S):
            said = (await reader.read()).decode().splitlines()
        writer.close()
    codes = [line[:3] for line in said if line[3:4] == " "]
    assert codes == ["220", "250", "553", "250", "553", "221"]


async def test_a_port_that_is_taken_is_the_machines_error(tmp_path: Path) -> None:
    sink = Sink()
    port = await sink.listen()
    with pytest.raises(OSError, match="address already in use"):
        await run(settings(tmp_path, port=port), ports(Told()), asyncio.Event())
    sink.close()


async def test_a_route_that_is_no_host_and_port_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"pay\.example = 'somewhere' must be host:port"):
        await run(settings(tmp_path, routes={"pay.example": "somewhere"}), ports(Told()), asyncio.Event())


async def test_a_file_in_the_queue_that_is_no_mail_is_left_and_told(tmp_path: Path) -> None:
    told = Told()
    Folder(tmp_path / "carrier" / "queue").write("rotten", b"no label")
    async with carrier(settings(tmp_path), told):
        await told.wait("carrier.unreadable", file="rotten")
        await hand_over(told, SHOP)
        await told.wait("carrier.delivered")
    assert waiting(tmp_path) == ["rotten"]


async def test_lost_mail_was_answered_250_all_the_same(tmp_path: Path) -> None:
    told = Told()
    async with carrier(settings(tmp_path, lose_percent=100), told):
        assert (await hand_over(told, SHOP)).startswith("2.0.0")
        await told.wait("carrier.lost", recipient=SHOP)
    assert waiting(tmp_path) == []


async def test_doubled_mail_comes_twice(tmp_path: Path) -> None:
    told = Told()
    async with carrier(settings(tmp_path, double_percent=100), told):
        await hand_over(told, SHOP)
        await told.wait("carrier.delivered", times=2)
    bodies = [mail.get_payload() for mail in mailbox.Maildir(tmp_path / "box", create=False)]
    assert bodies == ["words\n", "words\n"]


async def test_delayed_mail_waits_through_a_restart(tmp_path: Path) -> None:
    told = Told()
    async with carrier(settings(tmp_path, delay_percent=100, delay_ms=3_600_000), told):
        await hand_over(told, SHOP)
    again, later = Told(), Told()
    async with carrier(settings(tmp_path), again):
        await hand_over(again, SHOP)
        await again.wait("carrier.delivered")
    assert len(waiting(tmp_path)) == 1
    hour = ports(later, lambda: ports(told).now_ms() + 3_600_000)
    async with running(lambda stop: run(settings(tmp_path), hour, stop)):
        await later.wait("carrier.delivered")
    assert waiting(tmp_path) == []
