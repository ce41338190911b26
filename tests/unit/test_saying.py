"""What a customer's lines mean: known words alone; a doubt anywhere, and nothing counts."""

from __future__ import annotations

import pytest
from cost import cost_s

from mail_gateway.domain import saying_words
from mail_gateway.domain.saying import Meaning, Said, read
from schemas.mail import html
from schemas.mail.said import said as written
from schemas.mail.subjects import is_automatic, is_no_answer, own_words

CODE = "BCDFH"
NAMES = ("山田 太郎", "Taro Yamada", "山の店")
YES, NO, OF_CODE, OCRA, UNCLEAR = Meaning.YES, Meaning.NO, Meaning.CODE, Meaning.OCRA, Meaning.UNCLEAR


def said(text: str, subject: str = "") -> Said:
    return read(text.split("\n"), CODE, names=NAMES, passed_on=is_no_answer(subject))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        *(
            ("はい", YES),
            ("ﾊｲ。", YES),
            ("ＯＫ！！", YES),
            ("「はい」", YES),
            ("→ はい", YES),
            ("はい〜😊", YES),
        ),
        *(
            ("*Yes*", YES),
            ("O.K.", YES),
            ("Yes, please.", YES),
            ("ok\u200b", YES),
            ("𝐲𝐞𝐬", YES),
            ("は い", YES),
        ),
        *(
            ("いいえ", NO),
            ("No, thank you!", NO),
            ("キャンセルしてください。", NO),
            ("いいえ、結構です。", NO),
        ),
        *(("BCDFH", OF_CODE), ("bcdfh", OF_CODE), ("ｂｃｄｆｈ", OF_CODE), ("B C D F H", OF_CODE)),
        *(
            ("BCD-FH", OF_CODE),
            ("はい\nBCDFH", OF_CODE),
            ("はい BCDFH", OF_CODE),
            ("はい、ＢＣＤＦＨ", OF_CODE),
        ),
        *(
            ("コードはBCDFHです。", UNCLEAR),
            ("yes and BCDFH", OF_CODE),
            ("Code: bcdfh", UNCLEAR),
            ("はい。コードはBCDFHです。", OF_CODE),
        ),
        *(("はいBCDFH", OF_CODE), ("「はい」\n「BCDFH」", OF_CODE), ("BCDFHでお願いします", OF_CODE)),
        *(("12345678", OCRA), ("１２３４ ５６７８", OCRA), ("12-34-56-78", OCRA), ("答え: 12345678", OCRA)),
        *(("はい\n12345678", OCRA), ("BCDFH\n1234 5678", OCRA), ("12345678\n1234-5678", OCRA)),
        (
            "山の店 御中\nお世話になっております。山田です。\nはい、お願いします。\nよろしく。\n山田太郎",
            YES,
        ),
        ("Hi,\n\nYes.\n\nBest regards,\nTaro Yamada", YES),
        ("Dear 山の店,\nyes BCDFH\nThanks!\nTaro", OF_CODE),
        ("はい\n-- \n山田太郎\nTEL 03-1234-5678\nhttps://yama.example/", YES),
        ("はい\n━━━━━━━━\n山田太郎\n大阪市北区1-2-3\n━━━━━━━━", YES),
        ("はい\n\niPhoneから送信", YES),
        ("Yes\n\nSent from my iPhone", YES),
        ("はい\nOutlook for Android を入手<https://aka.ms/x>", YES),
        ("yes\nGet Outlook for iOS<https://aka.ms/x>", YES),
        ("yes\nSent with Proton Mail secure email.", YES),
        ("はい\nYahoo!メールアプリから送信", YES),
        ("yes\nVirus-free. www.avast.com", YES),
    ],
)
def test_what_is_understood(text: str, meaning: Meaning) -> None:
    assert said(text).meaning is meaning


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "はい?",
            "OK？",
            "OKではありません",
            "はいではない",
            "not OK",
            "yes no",
            "はい・いいえ",
            "はい/いいえ",
        ),
        *(
            "はい\nいいえ",
            "yes\n2",
            "はい\n2個でお願いします",
            "はい、ただし明日まで",
            "yes, but blue",
            "yes if free",
        ),
        *(
            "Yes unless it is late",
            "はい。届くのはいつですか。",
            "はいと言いたい",
            "ОК",
            "ΟΚ",
            "0K",
            "уes",
            "はぃ",
        ),
        *(
            "~~はい~~",
            "y\u0336e\u0336s\u0336",
            "-yes-",
            "はい(笑)",
            "はい🙅",
            "👍",
            "[x] はい [ ] いいえ",
            "大丈夫です",
        ),
        *(
            "結構です",
            "いいです",
            "いいですよ",
            "了解しました",
            "お願いします",
            "thanks",
            "sure",
            "考えます",
            "y",
            "1",
        ),
        *("yesterday", "okinawa", "はいけい", "BCDFHH", "BCDF", "1234567", "123456789", "12345678\n87654321"),
        *("BCDFH\nBCDFJ", "いいえ BCDFH", "no 12345678", "はい BCDFH 3個", "--\nはい", "━━━━\nOK\n━━━━"),
        *(
            "はい\n--\nいいえ",
            "はい\n--\nただし1つだけ",
            "はい\n--\n" + "x\n" * 20,
            "はい\n" + "\n".join(["ありがとう"] * 90),
        ),
        *(
            "はい" + " " * 300 + "いいえ",
            "はい\nhttps://x.example/ を見て",
            "Sent from my iPhone",
            "山田太郎",
            "はい はい でも",
        ),
        *(
            "はい\nSent from my iPhone but not yes",
            "はい\n返金後に送信",
            "はい\nキャンセル後にiphoneから送信",
        ),
    ],
)
def test_what_is_not(text: str) -> None:
    found = said(text)
    assert found.meaning is UNCLEAR
    assert not (found.yes or found.no or found.code or found.ocra), "nothing is left to act upon"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("BCDFJ", True),
        ("はい BCDFJ", True),
        ("B C D F J", True),
        ("hello", False),
        ("BCDFA", False),
        ("", False),
    ],
)
def test_a_word_of_a_codes_shape_that_is_not_the_code(text: str, wrong: bool) -> None:
    assert said(text).wrong_code is wrong
    assert said(text).meaning is UNCLEAR


def test_every_word_of_the_tables_means_what_its_table_says() -> None:
    for table, meaning in (
        ((*saying_words.YES_JA, *saying_words.YES_EN), YES),
        ((*saying_words.NO_JA, *saying_words.NO_EN), NO),
        ((*saying_words.COURTESY, *saying_words.LABELS, *saying_words.LINKS), UNCLEAR),
    ):
        assert {word for word in table if said(word).meaning is not meaning} == set()


def test_no_word_with_more_behind_it_or_before_it_is_the_word() -> None:
    for word in (*saying_words.YES_JA, *saying_words.YES_EN):
        for more in ("ではない", "か", "?", "かも", " not", "n't", "x", " ×", "❌"):
            assert said(word + more).meaning is UNCLEAR, word + more
        for more in ("not ", "un", "でも", "× "):
            assert said(more + word).meaning is UNCLEAR, more + word


@pytest.mark.parametrize(
    ("subject", "nothing", "robot"),
    [
        *(("Re: [Hagaki] YOUR ORDER?", False, False), ("", False, False), ("はい BCDFH", False, False)),
        *(("Fwd: [Hagaki] YOUR ORDER?", True, False), ("Re: Fw: x", True, False), ("転送: x", True, False)),
        *(("Re[2]: ＦＷＤ： x", True, False), ("WG: x", True, False), ("Automatic reply: x", True, True)),
        *(("Re: 不在のため Re: x", True, True), ("自動応答: x", True, True), ("x (自動返信)", True, True)),
        *(("Out of Office Re: x", True, True), ("開封確認: x", True, True), ("Read: x", True, True)),
        *(("Undeliverable: x", True, True), ("既読: x", True, True), ("Reader order", False, False)),
    ],
)
def test_a_subject_never_confirms_and_may_say_that_nothing_does(
    subject: str,
    nothing: bool,
    robot: bool,
) -> None:
    assert (is_no_answer(subject), is_automatic(subject)) == (nothing, robot)
    assert said("", subject).meaning is UNCLEAR
    assert said("はい", subject).meaning is (UNCLEAR if nothing else YES)


@pytest.mark.parametrize(
    ("subject", "says_no"),
    [
        *(("Re: [Hagaki] YOUR ORDER? code BCDFH No Name", False), ("Re: 注文 No.12", False), ("yes", False)),
        *(("注文キャンセル Re: [Hagaki] YOUR ORDER? code BCDFH No Name", True), ("Cancel BCDFH", True)),
        *(("ＣＡＮＣＥＬ", True), ("Re: No!", True), ("買いません", True), ("I don’t want it", True)),
    ],
)
def test_a_customers_own_subject_may_speak_against_the_yes_below(subject: str, *, says_no: bool) -> None:
    own = own_words(subject, ["[Hagaki] YOUR ORDER? code BCDFH No Name", ""])
    for text, meaning in (("yes", YES), ("BCDFH", OF_CODE), ("12345678", OCRA)):
        assert read([text], CODE, subject=own).meaning is (UNCLEAR if says_no else meaning)
    assert read(["キャンセル"], CODE, subject=own).meaning is NO


def test_whatever_is_written_is_read_at_once() -> None:
    for piece in ("a", "yes ", "1 ", "- ", "はい、", "😊", "u\u0301", "(", "━", "送信", "https://a"):
        lines = [piece * 30_000] * 50
        assert (
            cost_s(
                lambda lines=lines: (is_no_answer(lines[0]), read(lines, CODE, names=lines[:3])), enough_s=1
            )
            < 1
        )


@pytest.mark.parametrize(
    "text",
    [
        *(
            "はい...",
            "はい。。。",
            "yes..",
            "はい・・・",
            "¬yes",
            "ご注文コード BCDFH",
            "...",
            "♪",
            "yes; if",
        ),
        *(
            "yes\nsent from my iphone 2 pieces please",
            "はい\n2個のiPhoneから送信",
            "はい\n返金を確認してから送信",
        ),
        *("はい BCDFH\n--\n二つのうち一つ", "はい\n--\n時間指定 18時", "はい\n____\n山田\n青いほう"),
        *(
            "yes\n--\nno boots",
            "yes\n--\nno longer wanted",
            "yes\n--\nchanged my mind",
            "yes\n--\njust one jar",
        ),
        *("yes\n____\nTaro\nwithout the boots", "yes\n____\nTaro\nsize 27", "yes\n--\nforget it"),
        *("はい\n----\n3 pieces", "はい\n----\nthree of them", "はい\n====\n赤い方"),
        *("はい\n[...]: below an older mail", "はい\n[...]: cut off", "はい\n~~struck out~~"),
    ],
)
def test_what_looks_like_a_signature_or_a_sigh(text: str) -> None:
    assert said(text).meaning is UNCLEAR


@pytest.mark.parametrize(
    "markup",
    [
        *("<s>yes BCDFH</s>", "<del>BCDFH</del>", "<s>はい</s> BCDFH", "BCDFH <s>yes</s>", "<s> yes</s>"),
        *("<s><div>yes</div><div>BCDFH</div></s>", "<p style='text-decoration:line-through'>yes BCDFH</p>"),
        *("<div style='display:none'><br>BCDFH</div>", "<s><s>yes</s></s>", "<s>(yes)</s>", "<s>- yes</s>"),
        *("<s><s><div>yes BCDFH</div></s></s>", "<s>* <br>yes</s>", "- <s><br>yes</s>"),
    ],
)
def test_what_is_struck_out_is_no_answer(markup: str) -> None:
    assert read(written(html.unquoted(markup), (), ()), CODE).meaning is UNCLEAR


def test_a_name_that_is_also_an_answer_is_neither() -> None:
    names = ("No Min-ho", "OK Store")
    assert read(["Dear OK Store,", "yes", "No Min-ho"], CODE, names=names).meaning is YES
    assert read(["OK"], CODE, names=names).meaning is UNCLEAR
    assert read(["No"], CODE, names=names).meaning is UNCLEAR
    assert read(["yes", "No"], CODE, names=names).meaning is UNCLEAR
    assert read(["はい", "OK様"], CODE, names=names).meaning is YES
