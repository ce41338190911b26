"""More wanted, from the reader to an answered mail to the display: over SMTP, with the host simulator."""

from __future__ import annotations

import email
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest
from gateway_world import Counter, counter, plain_mail

from card_reader_fw.board.desk import desk
from hagaki.sections import read_config, settings
from hagaki.world import MERCHANT
from mail_gateway.admin import merchants, payments, wants
from schemas.mail.read import Mail, read_mail


class Shop:
    """The merchant: sells at the reader, reads letters, answers them."""

    def __init__(self, here: Counter) -> None:
        self.here = here
        self.gateway = settings(read_config(here.world.config), "gateway")
        self.answers = 0

    async def sell(self, amount_minor: int) -> bytes:
        """-> the letter that comes."""
        await self.here.post(
            plain_mail(self.here.sale(amount_minor), f"<sale{amount_minor}@carrier.example>")
        )
        return await self.here.letter()

    async def answer(self, letter: bytes, text: str) -> None:
        """As a mail program does it: to the letter's Reply-To, the letter quoted below."""
        old = email.message_from_bytes(letter)
        mail = EmailMessage()
        self.answers += 1
        mail["From"], mail["To"], mail["Subject"] = MERCHANT, old["Reply-To"], "Re: [Hagaki]"
        mail["Message-ID"] = f"<answer{self.answers}@carrier.example>"
        mail["In-Reply-To"] = old["Message-ID"]
        quoted = "\n".join(f"> {line}" for line in body_of(letter).splitlines())
        mail.set_content(f"{text}\n\n2026/11/21 18:05 Hagaki <sale@pay.example>:\n{quoted}\n")
        await aiosmtplib.send(
            mail.as_bytes(),
            sender=MERCHANT,
            recipients=[old["Reply-To"]],
            hostname="127.0.0.1",
            port=self.here.smtp_port,
        )

    def lcd(self, letter: bytes) -> tuple[bool, str]:
        """What the reader makes of the letter's sealed result."""
        shown = desk.show_result(self.here.world.device, body_of(letter))
        return shown.genuine, shown.outcome

    def payment(self, number: int) -> dict[str, Any]:
        return payments.shown(self.gateway, number)


def body_of(raw: bytes) -> str:
    mail = read_mail(raw)
    assert isinstance(mail, Mail)
    return mail.body


@pytest.mark.parametrize(
    ("amount_minor", "code", "asks", "wrong", "answer"),
    [
        (1730, "G30", "1 approval number", "they did not answer", "1 A12345"),
        (1767, "G67", "1 product code", "1 forty-nine", "商品コード：４９０１"),
        (1778, "G78", "1 way of payment", "1 perhaps 3", "①分割３回"),
    ],
)
async def test_an_answer_by_mail_makes_the_reader_show_approved(
    amount_minor: int, code: str, asks: str, wrong: str, answer: str, tmp_path: Path
) -> None:
    async with counter(tmp_path) as here:
        shop = Shop(here)
        letter = await shop.sell(amount_minor)
        assert asks in body_of(letter)
        assert shop.lcd(letter) == (True, "more-wanted")
        await shop.answer(letter, wrong)
        again = await here.letter()
        assert asks in body_of(again)
        assert "BEGIN HAGAKI RESULT" not in body_of(again)
        await shop.answer(again, answer)
        result = await here.letter()
        assert shop.lcd(result) == (True, "approved")
        first, second = here.asked()
        assert (first["reference"], first["stan"]) != (second["reference"], second["stan"])
        shown = shop.payment(1)
        assert (shown["state"], shown["attempts"], shown["version"]) == ("approved", 2, 2)
        (want,) = shown["wants"]
        assert (want["phase"], want["state"], want["code"]) == ("before", "supplied", code)
        assert wants.listed(shop.gateway) == []


async def test_further_items_reach_the_acquirer_and_the_merchant_is_thanked(tmp_path: Path) -> None:
    async with counter(tmp_path) as here:
        shop = Shop(here)
        (merchant,) = merchants.listed(shop.gateway)
        merchants.change(shop.gateway, merchant["name"], {"items": "product-code,division"})
        approved = await shop.sell(1200)
        assert shop.lcd(approved) == (True, "approved")
        request = await here.letter()
        assert "1 product code" in body_of(request)
        assert [row["state"] for row in wants.listed(shop.gateway)] == ["asked"]
        await shop.answer(request, "1 4901\n2 12 payments")
        assert "We pass your answer on" in body_of(await here.letter())
        while (want := shop.payment(1)["wants"][0])["state"] != "forwarded":
            await here.world.wait_for("want.sent")
        assert want["given"] == {"product-code": "4901", "division": "61/12"}
        (advice,) = here.asked("0220")
        assert int(advice["stan"]) == want["stan"]
