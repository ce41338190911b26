"""Reading an answer costs little, whatever is in it, and only written forms come out."""

from __future__ import annotations

import random

import pytest
from cost import cost_s

from acquirer_sdk.items import is_written
from acquirer_sdk.values import Item
from mail_gateway.domain import answers, item_words
from mail_gateway.domain.item_values import Limits, value_of

EVERYTHING = answers.Asked(dict(enumerate(Item, 1)), tuple(Item), Limits(120_000))
LINE, LINES = 500, 2000
"""As long as a line of an answer may be, and as many as are looked at."""

HOSTILE = (
    "1 " + "9" * LINE,
    "1 " + "1," * LINE,
    "1 4901, " * LINE,
    "1 a、" * LINE,
    "4 " + "7月 1000、" * LINE,
    "4 " + "7月と" * LINE,
    "商品コード" * LINE,
    "7 " + "4 " * LINE,
    "2 " + "一" * LINE + "回",
    "6 " + "a-" * LINE,
    "." * LINE,
    "1 " + "。" * LINE + "x",
    "(" * LINE,
    "tax " * LINE,
)


@pytest.mark.parametrize("line", HOSTILE, ids=range(len(HOSTILE)))
def test_no_line_is_slow_to_read(line: str) -> None:
    whole = cost_s(lambda: answers.read([line[:LINE]] * 20, EVERYTHING), enough_s=0.1) * LINES / 20
    assert whole < 20, "the whole of the longest answer"


def test_what_comes_out_is_in_its_written_form() -> None:
    dice = random.Random(8)
    pieces = [
        *(
            "1",
            "2",
            "3",
            "4",
            "5",
            "6",
            "7",
            " ",
            ":",
            "、",
            ",",
            ".",
            "月",
            "回",
            "分割",
            "円",
            "です",
            "/",
            "-",
        ),
        *(
            "4901",
            "一括",
            "リボ",
            "12",
            "July",
            "10000",
            "A12",
            "note",
            "tax",
            "商品コード",
            "(",
            ")",
            "は",
            "\u20e3",
        ),
    ]
    found = 0
    for _ in range(4000):
        text = f"{dice.randint(1, 7)} " + "".join(dice.choices(pieces, k=dice.randint(1, 6)))
        reading = answers.read([text], EVERYTHING)
        found += len(reading.good)
        assert all(is_written(item, value) for item, value in reading.good.items()), text
    assert found > 300


@pytest.mark.parametrize(
    ("item", "text", "value"),
    [
        (Item.TAX, "12.34", "1234"),
        (Item.TAX, "12", "1200"),
        (Item.TAX, "12.3", None),
        (Item.TAX, "2,000", None),
        (Item.BONUS_MONTHS, "July 10.50, Dec", "07:1050,12:0"),
    ],
)
def test_minor_units_follow_the_currency(item: Item, text: str, value: str | None) -> None:
    assert value_of(item, text, Limits(150_000, decimals=2)) == value


def test_a_way_of_payment_that_the_acquirer_does_not_take_is_no_answer() -> None:
    assert value_of(Item.DIVISION, "リボ", Limits(1200, conditions=(10, 61))) is None
    assert value_of(Item.DIVISION, "3回", Limits(1200, conditions=(10, 61))) == "61/03"


def test_every_item_has_its_words_in_both_languages() -> None:
    for table in (item_words.NAMES, item_words.FORMS, item_words.LABELS):
        assert set(table) == set(Item)
    names = [label for labels in item_words.LABELS.values() for label in labels]
    assert len(names) == len(set(names))
    for item, name in item_words.NAMES.items():
        assert {name.ja, name.en} <= set(item_words.LABELS[item]), "the letter's own word is understood"
