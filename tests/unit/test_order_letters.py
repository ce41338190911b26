"""Letters about orders: everything a customer pays for is in them, and nothing in them can be an answer."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from email import message_from_bytes
from itertools import cycle, product
from pathlib import Path
from typing import Any

import order_letters
import pytest
from order_letters import LINES, OCRA_ONLY, ORDER, TOKENS, composed, html_of, news, read

from mail_gateway.domain import saying
from mail_gateway.domain.order import DEAD, Foreign, Line, OrderState, Settle
from mail_gateway.domain.order_news import ASKING, TO_SHOP, WHY, OrderNews, bands
from mail_gateway.domain.outcome import OF_ORDERS, Letter
from mail_gateway.domain.receipt import Rounding
from mail_gateway.domain.saying import Said
from mail_gateway.outbox.compose import NEVER
from schemas.deal import layout
from schemas.errors import WireError
from schemas.mail import html, token
from schemas.mail.said import said as lines_of

GOLDEN = Path(__file__).parent / "order_letters"
LANGUAGES = ("ja", "en")
KINDS = sorted(OF_ORDERS)
ANSWERS = frozenset(
    {
        *("yes", "no", "ok", "okay", "y", "n", "buy", "cancel", "confirm", "agree", "accept"),
        *(
            "はい",
            "いいえ",
            "ハイ",
            "イイエ",
            "買う",
            "買います",
            "やめる",
            "やめます",
            "了解",
            "承認",
            "確認",
        ),
    }
)
"""Whole lines that any reader of answers may take for one."""


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in line)


def seen(told: OrderNews) -> list[str]:
    """What the customer sees: the text, and what is seen of the HTML, each as one string without breaks."""
    return ["".join(text.split()) for text in (read(told).texts[0], html.strip(html_of(told)))]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_says_what_happened_first_and_fits_a_phone(kind: Letter, language: str) -> None:
    mail = read(news(kind, language))
    lines = mail.texts[0].splitlines()
    assert mail.subject == f"[Hagaki] {lines[0]}"
    assert ("12,345円" if language == "ja" else "JPY 12,345") in lines[0]
    assert (ORDER.deal_id if kind in TO_SHOP | {Letter.ORDER_LOCKED} else ORDER.code) in lines[0]
    assert "http" not in mail.texts[0] and "\n\n\n" not in mail.texts[0]
    assert max(map(columns, lines)) <= (70 if language == "ja" else 76)
    for line in LINES:
        assert line.name in mail.texts[0]
    assert len(composed(news(kind, language)).raw) < 12_000


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(ASKING))
@pytest.mark.parametrize("policy", [order_letters.POLICY, OCRA_ONLY])
def test_a_question_shows_all_that_is_paid_for_in_text_and_in_html(
    kind: Letter, language: str, policy: order_letters.Policy
) -> None:
    def yen(text: str) -> str:
        return f"{text}円" if language == "ja" else f"JPY{text}"

    times = "×" if language == "ja" else "x"
    facts = [
        *("山の店" if language == "ja" else "YamaStore", "D-20261121-0042", "Visa****1111"),
        *("2026-11-2119:46JST", "2026-11-2419:46JST"),
        *("信州りんごジャム(JAM-01)", "上高地ペナント", "登山靴26.5cm防水(BOOT-265)"),
        *(f"{yen('540')}{times}2={yen('1,080')}", f"{yen('10,000')}{times}1={yen('10,000')}"),
        *(yen("12,345"), yen("11,265"), yen("1,024"), yen("1,080"), yen("80")),
        *("(1USD=JPY148.65;ECB2026-11-20):USD83.05", "長野県松本市安曇上高地1-2-3山田花子様"),
    ]
    facts += [ORDER.code] if policy is not OCRA_ONLY else [layout.question(ORDER.deal)]
    told = news(kind, language, policy=policy)
    for text in seen(told):
        for fact in facts:
            assert fact in text, fact


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_question_is_the_one_in_the_documents(language: str) -> None:
    mail = read(news(Letter.QUESTION, language))
    assert f"{mail.subject}\n\n{mail.texts[0]}" == (GOLDEN / f"{language}-question.txt").read_text("utf-8")


def test_the_tax_of_the_lines_is_rounded_once_a_rate() -> None:
    one = Line("a", "", 101, 1, None, 8)
    found = bands((one, one, one, Line("b", "", 110, 1), Line("c", "", 50, 2, None, 0)), Rounding.DOWN)
    assert [(band.rate, band.amount_minor, band.tax_minor) for band in found] == [
        *((10, 110, 10), (8, 303, 22), (0, 100, 0))
    ]
    assert sum(band.tax_minor for band in bands(LINES, Rounding.DOWN)) == ORDER.tax_minor


def hostile(words: str, language: str, kind: Letter = Letter.QUESTION) -> OrderNews:
    """An order of which everything that others can choose is that text."""
    told = news(kind, language, delivery=words, foreign=Foreign(840, 1, "1", words))
    customer = replace(told.parties.customer, name=words)
    seller = replace(told.parties.seller, name=words, registration_number=words)
    lines = tuple(Line(words, words, 1, 1) for _ in range(3))
    parties = replace(told.parties, seller=seller, customer=customer, lines=lines, means=words)
    return replace(told, parties=parties, why=words)


def bare(line: str) -> str:
    """A line as the most generous reader of answers may see it."""
    folded = unicodedata.normalize("NFKC", line).casefold()
    return "".join(sign for sign in folded if sign.isalnum())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(ASKING))
@pytest.mark.parametrize("policy", [order_letters.POLICY, OCRA_ONLY])
def test_no_line_of_a_question_can_be_its_answer(
    kind: Letter, language: str, policy: order_letters.Policy
) -> None:
    answers = {bare(word) for word in (*ANSWERS, ORDER.code)}
    for words in ("", "Yes", "はい", "いいえ", "OK", "12345678", ORDER.code):
        told = hostile(words, language, kind) if words else news(kind, language, policy=policy)
        markup = html_of(told)
        every_tag_is_a_break = html.strip(re.sub(r"<[^>]*>", "<br>", markup.partition("</head>")[2]))
        texts = (read(told).texts[0], html.strip(markup), html.unquoted(markup), every_tag_is_a_break)
        for line in (line for text in texts for line in text.splitlines() if line.strip()):
            assert bare(line) not in answers
            is_of_the_customer = bool(words) and line.startswith(("Dear ", words))
            assert is_of_the_customer or saying.read([line], ORDER.code) == Said(), line


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_that_a_mail_program_wraps_has_no_answer_on_a_line_of_its_own(language: str) -> None:
    answers = {bare(word) for word in (*ANSWERS, ORDER.code)}
    for line in every_line(language):
        for piece in {one for width in range(24, 100) for one in wrapped(line, width)} | set(cut(line)):
            assert bare(piece) not in answers, line
            assert saying.read([piece], ORDER.code) == Said(), line


def test_a_shop_cannot_have_its_customer_say_yes_by_where_a_long_line_breaks() -> None:
    for length, width in product(range(40, 80), (72, 76)):
        told = news(Letter.QUESTION, "en", delivery=f"{'a' * length} yes")
        sent = read(told).texts
        quoted = [piece for line in sent[0].splitlines() for piece in wrapped(line, width)]
        lines = lines_of("\n".join(quoted), sent, ("pay.example", "r.pay.example"))
        assert saying.read(lines, ORDER.code) == Said()


def every_line(language: str) -> set[str]:
    """Of every question there is, as text and as HTML shows it."""
    ways = [{"settle": settle} for settle in Settle] + [{"ask_first": True}]
    told = [
        replace(news(kind, language, policy=policy, **way), why=why)
        for kind in sorted(ASKING)
        for policy in (order_letters.POLICY, OCRA_ONLY)
        for way, why in zip(cycle(ways), sorted(WHY), strict=False)
    ]
    texts = [text for one in told for text in (read(one).texts[0], html.strip(html_of(one)))]
    return {line for text in texts for line in text.splitlines()}


def cut(line: str) -> list[str]:
    """Both pieces of a line that is broken anywhere, as Japanese is, but for its first 24 columns."""
    if not any("\u3040" <= sign < "\ua000" for sign in line):
        return []
    breaks = (at for at in range(len(line)) if columns(line[:at]) >= 24)
    return [piece for at in breaks for piece in (line[:at], line[at:])]


def wrapped(line: str, width: int) -> list[str]:
    """As most programs do: at spaces, as late as the width allows."""
    pieces = [""]
    for word in line.split():
        if pieces[-1] and len(pieces[-1]) + 1 + len(word) > width:
            pieces.append("")
        pieces[-1] = f"{pieces[-1]} {word}".strip()
    return pieces


@pytest.mark.parametrize(
    "words",
    [
        '<script>alert("x")</script>',
        '"><img src=x onerror=alert(1)>',
        "</p></div></body><a href='https://evil.example/yes'>yes</a>",
        "{{ code }}{% raw %}",
        "&lt;b&gt;",
        "<!--",
    ],
)
def test_what_others_wrote_is_shown_and_never_markup(words: str) -> None:
    for kind in sorted(ASKING):
        markup = html_of(hostile(words, "ja", kind))
        assert tags(markup) == tags(html_of(hostile("words", "ja", kind)))
        assert "".join(words.split()) in "".join(html.strip(markup).split())


def tags(markup: str) -> list[str]:
    return re.findall(r"<[^>]*>", markup)


@pytest.mark.parametrize("kind", KINDS)
def test_no_letter_has_a_link_that_confirms(kind: Letter) -> None:
    markup = html_of(news(kind, policy=OCRA_ONLY))
    links = re.findall(r'(?:href|src|action)="([^"]*)"', markup)
    reply_to = str(message_from_bytes(composed(news(kind)).raw)["Reply-To"])
    page = f"https://pay.example/deal/{reply_to.partition('@')[0]}"
    assert links == ([page] if kind in ASKING else [])
    assert not re.search(r"<(form|input|button|img|script|link|iframe|style)\b", markup)
    assert "href" not in html_of(news(kind))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_large_amount_asks_for_the_computed_digits_and_not_for_the_code(language: str) -> None:
    text = read(news(Letter.QUESTION, language, policy=OCRA_ONLY)).texts[0]
    question = layout.question(ORDER.deal)
    assert text.splitlines().count(question) == 1
    assert re.findall(r"(?<![0-9a-z])[0-9a-f]{64}(?![0-9a-z])", text) == [question]
    assert "hagaki proof" in text
    assert ("8桁" if language == "ja" else "eight digits") in text
    assert "「はい」" not in text and '"yes"' not in text


@pytest.mark.parametrize(
    "text", ["はい KXWTR", "「はい」KXWTR", "はい\nＫＸＷＴＲ", "yes KXWTR", '"Yes" kxwtr', "Yes,\nKXWTR"]
)
def test_who_writes_what_the_question_tells_to_write_has_bought(text: str) -> None:
    assert said(text, news(Letter.QUESTION)) == Said(yes=True, code=True)


@pytest.mark.parametrize("text", ["いいえ", "「いいえ」", "No", '"no"'])
def test_who_writes_no_has_not(text: str) -> None:
    assert said(text, news(Letter.QUESTION)) == Said(no=True)


def test_the_digits_alone_are_an_answer_where_they_are_asked_for() -> None:
    assert said("12345678", news(Letter.QUESTION, policy=OCRA_ONLY)) == Said(ocra="12345678")


def said(text: str, told: OrderNews) -> Said:
    """What is read of an answer above the whole question, quoted without marks."""
    sent = read(told).texts
    return saying.read(lines_of(f"{text}\n\n{sent[0]}", sent, ("pay.example", "r.pay.example")), ORDER.code)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_reason_to_ask_again_has_its_own_words(language: str) -> None:
    told = [replace(news(Letter.QUESTION_AGAIN, language), why=why) for why in sorted(WHY)]
    assert len({read(one).texts[0] for one in told}) == len(WHY)
    for one in told:
        text, markup = seen(one)
        reason = "".join(read(one).texts[0].splitlines()[4].split())
        assert reason in text and reason in markup


BACK = {"ja": "返金", "en": "given back"}
FREE = {"ja": "代金はかかりません", "en": "You are not charged"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (Letter.ORDER_REFUSED, OrderState.REFUSED),
        (Letter.ORDER_LAPSED, OrderState.LAPSED),
        (Letter.ORDER_CANCELLED, OrderState.CANCELLED),
        (Letter.ORDER_STATE, OrderState.REFUSED),
        (Letter.ORDER_STATE, OrderState.LAPSED),
        (Letter.ORDER_STATE, OrderState.CANCELLED),
    ],
)
def test_a_dead_order_says_what_becomes_of_the_money(kind: Letter, state: OrderState, language: str) -> None:
    held = read(news(kind, language, state=state)).texts[0]
    assert FREE[language] in held and BACK[language] not in held
    charged = read(news(kind, language, state=state, settle=Settle.AT_ONCE)).texts[0]
    assert BACK[language] in charged and FREE[language] not in charged
    asked_first = read(news(kind, language, state=state, settle=Settle.AT_ONCE, ask_first=True)).texts[0]
    assert FREE[language] in asked_first


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_after_the_end_gets_the_state_and_each_state_its_own_words(language: str) -> None:
    texts = {state: read(news(Letter.ORDER_STATE, language, state=state)).texts[0] for state in OrderState}
    made = {texts[state] for state in (OrderState.CONFIRMED, OrderState.CAPTURED, OrderState.HANDED_OVER)}
    assert len(made) == 1
    assert len(set(texts.values())) == 1 + len(DEAD) + 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shop_that_was_told_made_is_told_not_to_ship(language: str) -> None:
    dead = news(Letter.SHOP_DEAD, language, state=OrderState.FAILED, made_ms=order_letters.PLACED_MS)
    assert ("発送しないでください" if language == "ja" else "Do not ship") in read(dead).texts[0]
    made = read(news(Letter.SHOP_MADE, language, state=OrderState.CAPTURED)).texts[0]
    assert ORDER.delivery in made and "C-7Q4KDM" in made
    assert not re.search("hanako@|second@|KXWTR|1111", made)
    over_the_counter = read(news(Letter.SHOP_MADE, language, delivery="")).texts[0]
    assert ("お渡し" if language == "ja" else "hand the goods over") in over_the_counter


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [Letter.ORDER_RETURNED, Letter.SHOP_RETURNED])
def test_what_was_never_charged_is_not_said_to_be_given_back(kind: Letter, language: str) -> None:
    back = re.compile("返金(?!番号)|お返し" if language == "ja" else "(?i)back")
    for minor, state in ((1_265, OrderState.CONFIRMED), (order_letters.TOTAL, OrderState.RETURNED)):
        forgone = replace(order_letters.BACK, amount_minor=minor, payment=None)
        told = news(kind, language, state=state, returned_minor=minor, back=forgone)
        assert not back.search(read(told).texts[0])
        assert back.search(read(replace(told, back=order_letters.BACK)).texts[0].splitlines()[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_a_return_was_refused_is_in_words_and_of_a_lost_card_never(language: str) -> None:
    def text(code: str) -> str:
        back = replace(order_letters.BACK, code=code)
        return read(news(Letter.SHOP_NOT_RETURNED, language, back=back)).texts[0]

    assert ("お支払い方法では" if language == "ja" else "takes no refunds") in text("refund-unsupported")
    assert "X99" in text("X99")
    lost = text("41")
    assert "41" not in lost and ("紛失" if language == "ja" else "lost") not in lost


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shop_hears_of_its_stock_only_where_something_of_it_was_kept(language: str) -> None:
    told = news(Letter.SHOP_DEAD, language, state=OrderState.REFUSED)
    assert not any(words in read(told).texts[0] for words in ("在庫", "in stock again"))
    lines = (replace(LINES[0], product=1), *LINES[1:])
    told = replace(told, parties=replace(told.parties, lines=lines))
    assert any(words in read(told).texts[0] for words in ("在庫は元に", "in stock again"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_debit_nobody_is_told_that_its_money_came(language: str) -> None:
    def text(kind: Letter, **changes: Any) -> str:
        told = news(kind, language, **{"state": OrderState.CAPTURED, "ask_first": True, **changes})
        return read(replace(told, parties=replace(told.parties, is_debit=True))).texts[0]

    for kind, is_said in (
        (Letter.ORDER_CONFIRMED, ("後日の振替日に、お客様の口座", "debited on a later day")),
        (Letter.SHOP_MADE, ("後日、お客様の口座", "debited on a later day")),
        (Letter.ORDER_FAILED, ("銀行", "your bank")),
    ):
        assert is_said[LANGUAGES.index(language)] in text(kind)
        assert "いただきました" not in text(kind) and "been charged" not in text(kind)
    back = replace(order_letters.BACK, amount_minor=12_345)
    voided = {"state": OrderState.RETURNED, "returned_minor": 12_345, "back": back}
    for kind in (Letter.ORDER_RETURNED, Letter.SHOP_RETURNED):
        first = text(kind, **voided).splitlines()[0]
        assert any(one in first for one in ("代金の取り消し", "請求しません", "NOT CHARGED"))
        assert "on its way" not in text(kind, **voided) and "お返し" not in text(kind, **voided)


@pytest.mark.parametrize("kind", KINDS)
def test_who_answers_and_what_bounces_is_known_by_token(kind: Letter) -> None:
    letter = composed(news(kind))
    head = message_from_bytes(letter.raw)
    to = "shop@carrier.example" if kind in TO_SHOP else "hanako@docomo.example"
    to = "second@home.example" if kind is Letter.ORDER_LOCKED else to
    assert letter.recipient == head["To"] == to
    reply = token.read(head["Reply-To"].removesuffix("@r.pay.example"))
    assert (reply.kind, reply.ident) == ((token.DESK, 1) if kind in TO_SHOP else (token.ORDER, 7))
    assert token.verify(TOKENS.reply, reply, to, NEVER)
    bounce = token.read(letter.sender.removesuffix("@r.pay.example"))
    assert (bounce.kind, token.letter_of(bounce.ident)) == (token.ORDER_BOUNCE, (7, 1))
    assert token.verify(TOKENS.bounce, bounce, to, NEVER)
    assert letter.message_id == head["Message-ID"] == f"<{kind.value}.1.7@pay.example>"
    assert (head["Auto-Submitted"], head["In-Reply-To"]) == ("auto-generated", None)
    assert composed(news(kind)) == letter


def test_a_letter_that_answers_says_which_mail() -> None:
    head = message_from_bytes(composed(replace(news(Letter.ORDER_STATE), in_reply_to="<a@b.jp>")).raw)
    assert (head["Auto-Submitted"], head["In-Reply-To"]) == ("auto-replied", "<a@b.jp>")
    forged = replace(news(Letter.ORDER_STATE), in_reply_to="<a@b.jp>\r\nBcc: evil@x.example")
    assert message_from_bytes(composed(forged).raw)["Bcc"] is None


def test_without_a_second_address_the_first_hears_of_wrong_answers() -> None:
    told = news(Letter.ORDER_LOCKED)
    customer = replace(told.parties.customer, second_mail="")
    assert (
        replace(told, parties=replace(told.parties, customer=customer)).recipient == "hanako@docomo.example"
    )


def test_no_letter_goes_to_what_is_no_address() -> None:
    told = news(Letter.QUESTION)
    customer = replace(told.parties.customer, mail="a@b.jp>\r\nBcc: evil@x.example")
    with pytest.raises(WireError, match="address-form"):
        composed(replace(told, parties=replace(told.parties, customer=customer)))


def test_text_comes_first_and_html_beside_it() -> None:
    asked = message_from_bytes(composed(news(Letter.QUESTION)).raw)
    assert asked.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in asked.get_payload()] == ["text/plain", "text/html"]
    told = message_from_bytes(composed(news(Letter.ORDER_CONFIRMED)).raw)
    assert told.get_content_type() == "text/plain"
