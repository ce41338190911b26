"""`hagaki deal show` for a person: times with their zone, amounts, and mails as their readers see them."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from typing import Any

from order_letters import ORDER, PLACED_MS, composed, news

from hagaki import deal_show
from mail_gateway.domain import transcript
from mail_gateway.domain.outcome import Letter

HEAD: dict[str, Any] = {
    **{"order": 7, "shop": "山の店", "deal_id": ORDER.deal_id, "state": "asked", "code": ORDER.code},
    **{"currency": 392, "total_minor": 12_345, "tax_minor": 1_104, "placed_ms": PLACED_MS, "made_ms": None},
    **{"asking": {"state": "asked", "how": "", "wrong": 3}, "deal": ORDER.deal.hex()},
}


def answer() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "hanako@docomo.example", "Re: ご注文の確認"
    mail.set_content("はい \x1b[2J KXWTR\n")
    mail.add_alternative("<p>いいえ</p>", subtype="html")
    return mail.as_bytes()


def shown(*entries: dict[str, Any]) -> list[str]:
    return list(deal_show.lines(transcript.bound(HEAD, entries), "Asia/Tokyo"))


def entry(what: str, raw: bytes, **more: Any) -> dict[str, Any]:
    return {"what": what, "at_ms": PLACED_MS, "raw": base64.b64encode(raw).decode(), **more}


def test_times_have_their_zone_and_amounts_their_currency() -> None:
    payment = {"id": 3, "kind": "sale", "amount_minor": 12_345, "currency": 392, "code": ""}
    lines = shown({"what": "payment", "at_ms": PLACED_MS, **payment})
    assert "placed           2026-11-21 19:46:40 JST" in lines
    assert "total            JPY 12,345" in lines
    assert "asking           state asked, wrong 3" in lines
    assert "goods            信州りんごジャム JAM-01  JPY 540 x 2" in lines
    assert lines[-4:-1] == [
        "-- 2026-11-21 19:46:40 JST  payment 3, sale",
        "   amount           JPY 12,345",
        "",
    ]
    assert str(PLACED_MS) not in "\n".join(lines)


def test_a_japanese_letter_is_read_and_not_its_encoding() -> None:
    raw = composed(news(Letter.QUESTION)).raw
    lines = shown(entry("letter", raw, kind="question", version=1, recipient="hanako@docomo.example"))
    assert "-- 2026-11-21 19:46:40 JST  letter 1, question, to hanako@docomo.example" in lines
    assert "   | Subject: [Hagaki] ご注文の確認 コード KXWTR 12,345円 山の店" in lines
    assert "   | ・やめるときは「いいえ」と書いて返信してください。" in lines
    assert not [line for line in lines if "base64" in line or "<div" in line]
    assert lines[-1].endswith("--out FILE.")


def test_of_an_answer_all_is_shown_and_nothing_moves_the_terminal() -> None:
    lines = shown(entry("mail", answer(), id=4, sender="hanako@docomo.example", verdict="answer"))
    assert "   | はい  [2J KXWTR" in lines
    assert "   | いいえ" in lines, "the HTML said something else than the text"
    assert not [line for line in lines if "\x1b" in line]
