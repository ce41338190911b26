"""The phone and a reader on a real pseudo-terminal: stored before it is said, unplugged, restarted."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from phone_world import NOW_MS, RESULT, SALE, Reader, Sink, Told, deliver, phone, result_mail, settings

from handset.folder import Folder
from schemas.link.events import LinkUp, Permission, ResultArrived, SendAgain, Stored


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Reader]:
    reader = Reader(tmp_path / "reader")
    reader.plug()
    yield reader
    with contextlib.suppress(FileNotFoundError):
        await reader.unplug()


async def greet(reader: Reader, *, times: int = 1) -> None:
    await reader.heard(LinkUp, times=times)
    reader.say("hello", 7, "test")
    await reader.heard(Permission, times=times)


async def test_sale_goes_out_and_result_comes_back(tmp_path: Path, reader: Reader) -> None:
    told, sink = Told(), Sink()
    here = settings(tmp_path, port=str(reader.link), smtp_port=await sink.listen())
    async with phone(here, told):
        await greet(reader)
        reader.say("sale", SALE)
        await reader.heard(Stored)
        await told.wait("handset.posted")
        deliver(tmp_path / "mailbox", "1", result_mail())
        assert (await reader.heard(ResultArrived)).text == RESULT
        reader.say("verdict", "genuine")
        await told.wait("handset.shown", verdict="genuine")
    sink.close()
    assert len(sink.mails) == 1
    order = [verb for verb, _ in told.events if verb != "handset.link"]
    assert order[:3] == ["handset.stored", "handset.posted", "handset.fetched"]
    assert sorted(order[3:]) == ["handset.letter", "handset.shown"]


async def test_permission_carries_the_phones_clock(tmp_path: Path, reader: Reader) -> None:
    told = Told()
    async with phone(settings(tmp_path, port=str(reader.link)), told):
        await greet(reader)
        assert (await reader.heard(Permission)).unix_s == NOW_MS // 1000


async def test_sale_is_on_disk_before_the_reader_is_told(tmp_path: Path, reader: Reader) -> None:
    told = Told()
    async with phone(settings(tmp_path, port=str(reader.link)), told):
        await greet(reader)
        reader.say("sale", SALE)
        await reader.heard(Stored)
        (kept,) = (tmp_path / "phone" / "sales").iterdir()
        assert kept.read_text() == SALE


async def test_full_disk_is_send_again_and_the_next_try_works(
    tmp_path: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    write = Folder.write
    broken = [OSError(errno.ENOSPC, "No space left on device")]

    def full_once(folder: Folder, name: str, data: bytes) -> None:
        if broken and folder.path.name == "sales":
            raise broken.pop()
        write(folder, name, data)

    monkeypatch.setattr(Folder, "write", full_once)
    async with phone(settings(tmp_path, port=str(reader.link)), told):
        await greet(reader)
        reader.say("sale", SALE)
        assert (await reader.heard(SendAgain)).code == "full"
        said = await told.wait("handset.again")
        assert said["sentence"] == "the phone cannot keep the sale: No space left on device"
        reader.say("sale", SALE)
        await reader.heard(Stored)


async def test_text_that_is_no_sale_is_not_stored(tmp_path: Path, reader: Reader) -> None:
    told = Told()
    async with phone(settings(tmp_path, port=str(reader.link)), told):
        await greet(reader)
        reader.say("sale", RESULT)
        assert (await reader.heard(SendAgain)).code == "data"
        assert not list((tmp_path / "phone" / "sales").iterdir())


async def test_unplugged_and_plugged_in_again(tmp_path: Path, reader: Reader) -> None:
    told = Told()
    async with phone(settings(tmp_path, port=str(reader.link)), told):
        await greet(reader)
        await reader.unplug()
        await told.wait("handset.link", up=0)
        await told.wait("handset.no_port")
        reader.plug()
        await greet(reader, times=2)
        reader.say("sale", SALE)
        await reader.heard(Stored)
    assert len(told.all("handset.link", up=0)) == 1


async def test_unplugged_between_sale_and_stored_the_sale_is_kept_once(
    tmp_path: Path, reader: Reader
) -> None:
    told, sink = Told(), Sink()
    port = await sink.listen()
    async with phone(settings(tmp_path, port=str(reader.link)), told):
        await greet(reader)
        reader.say("sale", SALE)
        await told.wait("handset.stored")
        await reader.unplug()
        await told.wait("handset.link", up=0)
        reader.plug()
        await greet(reader, times=2)
        reader.say("sale", SALE)
        await reader.heard(Stored)
    async with phone(settings(tmp_path, smtp_port=port), Told()) as task:
        while not sink.mails:
            await asyncio.sleep(0.01)
        assert not task.done()
    sink.close()
    assert len(sink.mails) == 1


async def test_result_waits_for_a_reader_that_is_not_there_yet(tmp_path: Path, reader: Reader) -> None:
    await reader.unplug()
    told = Told()
    deliver(tmp_path / "mailbox", "1", result_mail())
    async with phone(settings(tmp_path, port=str(reader.link)), told):
        await told.wait("handset.fetched")
        reader.plug()
        await greet(reader)
        assert (await reader.heard(ResultArrived)).text == RESULT


async def test_result_without_a_verdict_is_offered_again(tmp_path: Path, reader: Reader) -> None:
    told = Told()
    deliver(tmp_path / "mailbox", "1", result_mail())
    here = settings(tmp_path, port=str(reader.link))
    async with phone(here, told):
        await greet(reader)
        await reader.heard(ResultArrived)
        await reader.unplug()
        await told.wait("handset.link", up=0)
        reader.plug()
        await greet(reader, times=2)
        await reader.heard(ResultArrived, times=2)
    await reader.unplug()
    reader.plug()
    async with phone(here, told):
        await greet(reader, times=3)
        await reader.heard(ResultArrived, times=3)
        reader.say("verdict", "unknown-sale")
        await told.wait("handset.shown", verdict="unknown-sale")
    assert not list((tmp_path / "phone" / "results").iterdir())


async def test_results_come_one_by_one_in_the_order_they_came(tmp_path: Path, reader: Reader) -> None:
    from schemas.envelope import armour

    told = Told()
    texts = [armour.to_text(armour.RESULT, b"result %d" % number) for number in range(3)]
    here = settings(tmp_path, port=str(reader.link))
    async with phone(here, told):
        for number, text in enumerate(texts):
            deliver(tmp_path / "mailbox", str(number), result_mail(text))
            await told.wait("handset.fetched", times=number + 1)
        await greet(reader)
        for number in range(3):
            await reader.heard(ResultArrived, times=number + 1)
            reader.say("verdict", "genuine")
        await told.wait("handset.shown", times=3)
    assert [event.text for event in reader.events if type(event) is ResultArrived] == texts
