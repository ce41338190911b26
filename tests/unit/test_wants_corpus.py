"""Answers of merchants in the shapes of their mail programs: what is understood, and what is not said."""

from __future__ import annotations

import tomllib
from collections import Counter
from email.header import Header
from pathlib import Path
from typing import Any

import pytest
from want_letters import UNTIL_MS, kit, payment, read

from acquirer_sdk.values import Item
from mail_gateway.domain import answers
from mail_gateway.domain.item_values import Limits
from mail_gateway.domain.wants import Phase, Question
from mail_gateway.work import asking
from schemas.mail.read import Mail, read_mail
from schemas.mail.said import said

CORPUS = Path(__file__).parents[1] / "corpus/items"
CASES = [
    {**answer, "program": path.stem}
    for path in sorted(CORPUS.glob("*.toml"))
    for answer in tomllib.loads(path.read_text("utf-8"))["answer"]
]
TYPES = {"plain": "plain", "html": "html", "flowed": "plain; format=flowed; delsp=yes"}
AMOUNT = 120_000


def read_answer(case: dict[str, Any], body: str | None = None) -> answers.Reading:
    """What the gateway reads in the whole mail. body: instead of the case's own."""
    items = tuple(Item(name) for name in case["asked"])
    question = Question(Phase.AFTER, 1, items, "", UNTIL_MS, None)
    letter = read(asking.request(kit(), payment(case["language"]), question))
    mail = read_mail(mail_of(case, letter, case["body"] if body is None else body))
    assert isinstance(mail, Mail)
    lines = said(mail.body, [letter.body], ["pay.example"])
    asked = answers.Asked(dict(enumerate(items, 1)), items, Limits(AMOUNT))
    return answers.read(lines, asked)


def mail_of(case: dict[str, Any], letter: Mail, body: str) -> bytes:
    text = letter.body.strip()
    quoted = "\n".join(f"> {line}".rstrip() for line in text.splitlines())
    charset = case.get("charset", "utf-8")
    head = (
        f"From: shop@carrier.example\nSubject: {Header(f'Re: {letter.subject}', 'utf-8').encode()}\n"
        f"Content-Type: text/{TYPES[case.get('form', 'plain')]}; charset={charset}\n\n"
    )
    written = body.replace("{quoted}", quoted).replace("{unquoted}", text)
    return head.encode() + encoded(written, charset)


def encoded(text: str, charset: str) -> bytes:
    """As phones do it: row 13 and half-width kana too, which Python's own ISO-2022-JP does not know."""
    if charset != "iso-2022-jp":
        return text.encode("cp932" if charset == "shift_jis" else charset)
    if "①" not in text:
        return text.encode("iso2022_jp_ext" if "ﾘ" in text else charset)
    first_of_row_16 = text.replace("①", "亜").replace("②", "唖").encode(charset)
    return first_of_row_16.replace(b"\x30\x21", b"\x2d\x21").replace(b"\x30\x22", b"\x2d\x22")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['program']}: {case['name']}")
def test_an_answer_says_exactly_this(case: dict[str, Any]) -> None:
    reading = read_answer(case)
    assert {item.value: value for item, value in reading.good.items()} == case.get("good", {})
    assert {item.value for item in reading.wrong} == set(case.get("wrong", []))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['program']}: {case['name']}")
def test_our_own_letter_alone_answers_nothing(case: dict[str, Any]) -> None:
    for form in ("{quoted}\n", "{unquoted}\n", "\n\n{unquoted}\n\n{quoted}\n"):
        reading = read_answer({**case, "form": "plain", "charset": "utf-8"}, form)
        assert (dict(reading.good), reading.wrong) == ({}, ())


def test_the_corpus_is_large_enough(record_property: pytest.RecordProperty) -> None:
    """The figures stand in the report of the run."""
    counted = Counter(
        "asked again" if case.get("wrong") else "understood" if case.get("good") else "says nothing"
        for case in CASES
    )
    figures = {
        "answers": len(CASES),
        **counted,
        **Counter(case["language"] for case in CASES),
        **Counter(case["program"] for case in CASES),
    }
    record_property("figures", figures)
    assert len(CASES) >= 60, figures
    assert min(counted.values()) >= 8, figures
    assert {item.value for item in Item} == {item for case in CASES for item in case.get("good", {})}
