"""The mail that carries a sale, and which mailbox a setting names."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from handset.app import open_mailbox
from handset.courier import message_id, sale_mail
from handset.errors import HandsetError
from handset.settings import HandsetSettings
from handset.spool import Spool, name_of
from handset.waiting import delays_s, ended, heard
from schemas.envelope import armour
from schemas.errors import WireError
from schemas.mail.find import find_block
from schemas.mail.read import Mail, read_mail

BODY = b"sealed"
BLOCK = armour.block(armour.SALE, BODY)
SHOP, CENTRE = "shop@carrier.example", "sale@pay.example"


def settings(fetch: str) -> HandsetSettings:
    return HandsetSettings(port="x", spool="y", mail_from=SHOP, mail_to=CENTRE, fetch=fetch)


def test_the_centre_finds_the_sale_in_it() -> None:
    mail = read_mail(sale_mail(BLOCK, SHOP, CENTRE))
    assert isinstance(mail, Mail)
    assert find_block(mail, armour.SALE) == (armour.SALE, BODY)
    assert mail.from_address == SHOP


def test_body_and_attachment_each_carry_it_whole() -> None:
    mail = read_mail(sale_mail(BLOCK, SHOP, CENTRE))
    assert isinstance(mail, Mail)
    assert [armour.find(text, armour.SALE) for text in mail.texts] == [(armour.SALE, BODY)] * 2


def test_the_same_sale_has_the_same_message_id_and_bytes() -> None:
    name = name_of(armour.to_text(armour.SALE, BODY))
    mail = read_mail(sale_mail(BLOCK.lower(), SHOP, CENTRE))
    assert isinstance(mail, Mail)
    assert f"<{mail.message_id}>" == message_id(name, SHOP)
    assert sale_mail(BLOCK, SHOP, CENTRE) == sale_mail(BLOCK, SHOP, CENTRE)


def test_another_sale_has_another_message_id() -> None:
    other = read_mail(sale_mail(armour.block(armour.SALE, b"other"), SHOP, CENTRE))
    this = read_mail(sale_mail(BLOCK, SHOP, CENTRE))
    assert isinstance(other, Mail)
    assert isinstance(this, Mail)
    assert other.message_id != this.message_id


@pytest.mark.parametrize(("language", "subject"), [("ja", "カード売上 "), ("en", "Card sale ")])
def test_subject_speaks_the_merchants_language(language: str, subject: str) -> None:
    mail = read_mail(sale_mail(BLOCK, SHOP, CENTRE, language=language))
    assert isinstance(mail, Mail)
    assert mail.subject.startswith(subject)


def test_an_address_cannot_smuggle_a_header() -> None:
    with pytest.raises(WireError, match="header-unsafe"):
        sale_mail(BLOCK, "shop@x.example\r\nBcc: thief@x.example", CENTRE)


@pytest.mark.parametrize(
    "fetch", ["", "maildir:", "pop3:host", "imap:host", "imap:host:port:user:INBOX", "imap:host:993:user:"]
)
def test_a_mailbox_of_no_known_form_is_one_clear_sentence(fetch: str, tmp_path: Path) -> None:
    with pytest.raises(HandsetError, match=r"must be maildir:PATH or imap:.*\[fetch-form\]"):
        open_mailbox(settings(fetch), Spool(tmp_path))


def test_imap_without_its_extra_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "aioimaplib", None)
    with pytest.raises(HandsetError, match=r"pip install 'hagaki\[imap\]'"):
        open_mailbox(settings("imap:host:993:user:INBOX"), Spool(tmp_path))


def test_passwords_are_not_shown() -> None:
    shown = repr(
        HandsetSettings(
            port="x",
            spool="y",
            mail_from=SHOP,
            mail_to=CENTRE,
            fetch="maildir:z",
            smtp_password="sesame",
            imap_password="sesame",
        )
    )
    assert "sesame" not in shown


def test_waits_double_up_to_the_limit_and_never_end() -> None:
    waits = delays_s(200, 5_000)
    assert [next(waits) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


async def test_a_bell_is_heard_or_the_time_is_up() -> None:
    bell = asyncio.Event()
    assert not await heard(bell, 0)
    bell.set()
    assert await heard(bell, None)


async def test_a_task_that_loses_its_first_cancellation_still_ends() -> None:
    began = asyncio.Event()

    async def deaf_once() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    task = asyncio.create_task(deaf_once())
    await began.wait()
    await ended([task])
    assert task.cancelled()
