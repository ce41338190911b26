"""Letters: every kind in both languages against a golden text, headers, and what must never be in them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from mail_gateway.domain.money import CURRENCIES, shown
from mail_gateway.domain.news import News
from mail_gateway.domain.outcome import NOTICES, OF_ORDERS, Letter, Outcome
from mail_gateway.outbox.compose import NEVER, TEMPLATES, Compose, TokenKeys
from mail_gateway.outbox.schedule import wait_s
from mail_gateway.outbox.skeleton import COMPARED, WITH
from mail_gateway.settings import (
    GatewaySettings,
    KeySettings,
    Settings,
    SmarthostSettings,
    SmtpSettings,
)
from schemas.envelope import armour
from schemas.errors import WireError
from schemas.mail import token
from schemas.mail.find import find_block
from schemas.mail.read import Mail, read_mail

GOLDEN = Path(__file__).parent / "letters"
KEYS = TokenKeys(b"r" * 32, b"b" * 32)
SEALED = bytes(range(90))
SETTINGS = Settings(
    GatewaySettings(domain="pay.example.jp", reply_domain="r.pay.example.jp"),
    KeySettings(),
    SmtpSettings(hostname="mx.pay.example.jp"),
    SmarthostSettings(),
)
APPROVED = News(
    payment_id=7,
    letter=Letter.APPROVED,
    outcome=Outcome.APPROVED,
    version=1,
    amount_minor=1234,
    currency=392,
    masked_card="411111******1111",
    approval_number="123456",
    slip=12,
    reference="000012345678",
    reason="",
    time_ms=1_800_000_000_999,
    language="ja",
    merchant_name="山の店",
    recipient="mise@docomo.ne.jp",
    in_reply_to="abc@docomo.ne.jp",
    sealed_result=SEALED,
    check_code="12345678",
)
HOSTILE = (
    "",
    "1",
    "2",
    "{{ amount }}",
    "{% if x %}",
    "a\nb",
    "=?utf-8?q?x?=",
    "\0card\0",
    "%s",
    "葉書 ",
    "block",
    "<b>&",
)
UNSEALED = (Letter.DAMAGED, Letter.KEY_USED)
WITH_REASON = (Letter.NOT_RETURNED, Letter.NOT_CANCELLED)
RETURNS = (
    *(Letter.RETURNED, Letter.RETURN_IN_DOUBT, *WITH_REASON),
    *(Letter.CANCEL_DONE, Letter.CANCEL_RETURNED, Letter.CANCEL_IN_DOUBT),
)
NOT_A_NO = (Letter.APPROVED, Letter.IN_DOUBT, Letter.MORE_WANTED, Letter.UNCLEAR, *RETURNS)
CHARGED = {"ja": "請求されて", "en": "not charged"}
KINDS = [kind for kind in Letter if kind not in NOTICES | OF_ORDERS]
CASES = [(kind, language) for kind in KINDS for language in ("ja", "en")]


def news_of(kind: Letter, language: str) -> News:
    if kind is Letter.APPROVED:
        return replace(APPROVED, language=language)
    reason = {"ja": "別のカードをお願いします。", "en": "Please ask for another card."}[language]
    news = replace(APPROVED, letter=kind, language=language, approval_number="", reason=reason, version=2)
    if kind in RETURNS:
        return replace(news, original="000012345670", reason=reason if kind in WITH_REASON else "")
    if kind in UNSEALED:
        return replace(
            news, outcome=None, sealed_result=None, check_code="", reference="", amount_minor=0, slip=0
        )
    return news


def compose(news: News, **more) -> Mail:
    mail = read_mail(Compose(SETTINGS, KEYS, **more).compose(news).raw)
    assert isinstance(mail, Mail)
    return mail


@pytest.mark.parametrize(("kind", "language"), CASES)
def test_letter_says_exactly_this(kind: Letter, language: str) -> None:
    mail = compose(news_of(kind, language))
    golden = (GOLDEN / f"{language}-{kind.value}.txt").read_text("utf-8")
    assert f"{mail.subject}\n\n{mail.texts[0]}" == golden


def test_no_golden_letter_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {
        f"{language}-{kind.value}" for kind, language in CASES
    }


@pytest.mark.parametrize(("kind", "language"), CASES)
def test_outcome_and_reference_stand_in_the_subject_and_the_first_line(kind: Letter, language: str) -> None:
    mail = compose(news_of(kind, language))
    first = mail.texts[0].splitlines()[0]
    assert mail.subject == f"[Hagaki] {first}"
    assert ("H7" if kind in UNSEALED else "000012345678") in first


@pytest.mark.parametrize(("kind", "language"), CASES)
def test_a_letter_fits_a_phone_and_has_no_link(kind: Letter, language: str) -> None:
    text = compose(news_of(kind, language)).texts[0]
    before = text.partition("BEGIN HAGAKI")[0].splitlines()
    assert len(before) < 30
    for line in before:
        columns = sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in line)
        assert columns <= (70 if language == "ja" else 80), line
    assert not re.search(r"https?:|www\.", text)


@pytest.mark.parametrize(("kind", "language"), CASES)
def test_the_sealed_result_stands_in_the_body_and_in_the_attachment(kind: Letter, language: str) -> None:
    mail = compose(news_of(kind, language))
    if kind in UNSEALED:
        assert len(mail.texts) == 1
        return
    for text in mail.texts:
        assert find_block(replace(mail, texts=(text,)), armour.RESULT) == (armour.RESULT, SEALED)
    assert len(mail.texts) == 2


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in (*UNSEALED, *NOT_A_NO)])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_who_was_not_charged_is_told_so(kind: Letter, language: str) -> None:
    assert CHARGED[language] in compose(news_of(kind, language)).texts[0]


def test_in_doubt_never_says_that_nothing_was_charged_and_forbids_both_mistakes() -> None:
    for language, forbidden in (
        ("ja", ("渡さないで", "やり直さないで", "最終のお知らせ")),
        ("en", ("not hand over", "not try", "final notice")),
    ):
        text = compose(news_of(Letter.IN_DOUBT, language)).texts[0]
        assert all(words in text for words in forbidden)
        assert CHARGED[language] not in text


def test_a_return_in_doubt_forbids_both_mistakes_and_says_neither_yes_nor_no() -> None:
    for language, forbidden, answers in (
        ("ja", ("返金しないで", "やり直さないで", "最終のお知らせ"), ("返金しました", "返金していません")),
        (
            "en",
            ("not give it back another way", "not try", "final notice"),
            ("is given back to", "not given back"),
        ),
    ):
        text = compose(news_of(Letter.RETURN_IN_DOUBT, language)).texts[0]
        assert all(words in text for words in forbidden)
        assert not any(words in text for words in answers)
        assert "000012345670" in text, "which sale it gives back"


def test_a_cancel_in_doubt_forbids_to_hand_over_and_to_move_money_another_way() -> None:
    for language, forbidden in (
        ("ja", ("渡さないで", "ほかの方法で返金したり、支払いを受けたりしないで", "最終のお知らせ")),
        ("en", ("not hand over", "not give the money back another way", "no other payment", "final notice")),
    ):
        text = compose(news_of(Letter.CANCEL_IN_DOUBT, language)).texts[0]
        assert all(words in text for words in forbidden)
        assert CHARGED[language] not in text
        assert "000012345670" in text, "which sale it cancels"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_damaged_copy_says_nothing_about_the_sale_itself(language: str) -> None:
    """Another copy may have arrived whole, and may have been charged."""
    for kind in (*UNSEALED, Letter.UNCLEAR, Letter.IN_DOUBT):
        assert CHARGED[language] not in compose(news_of(kind, language)).texts[0]


def test_headers() -> None:
    composed = Compose(SETTINGS, KEYS).compose(APPROVED)
    head = composed.raw.partition(b"\r\n\r\n")[0].decode()
    reply = token.make(KEYS.reply, token.REPLY, 7, APPROVED.recipient, NEVER)
    bounce = token.make(KEYS.bounce, token.BOUNCE, token.letter_ident(7, 1), APPROVED.recipient, NEVER)
    assert composed.message_id == f"<{reply}.approved.1@pay.example.jp>"
    assert (composed.sender, composed.recipient) == (f"{bounce}@r.pay.example.jp", "mise@docomo.ne.jp")
    for line in (
        "From: Hagaki <sale@pay.example.jp>",
        "To: mise@docomo.ne.jp",
        f"Reply-To: {reply}@r.pay.example.jp",
        "Date: Fri, 15 Jan 2027 17:00:00 +0900",
        f"Message-ID: {composed.message_id}",
        "Auto-Submitted: auto-replied",
        "X-Auto-Response-Suppress: All",
        "In-Reply-To: <abc@docomo.ne.jp>",
        "References: <abc@docomo.ne.jp>",
    ):
        assert line in head.split("\r\n")


@pytest.mark.parametrize("asked", ["", "x y", "a>\r\nBcc: z@y", "山@x", "x" * 300])
def test_an_unsafe_message_id_of_the_sale_is_left_out(asked: str) -> None:
    raw = Compose(SETTINGS, KEYS).compose(replace(APPROVED, in_reply_to=asked)).raw
    assert b"In-Reply-To" not in raw
    assert b"Bcc" not in raw


def test_a_message_id_with_its_brackets_is_the_same() -> None:
    compose_one = Compose(SETTINGS, KEYS).compose
    assert compose_one(replace(APPROVED, in_reply_to="<abc@docomo.ne.jp>")) == compose_one(APPROVED)


def test_what_a_host_sends_cannot_forge_a_line_or_a_header() -> None:
    evil = "1\r\nBcc: x@y\r\n\r\nOK \u202e=?utf-8?Q?=0A?="
    mail = compose(replace(APPROVED, reference=evil, approval_number=evil, merchant_name=evil, reason=evil))
    assert mail.subject == "[Hagaki] 承認 1,234円 照会番号 1 Bcc: x@y OK = ?utf-8?Q?=0A?="
    assert not any(line.startswith("Bcc") for line in mail.texts[0].splitlines())


def test_same_news_same_bytes_and_a_new_version_another_message_id() -> None:
    first, second = (Compose(SETTINGS, KEYS).compose(APPROVED) for _ in range(2))
    assert first == second
    assert Compose(SETTINGS, KEYS).compose(replace(APPROVED, version=2)).message_id != first.message_id


def test_an_old_phone_gets_iso_2022_jp_and_the_same_words() -> None:
    raw = Compose(SETTINGS, KEYS, frozenset({"mise@docomo.ne.jp"})).compose(APPROVED).raw
    assert b"charset=iso-2022-jp" in raw
    assert b"=?ISO-2022-JP?B?" in raw
    mail = read_mail(raw)
    assert isinstance(mail, Mail)
    assert mail == compose(APPROVED)


def test_a_language_nobody_wrote_is_english() -> None:
    assert "APPROVED JPY 1,234" in compose(replace(APPROVED, language="fr")).subject


def test_a_recipient_that_is_no_address_is_refused() -> None:
    with pytest.raises(WireError, match="address-form"):
        Compose(SETTINGS, KEYS).compose(replace(APPROVED, recipient="a@b\r\nBcc: c@d"))


def test_keys_are_never_printed() -> None:
    assert "rrr" not in repr(KEYS)
    assert "bbb" not in repr(KEYS)


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        (1_234_567, 392, "ja", "1,234,567円"),
        (0, 392, "en", "JPY 0"),
        (5, 840, "ja", "USD 0.05"),
        (123_456, 978, "en", "EUR 1,234.56"),
        (1_005, 48, "en", "BHD 1.005"),
        (1_234, 8, "en", "1,234 (008, minor units)"),
        (10**15 + 1, 840, "en", "USD 10,000,000,000,000.01"),
    ],
)
def test_amounts(amount: int, currency: int, language: str, text: str) -> None:
    assert shown(amount, currency, language) == text


def test_yen_has_no_decimals() -> None:
    assert CURRENCIES[392].exponent == 0


def test_the_schedule_has_no_end() -> None:
    day_ms = 86_400_000
    assert [wait_s(attempt, 0) for attempt in range(1, 10)] == [10, 30, 60, 120, 300, 600, 900, 900, 900]
    assert wait_s(500, day_ms - 1) == 900
    assert wait_s(1, day_ms) == wait_s(100_000, 3650 * day_ms) == 3600


@pytest.mark.parametrize(("kind", "language"), CASES)
def test_a_letter_joined_from_pieces_is_the_rendered_one(kind: Letter, language: str) -> None:
    plainly, prepared = Compose(SETTINGS, KEYS), Compose(SETTINGS, KEYS)
    plainly._skeletons.join = plainly.render  # type: ignore[method-assign]
    texts = ("masked_card", "approval_number", "reference", "reason", "merchant_name", "check_code")
    news = news_of(kind, language)
    for hostile in HOSTILE:
        for name in texts:
            for version in (1, 2, 11):
                other = replace(news, version=version, **{name: hostile})
                assert prepared.compose(other) == plainly.compose(other)
    for name in ("slip", "amount_minor", "currency"):
        other = replace(news, **{name: 0})
        assert prepared.compose(other) == plainly.compose(other)


def test_templates_ask_of_a_word_only_whether_there_is_one() -> None:
    compare = f'{COMPARED} != "{WITH}"'
    letters = [path for path in TEMPLATES.rglob("*.j2") if path.name.partition(".")[0] in KINDS]
    parts = {part for path in letters for part in re.findall(r'include "([^"]+)"', path.read_text("utf-8"))}
    for path in (*letters, *(TEMPLATES / part for part in parts)):
        for tag in re.findall(r"{%-?\s*(.*?)\s*-?%}|{{(.*?)}}", path.read_text(encoding="utf-8")):
            said = "".join(tag).strip()
            allowed = rf'(if )?[a-z_]+|else|endif|include "[^"]*"|if {re.escape(compare)}'
            assert re.fullmatch(allowed, said), f"{path.name}: {said}"
