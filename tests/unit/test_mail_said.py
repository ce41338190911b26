"""What a person wrote in an answer, as mail programs wrap it: no more and no less."""

from __future__ import annotations

import pytest
from cost import cost_s

from schemas.mail.read import Mail, read_mail
from schemas.mail.said import BELOW, CUT, OTHERWISE, said, said_in_both

LETTER = """確認待ち 1,200円 照会番号 000000000001

商品コードを書いて返信してください。この行はとても長いので、途中で折り返されることがあります。

加盟店: 山の店
"""
QUOTED = "".join(f"> {line}\n" for line in LETTER.splitlines())


def read(body: str) -> tuple[str, ...]:
    return said(body, [LETTER], ["pay.example"])


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("4901\n", ("4901",)),
        (f"4901\n\n{QUOTED}", ("4901",)),
        (f"{QUOTED}\n4901\n", ("4901",)),
        (f"4901\n\n{LETTER}", ("4901",)),  # quoted without marks
        ("４９０１　\n＞ 商品コード\n", ("4901",)),
        ("1. 4901\u200b\n\n\n2. 分割 3\n", ("1. 4901", "2. 分割 3")),
        ("ｱｲｳﾊﾞ\n", ("アイウバ",)),
        ("①４９０１\n⑫ 一括\n❷リボ\n", ("(1)4901", "(12) 一括", "(2)リボ")),
        (f"はい\n2026年11月21日(土) 18:00 Hagaki <sale@PAY.example>:\n{QUOTED}", ("はい",)),
        ("はい\nこの行はとても長いので、途中で折り返されるこ\nとがあります。\n", ("はい", BELOW)),
        ("はい\n商品コードを書いて返信してください。この行はとても長\n", ("はい", BELOW)),  # copied
        ("加盟店: 山の店\nはい\n", (BELOW, "はい")),
        (f"{QUOTED}とがあります。\nはい\n", ("とがあります。", "はい")),
        ("> この行はとても長いので、途中で折り返されるこ\nとがあります。\nはい\n", ("はい",)),
        (f"{LETTER}\nはい\n", (BELOW, "はい")),
        ("> 4901\n|4902\n》4903\nSale> 4904\n", ()),
        (
            "はい\n日時: 11月30日\n2026年11月21日(土) 18:00 Hagaki <sale@pay.example>:\n",
            ("はい", "日時: 11月30日"),
        ),
        (
            "yes\n11/30 18:00\nOn Sat, Nov 21, 2026 at 18:00\n<sale@pay.example> wrote:\n> x",
            ("yes", "11/30 18:00"),
        ),
        ("yes\nOn Sat, Nov 21, 2026 at 18:00 Hagaki\n<\nsale@pay.example> wrote:\n> x", ("yes",)),
        ("はい\n-----Original Message-----\nFrom: x\nSubject: y\n別の人\n", ("はい", BELOW, "別の人")),
        ("はい\nただし sale@pay.example に聞いてから:\n", ("はい", "ただし sale@pay.example に聞いてから:")),
        ("a" * 501 + "\n", ("a" * 500 + CUT,)),
        ("", ()),
        ("\n \n>>> x\n", ()),
        ("OKではありません\n", ("OKではありません",)),
    ],
)
def test_the_lines_of_a_person(body: str, lines: tuple[str, ...]) -> None:
    assert read(body) == lines


def test_the_body_is_the_plain_text_and_not_what_is_attached() -> None:
    raw = (
        b'Content-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: text/plain\n\n4901\n--x\n'
        b"Content-Type: text/html\n\n<p>4902</p>\n--x\nContent-Type: text/plain\n"
        b"Content-Disposition: attachment\n\n4903\n--x--\n"
    )
    mail = read_mail(raw)
    assert isinstance(mail, Mail)
    assert mail.body.split() == ["4901"]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<div>4901</div><blockquote>old<blockquote>older</blockquote>old</blockquote>", "4901"),
        ("4901<blockquote>never closed <p>x", "4901"),
        ("a</blockquote></blockquote>b", "a b"),
        ("<BLOCKQUOTE type=cite>x</BLOCKQUOTE>4901", "4901"),
    ],
)
def test_of_html_alone_the_quotations_are_left_out(markup: str, text: str) -> None:
    mail = read_mail(b"Content-Type: text/html\n\n" + markup.encode())
    assert isinstance(mail, Mail)
    assert said(mail.body, [], []) == tuple(text.split())
    assert "x" in mail.texts[0] or "old" in mail.texts[0] or "b" in mail.texts[0], (
        "a block may stand in a quote"
    )


def test_a_huge_answer_is_read_in_part_and_at_once() -> None:
    text = "a\u0301\u0323" * 10**5 + "\n" + "b\n" * 10**5

    def read() -> None:
        assert len(said(text, ["c" * 60_000, "d\n" * 30_000], ["pay.example"])) <= 2_001

    assert cost_s(read, enough_s=5) < 5


@pytest.mark.parametrize(
    ("plain", "seen", "agree"),
    [
        ("yes\nBCDFH", "yes\nBCDFH", True),
        ("*yes*\n\nGet Outlook for iOS <https://aka.ms/x>", "yes\nOutlook for iOS", True),
        ("yes\nBCDFH", "", True),
        ("yes\nBCDFH", "yes\nBCDFH\nbut only one", False),
        ("yes", "no", False),
        ("yes\nNobuko", "no\nNobuko", False),
    ],
)
def test_what_people_see_is_not_less_than_what_is_read(plain: str, seen: str, *, agree: bool) -> None:
    assert (said_in_both(plain, seen, (), ())[-1] != OTHERWISE) == agree
