"""Sales out through a real SMTP server and mail in from a real Maildir, on good days and bad ones."""

from __future__ import annotations

import asyncio
import mailbox
from pathlib import Path

import pytest
from phone_world import RESULT, SALE, WAIT_S, Sink, Told, deliver, free_port, phone, result_mail, settings

from handset.folder import Folder
from handset.spool import Spool, name_of
from schemas.envelope import armour
from schemas.mail.build import build_mail


def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "phone")


async def test_posted_as_it_was_sealed(tmp_path: Path) -> None:
    told, sink = Told(), Sink()
    spool(tmp_path).put(SALE)
    async with phone(settings(tmp_path, smtp_port=await sink.listen()), told):
        posted = await told.wait("handset.posted")
    sink.close()
    ((sender, recipients, mail),) = sink.mails
    assert (sender, recipients) == ("shop@carrier.example", ["sale@pay.example"])
    assert str(posted["message_id"]).encode() in mail
    assert armour.find(mail.decode(), armour.SALE) == armour.from_text(SALE)
    assert spool(tmp_path).posted.names() == [name_of(SALE)]


async def test_server_down_then_up(tmp_path: Path) -> None:
    told, sink, port = Told(), Sink(), free_port()
    spool(tmp_path).put(SALE)
    async with phone(settings(tmp_path, smtp_port=port), told):
        await told.wait("handset.waiting", times=2)
        await sink.listen(port)
        await told.wait("handset.posted")
    sink.close()
    assert len(sink.mails) == 1


async def test_after_an_uncertain_end_the_identical_bytes_go_again(tmp_path: Path) -> None:
    told, sink = Told(), Sink("hang up", "451 later")
    spool(tmp_path).put(SALE)
    async with phone(settings(tmp_path, smtp_port=await sink.listen()), told):
        await told.wait("handset.posted")
    sink.close()
    assert len(sink.mails) == 3
    assert len({mail for _, _, mail in sink.mails}) == 1


async def test_restart_in_the_middle_posts_the_identical_bytes(tmp_path: Path) -> None:
    told, sink = Told(), Sink("hang up")
    here = settings(tmp_path, smtp_port=await sink.listen(), retry_first_ms=60_000, retry_max_ms=60_000)
    spool(tmp_path).put(SALE)
    async with phone(here, told):
        await told.wait("handset.waiting")
    async with phone(here, told):
        await told.wait("handset.posted")
    sink.close()
    assert len(sink.mails) == 2
    assert sink.mails[0] == sink.mails[1]


async def test_refused_is_kept_told_and_tried_after_a_restart(tmp_path: Path) -> None:
    told, sink = Told(), Sink("554 no")
    here = settings(tmp_path, smtp_port=await sink.listen())
    spool(tmp_path).put(SALE)
    async with phone(here, told):
        refused = await told.wait("handset.refused")
    assert refused["reason"] == "554 no"
    async with phone(here, told):
        await told.wait("handset.posted")
    sink.close()


async def test_a_sale_that_rotted_on_disk_does_not_stop_the_others(tmp_path: Path) -> None:
    told, sink = Told(), Sink()
    spool(tmp_path).sales.write("rotten", b"NO ARMOUR")
    spool(tmp_path).put(SALE)
    async with phone(settings(tmp_path, smtp_port=await sink.listen()), told):
        assert str((await told.wait("handset.refused"))["reason"]).startswith("armour-")
        await told.wait("handset.posted")
    sink.close()


async def test_one_refused_sale_does_not_hold_up_the_next(tmp_path: Path) -> None:
    told, sink = Told(), Sink("554 no")
    spool(tmp_path).put(SALE)
    spool(tmp_path).put(armour.to_text(armour.SALE, b"the next"))
    async with phone(settings(tmp_path, smtp_port=await sink.listen()), told):
        await told.wait("handset.refused")
        await told.wait("handset.posted")
    sink.close()


async def test_disk_trouble_while_posting_is_told_and_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, sink, write = Told(), Sink(), Folder.write
    broken = [OSError(5, "Input/output error")]

    def once(folder: Folder, name: str, data: bytes) -> None:
        if broken and folder.path.name == "posting":
            raise broken.pop()
        write(folder, name, data)

    spool(tmp_path).put(SALE)
    monkeypatch.setattr(Folder, "write", once)
    async with phone(settings(tmp_path, smtp_port=await sink.listen()), told):
        await told.wait("handset.trouble")
        await told.wait("handset.posted")
    sink.close()


async def test_letter_is_shown_without_any_armour(tmp_path: Path) -> None:
    told = Told()
    text = f"Please ask for another card.\n\n> {armour.block(*armour.from_text(SALE))}\nThe centre"
    deliver(tmp_path / "mailbox", "1", build_mail({"Subject": "About your sale"}, text))
    async with phone(settings(tmp_path), told):
        letter = await told.wait("handset.letter")
    assert letter["text"] == "About your sale\nPlease ask for another card.\n\n> \n\nThe centre"
    assert not told.all("handset.letter")[1:]


async def test_damaged_result_is_told_and_its_words_are_shown(tmp_path: Path) -> None:
    told = Told()
    raw = result_mail(words="Check code 1234 5678").replace(b"END HAGAKI", b"A END HAGAKI")
    deliver(tmp_path / "mailbox", "1", raw)
    async with phone(settings(tmp_path), told):
        damaged = await told.wait("handset.unreadable")
        letter = await told.wait("handset.letter")
    assert str(damaged["slug"]).startswith("armour-")
    assert "Check code 1234 5678" in str(letter["text"])
    assert spool(tmp_path).results.names() == []


async def test_mail_that_nobody_can_read_is_told_and_not_looked_at_again(tmp_path: Path) -> None:
    told = Told()
    deliver(tmp_path / "mailbox", "1", b"X: " + b"x" * 10_000 + b"\n\n")
    deliver(tmp_path / "mailbox", "2", result_mail())
    async with phone(settings(tmp_path), told):
        await told.wait("handset.fetched")
    assert [fact["slug"] for fact in told.all("handset.unreadable")] == ["mail-header-long"]


async def test_taken_mail_lies_in_cur_and_is_seen(tmp_path: Path) -> None:
    told = Told()
    deliver(tmp_path / "mailbox", "1", result_mail())
    async with phone(settings(tmp_path), told):
        await told.wait("handset.fetched", message_id="r1@pay.example")
        async with asyncio.timeout(WAIT_S):
            while list((tmp_path / "mailbox" / "new").iterdir()):
                await asyncio.sleep(0.01)
    (mail,) = mailbox.Maildir(tmp_path / "mailbox", create=False)
    assert (mail.get_subdir(), mail.get_flags()) == ("cur", "S")


async def test_mail_that_another_program_moved_unread_is_taken_too(tmp_path: Path) -> None:
    told, box = Told(), tmp_path / "mailbox"
    deliver(box, "1", result_mail())
    (box / "new" / "1").rename(box / "cur" / "1:2,F")
    deliver(box, "2", build_mail({"Subject": "already read"}, "no"))
    (box / "new" / "2").rename(box / "cur" / "2:2,S")
    async with phone(settings(tmp_path), told):
        await told.wait("handset.fetched")
    assert sorted(file.name for file in (box / "cur").iterdir()) == ["1:2,FS", "2:2,S"]
    assert len(told.all("handset.fetched")) == 1


async def test_mail_is_marked_only_after_it_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, write = Told(), Folder.write
    broken = [OSError(28, "No space left on device")]

    def once(folder: Folder, name: str, data: bytes) -> None:
        if broken and folder.path.name == "results":
            assert list((tmp_path / "mailbox" / "new").iterdir()), "still new"
            raise broken.pop()
        write(folder, name, data)

    deliver(tmp_path / "mailbox", "1", result_mail())
    monkeypatch.setattr(Folder, "write", once)
    async with phone(settings(tmp_path), told):
        await told.wait("handset.trouble")
        await told.wait("handset.fetched")
    assert [spool(tmp_path).results.read(name).decode() for name in spool(tmp_path).results.names()] == [
        RESULT
    ]


async def test_more_mails_than_one_batch(tmp_path: Path) -> None:
    told = Told()
    for number in range(45):
        deliver(tmp_path / "mailbox", str(number), build_mail({"Subject": str(number)}, "text"))
    async with phone(settings(tmp_path, poll_ms=3_600_000), told):
        await told.wait("handset.letter", times=45)
