"""One sale is one authorisation at the host, however often and however mangled its mail comes."""

from __future__ import annotations

import asyncio
import base64
import quopri
from pathlib import Path

import aiosmtplib
import pytest
from gateway_world import Counter, counter, plain_mail

from card_reader_fw.board.desk import desk
from hagaki.world import DOMAIN, MERCHANT

HEAD = f"From: {MERCHANT}\nTo: sale@{DOMAIN}\nMessage-ID: <m@carrier.example>\nMIME-Version: 1.0\n"


async def test_the_same_mail_a_hundred_times_at_once_is_one_charge(tmp_path: Path) -> None:
    async with counter(tmp_path) as here:
        block = here.sale(1200)
        mails = [plain_mail(block, f"<{copy % 7}@carrier.example>") for copy in range(100)]
        for first in range(0, 100, 20):
            await asyncio.gather(*(here.post(mail) for mail in mails[first : first + 20]))
        letter = await here.letter()
        verdicts = [await here.world.wait_for("mail.accepted") for _ in range(100)]
        assert [happening.facts["verdict"] for happening in verdicts].count("new") == 1
        assert len(here.asked()) == 1
        assert here.letters.empty()
        shown = desk.show_result(here.world.device, _block(letter))
        assert (shown.genuine, shown.outcome) == (True, "approved")


def _manglings(block: str) -> dict[str, bytes]:
    lines = block.splitlines()
    html = "<html><body><p>" + "<br>".join(lines) + "</p></body></html>"
    wrapped = "\n".join(block.replace("\n", " ")[at : at + 37] for at in range(0, len(block), 37))
    texts = {
        "re-wrapped": plain_mail(wrapped),
        "quoted": plain_mail("> " + "\n> ".join(lines)),
        "lower-case": plain_mail(block.lower()),
        "html-only": f"{HEAD}Content-Type: text/html; charset=utf-8\n\n{html}".encode(),
        "iso-2022-jp": f"{HEAD}Content-Type: text/plain; charset=iso-2022-jp\n\n".encode()
        + f"売上です。\n{block}".encode("iso-2022-jp"),
    }
    head = f"{HEAD}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
    texts["base64"] = f"{head}base64\n\n".encode() + base64.encodebytes(block.encode())
    texts["quoted-printable"] = f"{head}quoted-printable\n\n".encode() + quopri.encodestring(block.encode())
    return {name: mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for name, mail in texts.items()}


async def test_a_mangled_mail_still_sells_and_a_changed_one_does_not(tmp_path: Path) -> None:
    async with counter(tmp_path) as here:
        amounts = []
        for number, name in enumerate(_manglings("")):
            amounts.append(1100 + number)
            await here.post(_manglings(here.sale(amounts[-1]))[name])
            await here.letter()
        assert [entry["amount_minor"] for entry in here.asked()] == amounts
        await _post_changed(here)
        assert b"[Hagaki]" in await here.letter()  # "please send it again", once a minute at most
        await here.post(plain_mail(here.sale(1200)))
        assert b"APPROVED" in await here.letter()
        assert len(here.asked()) == len(amounts) + 1
        assert here.letters.empty()


async def _post_changed(here: Counter) -> None:
    """Every fortieth character changed, one at a time: none is asked about at the host."""
    block = here.sale(1150)
    for at in range(20, len(block) - 20, 40):
        letter = "A" if block[at] != "A" else "B"
        await here.post(plain_mail(block[:at] + letter + block[at + 1 :]))


async def test_a_mail_that_is_too_big_is_refused_in_smtp(tmp_path: Path) -> None:
    async with counter(tmp_path) as here:
        with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
            await here.post(plain_mail("x" * 70 + "\n") * 20000)
        assert refused.value.code == 552
        await here.post(plain_mail(here.sale(1200)))
        await here.letter()


async def test_a_reader_that_nobody_enrolled_is_kept_and_not_answered(tmp_path: Path) -> None:
    async with counter(tmp_path / "one") as here, counter(tmp_path / "two") as other:
        await here.post(plain_mail(other.sale(1200)))
        kept = await here.world.wait_for("mail.accepted")
        assert kept.facts["verdict"] == "unknown-reader"
        await here.post(plain_mail(here.sale(1300)))
        await here.letter()
        assert [entry["amount_minor"] for entry in here.asked()] == [1300]


@pytest.mark.parametrize("amount_minor", [1908, 1909, 1914, 1915, 1918])
async def test_host_garbage_is_in_doubt_and_reversed(tmp_path: Path, amount_minor: int) -> None:
    async with counter(tmp_path, host_message_life_s=1, host_timeout_s=2) as here:
        await here.post(plain_mail(here.sale(amount_minor)))
        outcomes = [desk.show_result(here.world.device, _block(await here.letter())).outcome for _ in "12"]
        assert outcomes == ["in-doubt", "cancelled"]
        assert len(here.asked()) == 1
        assert len(here.asked("0420")) + len(here.asked("0421")) >= 2


async def test_a_host_that_says_no_and_then_yes_charges_nobody(tmp_path: Path) -> None:
    async with counter(tmp_path, host_message_life_s=1) as here:
        await here.post(plain_mail(here.sale(1907)))
        assert b"DECLINED" in await here.letter()
        assert b"CANCELLED" in await here.letter()
        assert (len(here.asked()), len(here.asked("0420"))) == (1, 1)


def _block(letter: bytes) -> str:
    text = letter.decode().replace("\r\n", "\n")
    return text[text.index("BEGIN HAGAKI RESULT") : text.index("END HAGAKI RESULT")] + "END HAGAKI RESULT\n"
