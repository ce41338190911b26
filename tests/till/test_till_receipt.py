"""Receipts: the tax that the customer was asked for, lines that fit a roll, and the same again."""

from __future__ import annotations

import pytest

from hagaki.till_disk import Kept
from hagaki.till_paper import paper_of
from mail_gateway.outbox import pdf
from till.journal import Deal
from till.machine import State
from till.money import Band, bands
from till.receipt import WIDTH, Issuer, Look, columns, rows_of, text_of

LINES = [
    {"code": "1", "name": "りんご", "model": "ふじ", "unit_minor": 155, "tax_rate": 8, "quantity": 3},
    {"code": "2", "name": "電池", "model": "", "unit_minor": 333, "tax_rate": 10, "quantity": 1},
    {
        "code": "3",
        "name": "とても長い名前の商品" * 4,
        "model": "",
        "unit_minor": 85,
        "tax_rate": 0,
        "quantity": 2,
    },
]
FACTS = {
    "body": {
        "customer": "C-7Q4KDM",
        "foreign": {"currency": 840, "amount_minor": 642, "rate": "151.23", "source": "ECB"},
    },
    "abroad": {"code": "USD", "exponent": 2},
    "lines": LINES,
    "order": 7,
    "tax_minor": 64,
}
DEAL = Deal("D-1", State.MADE, 0, 0, FACTS)
JA = Issuer("山の店", "長野県松本市安曇上高地1-2-3", "T7000012050002", "ja", 392)
EN = Issuer("Mountain Shop", "Kamikochi", "", "en", 392)


def text(issuer):
    return text_of(rows_of(DEAL, issuer, "2026-11-21 22:10 JST"))


def test_a_receipt_says_what_the_tax_office_wants():
    lines = [line.strip() for line in text(JA).splitlines()]
    for wanted in ("領 収 書", "山の店", "登録番号 T7000012050002", "2026-11-21 22:10 JST", "りんご ふじ※"):
        assert wanted in lines
    squeezed = [" ".join(line.split()) for line in lines]
    assert "合計 968円" in squeezed
    assert squeezed[squeezed.index("10%対象 333円") + 1] == "(内消費税 30円)"
    assert squeezed[squeezed.index("8%対象※ 465円") + 1] == "(内消費税 34円)"
    assert "非課税対象 170円" in squeezed
    assert "参考 USD 6.42" in squeezed
    assert "※は軽減税率対象です。" in squeezed


def test_who_is_not_registered_shows_no_tax():
    assert "tax in it" not in text(EN)
    assert "JPY 968" in text(EN)


@pytest.mark.parametrize("issuer", [JA, EN], ids=["ja", "en"])
def test_every_line_fits_the_roll(issuer):
    assert max(map(columns, text(issuer).splitlines())) <= WIDTH


def test_the_tax_is_the_one_that_the_customer_was_asked_for():
    parts = [(8, 155), (10, 333)]
    assert bands(parts, 30 + 11) == (Band(10, 333, 30), Band(8, 155, 11))
    assert bands(parts, 31 + 12) == (Band(10, 333, 31), Band(8, 155, 12))
    assert bands(parts, 999) == (Band(10, 333, 30), Band(8, 155, 11))


def test_the_same_receipt_is_the_same_bytes_on_paper_too():
    rows = rows_of(DEAL, JA, "2026-11-21")
    fonts = pdf.faces(lambda path: None)
    assert paper_of(rows, fonts, "D-1") == paper_of(rows, fonts, "D-1")
    assert paper_of(rows, fonts, "D-1").startswith(b"%PDF")
    assert {row.look for row in rows} == set(Look)


def test_a_receipt_that_was_given_out_is_given_out_again(tmp_path):
    kept = Kept(tmp_path)
    assert kept.keep("D-1.txt", b"first") == b"first"
    assert Kept(tmp_path).keep("D-1.txt", b"the shop has moved") == b"first"
