"""The order form: what a shop may write, what is asked back, and what nobody may guess."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mail_gateway.domain import order_form, return_form
from mail_gateway.domain.order_form import Form
from mail_gateway.domain.order_return import WantReturn
from mail_gateway.domain.placing import WHY
from mail_gateway.outbox.compose import Compose, TokenKeys
from mail_gateway.settings import GatewaySettings, KeySettings, Settings, SmarthostSettings, SmtpSettings
from schemas.mail.said import said

HEAD = "order\ncustomer: C-1\n"
KINDS = (order_form.KIND, return_form.KIND)


def read(text: str, *letters: str) -> Form:
    """As work/replies.py reads a mail. letters: ours that it may quote."""
    written, own = said(text, (), ("pay.example",)), said(text, letters, ("pay.example",))
    assert order_form.KIND.begins(own)
    return order_form.read(written, own, "m-1")


def read_return(text: str) -> return_form.Form:
    lines = said(text, (), ("pay.example",))
    assert return_form.KIND.begins(lines)
    return return_form.read(lines, lines, "m-1")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", WantReturn("m-1")),
        ("amount: 500", WantReturn("m-1", 500)),
        ("amount: JPY 1,200", WantReturn("m-1", 1200)),
        ("返金額：￥１，２００円\n理由：瓶が割れた", WantReturn("m-1", 1200, "瓶が割れた")),
        ("return: R-7\namount: 500 yen\nThanks!", WantReturn("R-7", 500)),
    ],
)
def test_a_return_form_is_read_in_the_ways_people_write_it(text: str, wanted: WantReturn) -> None:
    form = read_return(f"返品\ndeal: D-1\n{text}")
    assert (form.deal_id, form.wanted, form.wrong) == ("D-1", wanted, ())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("amount: 0", "amount-form"),
        ("amount: half", "amount-form"),
        ("amount: 500.50", "amount-form"),
        ("amount: -5", "amount-form"),
        ("amount: 500\namount: 600", "amount-twice"),
        ("reason:", "reason-form"),
        ("deal: D-2", "deal-twice"),
        ("return: a b", "return-form"),
        ("customer: C-1", "line-unknown"),
        ("but not the jam", "line-unknown"),
        ("amount: " + "5" * 300, "line-unknown"),
    ],
)
def test_a_return_that_is_not_clear_is_asked_back(text: str, why: str) -> None:
    form = read_return(f"return\ndeal: D-1\n{text}")
    assert form.wanted is None
    assert why in [one.why for one in form.wrong]


@pytest.mark.parametrize("between", ["1. Honey 500 g", "----", "以上"])
def test_an_amount_behind_the_end_of_a_return_form_never_gives_back_all(between: str) -> None:
    """A line of our own letter ends a form, and so does one that a person draws."""
    lines = said(f"return\ndeal: D-1\n{between}\namount: 500", (), ())
    own = [line for line in lines if line != between]
    assert [one.why for one in return_form.read(lines, own, "m-1").wrong] == ["amount-below"]


def test_a_mail_is_one_form() -> None:
    both = said("return\ndeal: D-1\norder\ncustomer: C-1", (), ())
    assert not any(kind.begins(both) for kind in KINDS)
    lone = said("return\namount: 5", (), ())
    assert [one.why for one in return_form.read(lone, lone, "").wrong] == ["deal-missing", "return-missing"]
    named = said("return\ndeal: D-1", (), ())
    assert [one.why for one in return_form.read(named, named, "").wrong] == ["return-missing"]


def line_of(text: str) -> tuple[str, str, int | None, int]:
    form = read(f"{HEAD}line: {text}")
    assert form.order is not None, form.wrong
    (wish,) = form.order.lines
    return wish.product, wish.name, wish.unit_minor, wish.quantity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TEA-1 x 2", ("TEA-1", "", None, 2)),
        ("TEA-1 x2", ("TEA-1", "", None, 2)),
        ("４９０１２３４５６７８９４　ｘ　１２", ("4901234567894", "", None, 12)),
        ("TEA-1×2", ("TEA-1", "", None, 2)),
        ("TEA-1 * 3個", ("TEA-1", "", None, 3)),
        ("TEA-1 3個", ("TEA-1", "", None, 3)),
        ("TEA-1, 3 pcs", ("TEA-1", "", None, 3)),
        ("Box 2 x 3", ("", "", None, 0)),
        ("Box 2 @ 500 x 3", ("", "Box 2", 500, 3)),
        ("ギフト包装 ￥２００ × 1", ("", "ギフト包装", 200, 1)),
        ("配送料500円×1", ("", "配送料", 500, 1)),
        ("Honey, 500 g @ 1,200 x 2", ("", "Honey, 500 g", 1200, 2)),
        ("Honey JPY 1200 x 2", ("", "Honey", 1200, 2)),
        ("Gift @ 0 x 1", ("", "Gift", 0, 1)),
    ],
)
def test_a_line_is_read_in_the_ways_people_write_it(
    text: str, expected: tuple[str, str, int | None, int]
) -> None:
    if not expected[3]:
        assert read(f"{HEAD}line: {text}").wrong[0].why == "line-form"
        return
    assert line_of(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("line: Box 2", "quantity-missing"),
        ("line: 4901234567894x2", "quantity-missing"),
        ("line: TEA-1", "quantity-missing"),
        ("line: TEA-1 x two", "quantity-missing"),
        ("line: TEA-1 x 0", "quantity-form"),
        ("line: TEA-1 x 10000", "quantity-form"),
        ("line: A5 1 080円 x 1", "line-form"),
        ("line: Soap @ 300.50 x 1", "line-form"),
        ("line: Soap @ 1,20 x 1", "line-form"),
        ("line: My soap x 1", "line-form"),
        ("lien: TEA-1 x 1", "line-unknown"),
        ("TEA-1 x 1", "line-unknown"),
        ("and 3 more of the same", "line-unknown"),
        ("please make it red", "line-unknown"),
        ("thanks, and one tea more", "line-unknown"),
        ("よろしくお願いします。石鹸も一つ", "line-unknown"),
        ("customer: C-2", "customer-twice"),
        ("customer: C 1", "customer-form"),
        ("means: the blue one", "means-form"),
        ("期限: 3日", "minutes-form"),
        ("deliver: A\nline: TEA x 1\ndeliver: B", "delivery-twice"),
        ("deal: a b", "deal-form"),
        ("line: " + "x" * 600, "line-unknown"),
    ],
)
def test_what_is_not_clear_is_asked_back(text: str, why: str) -> None:
    form = read(f"{HEAD}{text}\nline: TEA x 1")
    assert form.order is None
    assert why in [one.why for one in form.wrong], form.wrong


@pytest.mark.parametrize(
    ("text", "why"), [("order\nline: TEA x 1", "customer-missing"), (HEAD, "lines-missing")]
)
def test_what_is_missing_is_named(text: str, why: str) -> None:
    assert [one.why for one in read(text).wrong] == [why]


LETTER = "This order is not made.\nCustomer: C-1\nDelivery: Old Town\nSoap\nTotal JPY 300\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}line: TEA x 1\ndelivery: Old Town\n\n> {LETTER}".replace("\n> ", "\n> ").replace(
            "Total", "> Total"
        ),
        f"{HEAD}line: TEA x 1\nDelivery: Old Town\n\nSent from my phone\n\n{LETTER}",
        f"{HEAD}line: TEA x 1\nDelivery: Old Town\n\nOn 21 Nov, Hagaki <sale@pay.example> wrote:\n{LETTER}",
        f"Hello!\n{HEAD}line: TEA x 1\nDelivery: Old Town\nThanks,\n-- \nYama Store\n0263-00-0000",
        f"{HEAD}line: TEA x 1\nDelivery: Old Town\n以上\n電話 0263-00-0000",
        f"お世話になっております。\n{HEAD}line: TEA x 1\nDelivery: Old Town\nよろしくお願い致します。",
        f"Dear Hagaki,\n{HEAD}line: TEA x 1\nDelivery: Old Town\nMany thanks!\nKind regards,\n",
        f"{HEAD}line: TEA x 1\nDelivery: Old Town\nありがとうございます。\niPhoneから送信",
    ],
)
def test_a_line_that_stands_in_our_letter_too_is_not_lost(text: str) -> None:
    form = read(text, LETTER)
    assert form.order is not None, form.wrong
    assert (form.order.customer, form.order.delivery, len(form.order.lines)) == ("C-1", "Old Town", 1)


def test_what_is_no_form_is_none() -> None:
    for text in (
        "today",
        "please order\ncustomer: C-1",
        "",
        "order 5",
        "order\norder\n",
        "> order\n> customer: C-1",
    ):
        assert not order_form.KIND.begins(said(text, (), ())), text


def test_a_form_without_a_deal_id_has_the_mails() -> None:
    written = ("order", "customer: c-1", "line: TEA x 1")
    assert (order_form.read(written, written, "m-1").order or None).deal_id == "m-1"  # type: ignore[union-attr]
    assert [one.why for one in order_form.read(written, written, "").wrong] == ["deal-missing"]


def test_a_line_above_the_word_is_not_lost() -> None:
    form = read("line: TEA x 2\norder\ncustomer: C-1\nline: SOAP x 1")
    assert form.order is not None
    assert [wish.product for wish in form.order.lines] == ["TEA", "SOAP"]


def test_the_examples_of_the_document_are_taken() -> None:
    page = (Path(__file__).parents[2] / "docs/order-mail.md").read_text(encoding="utf-8")
    examples = re.findall(r"```\n(.*?)```", page, re.DOTALL)
    forms = [read(text).order for text in examples[:2]]
    assert [form and (form.customer, len(form.lines)) for form in forms] == [("C-7Q4KDM", 2)] * 2
    assert {form.lines[1].unit_minor for form in forms if form} == {200}
    returns = [read_return(text) for text in examples[2:]]
    assert [form.deal_id for form in returns] == ["2026-0001"] * 2
    assert [form.wanted and form.wanted.amount_minor for form in returns] == [500, 500]


@pytest.mark.parametrize("is_return", ["", "1"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_letter_has_a_sentence_for_all_that_can_be_wrong(language: str, is_return: str) -> None:
    own = GatewaySettings("pay.example")
    settings = Settings(own, KeySettings(), SmtpSettings("mx.pay.example"), SmarthostSettings())
    letters = Compose(settings, TokenKeys(b"r" * 32, b"b" * 32))
    faults = return_form.FAULTS if is_return else order_form.FAULTS
    for why in (*faults, *WHY):
        words = {"merchant": "x", "faults": [{"why": why, "shown": "", "place": ""}], "is_return": is_return}
        text = letters.render(f"{language}/order-form-wrong.txt.j2", words)
        assert re.search(r"^\(1\)\n    \S.{5,}$", text, re.MULTILINE), why
        assert not [line for line in text.splitlines() if any(kind.begins([line]) for kind in KINDS)]
