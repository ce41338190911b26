"""Codes in one place: every published one, its meaning, its words in both languages and what it asks for."""

from __future__ import annotations

import copy
import tomllib
from importlib.resources import files
from typing import Any

import pytest

from acquirer_sdk.codes import Meaning, read_codes, shipped_codes
from acquirer_sdk.values import Item

SHIPPED = tomllib.loads((files("acquirer_sdk") / "codes.toml").read_text(encoding="utf-8"))
CODES = shipped_codes()

# The published lists, written out once more by hand, by what they make of a sale.
PUBLISHED = {
    "declined": "02 03 04 05 06 07 12 14 17 18 22 54 55 56 60 61 85 92 95 96 97 98 99",
    "again": "42 44 65 68 83",
    "more": "30 45 67 69 70 71 72 73 74 75 76 78 84",
    "in_doubt": "77 91",
    "": "79 80 81 94",
}
LINE_FAULTS = "01 03 12 13 14 15 33 50 51 52 53 54 55 56 57 58 60 70 71 72 73 74 75 76 77 78"
WORDED = {
    "G02": ("残高不足", "balance too low"),
    "G22": ("支払永久禁止", "for ever forbidden"),
    "G30": ("取引判定保留（有人判定）", "held: telephone referral"),
    "G67": ("商品コードエラー", "product code"),
    "G78": ("支払区分エラー", "payment division"),
    "G85": ("CAFIS代行中エラー", "a stand-in answers: not possible"),
    "G94": ("サイクル通番エラー", "cycle number: no original"),
}
ASKED = {
    "01 02 G30 G84": Item.APPROVAL_NUMBER,
    "G67": Item.PRODUCT_CODE,
    "G69": Item.TAX,
    "G70 G71 G72": Item.BONUS_MONTHS,
    "G73": Item.START_MONTH,
    "G74 G75 G76 G78": Item.DIVISION,
}


def test_every_published_code_is_there_and_means_what_the_rules_say() -> None:
    by_hand = {
        f"G{number}": meaning for meaning, numbers in PUBLISHED.items() for number in numbers.split()
    } | {f"C{number}": "in_doubt" for number in LINE_FAULTS.split()}
    found = {
        code: row.meaning or "" for code, row in CODES.rows.items() if code[0] in "GC" and len(code) == 3
    }
    assert found == by_hand
    assert {code for code, row in CODES.rows.items() if row.to_return} == {"25", "G79", "G80", "G81", "G94"}


def test_every_code_has_words_in_both_languages_and_a_source() -> None:
    for row in CODES.rows.values():
        assert row.source and row.en.isascii() and not row.ja.isascii()
    assert {code: (CODES.rows[code].ja, CODES.rows[code].en) for code in WORDED} == WORDED


def test_what_a_merchant_has_to_act_on_says_so_in_both_languages() -> None:
    for code, row in CODES.rows.items():
        if row.meaning in (Meaning.DECLINED, Meaning.AGAIN, Meaning.MORE) or row.to_return:
            assert row.told is not None, code
            assert row.told[0] and row.told[1]


def test_items_are_those_that_would_help() -> None:
    by_hand = {code: (item,) for codes, item in ASKED.items() for code in codes.split()}
    assert {code: row.items for code, row in CODES.rows.items() if row.items} == by_hand


@pytest.mark.parametrize("code", ["G45", "1A", "70"])
def test_a_secret_is_never_asked_for_by_mail(code: str) -> None:
    row = CODES.rows[code]
    assert row.meaning is Meaning.MORE and row.items == () and row.told is not None
    assert "メールには決して書かず" in row.told[0] and "端末で" in row.told[0]
    assert "never write it in a mail" in row.told[1] and "at the reader" in row.told[1]


@pytest.mark.parametrize("code", ["41", "43", "G56", "G60", "G61", "G96", "04", "07", "59", "62"])
def test_a_lost_card_has_one_sentence_and_no_code(code: str) -> None:
    row = CODES.rows[code]
    assert row.hidden and row.told == ("別のカードをご利用ください", "Please ask for another card")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"meaning": "perhaps"}, "code 51: 'perhaps'"),
        ({"tell": "nobody"}, "code 51: 'nobody'"),
        ({"source": "hearsay"}, "code 51: 'hearsay'"),
        ({"items": ["tax"]}, "code 51: only a code that wants more has items"),
        ({"items": ["pin"], "meaning": "more"}, "code 51: 'pin' is not a valid Item"),
    ],
)
def test_a_wrong_row_is_named(change: dict[str, Any], why: str) -> None:
    table = copy.deepcopy(SHIPPED)
    table["codes"]["51"] |= change
    with pytest.raises(ValueError, match=why):
        read_codes(table)
