"""The merchant's desk end to end over SMTP: what mail programs make of an answer, and what comes back."""

from __future__ import annotations

import asyncio
import base64
import email
import quopri
import textwrap
from email import policy
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
from gateway_world import Counter, counter, plain_mail

from hagaki.sections import read_config, settings
from hagaki.world import MERCHANT
from mail_gateway.admin import shops
from schemas.mail.read import Mail, read_mail

HEAD = "MIME-Version: 1.0\nContent-Type: text/"


def body_of(raw: bytes) -> str:
    mail = read_mail(raw)
    assert isinstance(mail, Mail)
    return mail.body


def quoted(raw: bytes) -> str:
    return "\n".join(f"> {line}" for line in body_of(raw).splitlines())


def as_plain(text: str, old: bytes) -> bytes:
    """Gmail: UTF-8 in base64, the answer above, the letter quoted below."""
    body = f"{text}\n\n2026年11月21日(土) 14:05 Hagaki <sale@pay.example>:\n{quoted(old)}\n"
    head = f"{HEAD}plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
    return head.encode() + base64.encodebytes(body.encode())


def as_flowed(text: str, old: bytes) -> bytes:
    """Thunderbird: ISO-2022-JP, flowed, the answer below the quotation, a signature under it."""
    lines = "\n".join(part + " " for part in textwrap.wrap(quoted(old), 60))
    body = f"{lines}\n\n{text}\n\n-- \n山の店\n"
    head = f"{HEAD}plain; charset=iso-2022-jp; format=flowed; delsp=yes\n\n"
    return head.encode() + body.encode("iso-2022-jp", "replace")


def as_html(text: str, old: bytes) -> bytes:
    """Outlook: HTML alone, the letter below, nothing but its own lines to know it by."""
    ours = "<br>".join(body_of(old).splitlines())
    answer = "".join(f"<p class=MsoNormal>{line}<o:p></o:p></p>" for line in text.split("\n"))
    head_of_old = "<div id=divRplyFwdMsg><b>差出人:</b> Hagaki</div>"
    body = f"<html><body>{answer}{head_of_old}<div>{ours}</div></body></html>"
    head = f"{HEAD}html; charset=shift_jis\nContent-Transfer-Encoding: quoted-printable\n\n"
    return head.encode() + quopri.encodestring(body.encode("cp932", "replace"))


def as_apple(text: str, old: bytes) -> bytes:
    """A phone: both forms, a line of its own at the end, the quotation with no sign in front."""
    message = EmailMessage(policy=policy.SMTP)
    message.set_content(f"{text}\n\niPhoneから送信\n\n{body_of(old)}")
    message.add_alternative(f"<div>{text}</div><blockquote>{body_of(old)}</blockquote>", subtype="html")
    return message.as_bytes().replace(b"\r\n", b"\n")


class Shop:
    """The merchant at its mail program."""

    def __init__(self, here: Counter, letter: bytes) -> None:
        self.here, self.letter, self.mails = here, letter, 0

    async def send(self, shape: bytes, *, sender: str = MERCHANT, more: str = "", old: bytes = b"") -> None:
        self.mails += 1
        to = email.message_from_bytes(old or self.letter)["Reply-To"]
        head = f"From: {sender}\nTo: {to}\nSubject: Re:\nMessage-ID: <{self.mails}@carrier.example>\n{more}"
        raw = (head.encode() + shape).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        where = {"hostname": "127.0.0.1", "port": self.here.smtp_port}
        await aiosmtplib.send(raw, sender=sender, recipients=[to], **where)

    async def ask(self, shape: bytes, old: bytes = b"") -> bytes:
        await self.send(shape, old=old)
        return await self.here.letter()


async def sold(here: Counter, amount_minor: int) -> bytes:
    await here.post(plain_mail(here.sale(amount_minor), f"<{amount_minor}@carrier.example>"))
    return await here.letter()


def pdf_of(raw: bytes) -> bytes:
    parts = list(email.message_from_bytes(raw, policy=policy.default).walk())
    (data,) = [
        part.get_payload(decode=True) for part in parts if part.get_content_type() == "application/pdf"
    ]
    assert isinstance(data, bytes) and data.startswith(b"%PDF-")
    return data


async def test_a_merchant_asks_in_japanese_from_any_mail_program(tmp_path: Path) -> None:
    async with counter(tmp_path, language="ja") as here:
        gateway = settings(read_config(here.world.config), "gateway")
        shops.change(
            gateway, "葉書商店", {"registration_number": "T7000012050002", "address": "長野県松本市"}
        )
        await sold(here, 1200)
        shop = Shop(here, await sold(here, 12345))
        today = await shop.ask(as_plain("本日", shop.letter))
        assert "売上 2件 13,545円\n返金 0件 0円\n差引 13,545円\n" in body_of(today)
        listed = body_of(await shop.ask(as_flowed("一覧", today), today))
        assert "伝票00002 12,345円 承認\n" in listed and "未確定の売上はありません。" in listed
        first = await shop.ask(as_html("領収書 ２\n宛名：株式会社　山田\n8%: 1,080円", today))
        for line in ("領収書 (適格請求書)", "株式会社 山田 様", "10%対象: 11,265円 (内消費税 1,024円)"):
            assert line in body_of(first)
        assert "8%対象※: 1,080円 (内消費税 80円)" in body_of(first) and "クレジットカード利用" in body_of(
            first
        )
        again = await shop.ask(as_apple("領収書", first), first)
        assert (pdf_of(again), body_of(again)) == (pdf_of(first), body_of(first))
        assert "ご返信の内容が分かりませんでした" in body_of(
            await shop.ask(as_apple("ありがとう", first), first)
        )
        assert "次の言葉だけを1行に" in body_of(await shop.ask(as_plain("ﾍﾙﾌﾟ!", first)))
        assert "見つかりません" in body_of(await shop.ask(as_flowed("再送 ９９９", first)))


async def test_only_the_merchant_is_answered_and_no_robot(tmp_path: Path) -> None:
    async with counter(tmp_path) as here:
        shop = Shop(here, await sold(here, 1200))
        words = as_plain("today", shop.letter)
        await shop.send(words, sender="thief@elsewhere.example")
        await shop.send(words, more="Auto-Submitted: auto-replied\n")
        await shop.send(words, more="Precedence: bulk\n")
        await shop.send(b"\n" + shop.letter, more="In-Reply-To: <x@y>\n")
        assert b"NOT UNDERSTOOD" in await here.letter(), "our own letter come back says nothing"
        assert "Net: JPY 1,200" in body_of(await shop.ask(words)), "and nobody else was answered before"
        for number in range(40):
            await shop.send(as_plain(f"again {10**11 + number}", shop.letter))
        answers = [await here.letter() for _ in range(29)]
        assert b"PLEASE WAIT" in answers[-1]
        assert b"no order and no return was taken" in answers[-1] and b"- order, return (" in answers[-1]
        assert sum(b"PLEASE WAIT" in answer for answer in answers) == 1
        assert b"APPROVED" in await sold(here, 1300), "results come as always"
        await asyncio.sleep(0)
        assert here.letters.empty()
