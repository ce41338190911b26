"""The letters about wants, word for word, in both languages; a phone can show them."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from want_letters import SETTINGS, TOKENS, UNTIL_MS, kit, payment, read

from acquirer_sdk.values import Item
from mail_gateway.domain.news import News
from mail_gateway.domain.notice import Notice
from mail_gateway.domain.outcome import Letter, Outcome
from mail_gateway.domain.wants import Phase, Question, Want, WantState
from mail_gateway.outbox.compose import Compose
from mail_gateway.work import asking
from schemas.mail.read import Mail, read_mail

GOLDEN = Path(__file__).parent / "want_letters"
ITEMS = (Item.PRODUCT_CODE, Item.DIVISION, Item.START_MONTH)
WANT = Want(
    id=3,
    payment=42,
    phase=Phase.AFTER,
    round=1,
    state=WantState.ASKED,
    items=ITEMS,
    given={Item.PRODUCT_CODE: "4901"},
    code="",
    asked_ms=0,
    until_ms=UNTIL_MS,
    due_ms=None,
    letters=1,
    epoch=0,
    stan=None,
    transmissions=0,
    alarms=0,
    doubt_ms=None,
)
BEFORE = replace(WANT, phase=Phase.BEFORE, items=(Item.APPROVAL_NUMBER,), given={})


def notices(language: str) -> dict[str, Notice]:
    """Every notice there is, by the name of its golden file."""
    world, sale, everything = (
        kit(),
        payment(language),
        Question(Phase.AFTER, 1, tuple(Item), "", UNTIL_MS, None),
    )
    open_sale = replace(sale, approval_number="")
    made = {
        "request": asking.request(world, sale, everything),
        "again": asking.again(world, sale, WANT, [Item.DIVISION]),
        "again-before": asking.again(world, open_sale, BEFORE, [Item.APPROVAL_NUMBER]),
        "reminder": asking.reminder(world, sale, WANT),
        "taken": asking.taken(world, sale, WANT, forwarded=True),
        "noted": asking.taken(world, sale, WANT, forwarded=False),
    }
    for name, want, its in (("before", BEFORE, open_sale), ("after", WANT, sale)):
        for why in ("lapsed", "answered"):
            made[f"{why}-{name}"] = asking.closed(world, its, want, why)
    return {**made, "over": asking.closed(world, sale, WANT, "over")}


def more_wanted(language: str) -> Mail:
    """The payment's own letter, for a telephone referral."""
    reason = {"ja": "カード会社に電話してください", "en": "Please call the card company"}[language]
    news = News(
        payment_id=42,
        letter=Letter.MORE_WANTED,
        outcome=Outcome.MORE_WANTED,
        version=1,
        amount_minor=120_000,
        currency=392,
        masked_card="411111******1111",
        approval_number="",
        slip=12,
        reference="000000000042",
        reason=reason,
        time_ms=1_800_000_000_000,
        language=language,
        merchant_name="山の店",
        recipient="shop@carrier.example",
        in_reply_to="",
        sealed_result=bytes(range(60)),
        check_code="12345678",
        questions=((1, Item.APPROVAL_NUMBER),),
        until_ms=1_800_000_700_000,
    )
    mail = read_mail(Compose(SETTINGS, TOKENS).compose(news).raw)
    assert isinstance(mail, Mail)
    return mail


def letters(language: str) -> dict[str, Mail]:
    return {"more-wanted": more_wanted(language)} | {
        name: read(notice) for name, notice in notices(language).items()
    }


LANGUAGES = ("ja", "en")
CASES = [(language, name) for language in LANGUAGES for name in letters(language)]


@pytest.mark.parametrize(("language", "name"), CASES)
def test_letter_says_exactly_this(language: str, name: str) -> None:
    mail = letters(language)[name]
    assert f"{mail.subject}\n\n{mail.texts[0]}" == (GOLDEN / f"{language}-{name}.txt").read_text("utf-8")


def test_no_golden_letter_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {f"{language}-{name}" for language, name in CASES}


@pytest.mark.parametrize(("language", "name"), CASES)
def test_a_letter_fits_a_phone_and_has_no_link(language: str, name: str) -> None:
    mail = letters(language)[name]
    text = mail.texts[0].partition("BEGIN HAGAKI")[0]
    assert "http" not in text
    assert mail.subject == f"[Hagaki] {text.splitlines()[0]}"
    assert len(text.splitlines()) < 30
    assert "\n\n\n" not in text
    for line in text.splitlines():
        columns = sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in line)
        assert columns <= (70 if language == "ja" else 80), line


def test_every_question_has_its_own_letter() -> None:
    world, sale = kit(), payment()
    idents: list[Any] = [notice.ident for notice in notices("ja").values()]
    other = asking.again(world, sale, replace(WANT, letters=2), [])
    assert other.ident not in idents
    assert asking.reminder(world, sale, replace(WANT, id=4)).ident not in idents
