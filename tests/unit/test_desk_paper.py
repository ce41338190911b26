"""A receipt on paper: the same bytes each time, every field of an invoice on it, whatever stands in them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from shutil import which

import pytest
from needs import need

from hagaki.machine import file_bytes
from mail_gateway.domain.receipt import Receipt, Rounding, Shop, bands_of
from mail_gateway.outbox import paper, pdf
from mail_gateway.outbox.receipt import words_of
from mail_gateway.settings import FONT_PLACES

SHOP = Shop("株式会社 山の店", "T7000012050002", "長野県松本市安曇上高地1-2-3")
SALE = Receipt(
    shop=SHOP,
    language="ja",
    reference="000000001234",
    slip=1234,
    amount_minor=12345,
    currency=392,
    bands=bands_of(12345, SHOP, 1080),
    sold_on=date(2026, 11, 21),
    masked_card="411111******1111",
    approval_number="123456",
    recipient="有限会社 信州トレーディング",
    description="お食事代として",
)
RETURN = replace(
    SALE,
    reference="000000001300",
    recipient="",
    bands=bands_of(500, SHOP, None),
    amount_minor=500,
    returned_on=date(2026, 11, 22),
    original="000000001234",
)
ENGLISH = replace(SALE, language="en", recipient="Yama Trading", description="")


def with_fonts() -> pdf.Faces:
    present = any(Path(regular).exists() for regular, _ in FONT_PLACES)
    need("a Japanese font: apt-get install fonts-morisawa-bizud-gothic", present=present)
    return pdf.faces(file_bytes)


def text_of(data: bytes) -> str:
    need("pdftotext: apt-get install poppler-utils", present=which("pdftotext") is not None)
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=data, capture_output=True, check=True)
    assert not done.stderr
    return done.stdout.decode()


def test_a_second_one_is_like_the_first_whatever_was_written_between() -> None:
    fonts = with_fonts()
    first = paper.paper_of(SALE, fonts)
    for other in (RETURN, ENGLISH, SALE):
        paper.paper_of(other, fonts)
    assert paper.paper_of(SALE, fonts) == first
    assert len(first) < 100_000
    assert re.search(rb"/CreationDate \(D:20000101000000", first), "it does not say when it was made"


def test_another_process_writes_the_same_bytes() -> None:
    def elsewhere(seed: str) -> bytes:
        code = (
            "import sys; sys.path += ['tests/unit', 'tests/worlds']\n"
            "import test_desk_paper as t\n"
            "from mail_gateway.outbox import paper, pdf\n"
            "sys.stdout.buffer.write(paper.paper_of(t.SALE, pdf.faces(t.file_bytes)))"
        )
        here = {**os.environ, "PYTHONHASHSEED": seed}
        root = Path(__file__).resolve().parents[2]
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, env=here, cwd=root
        )
        return done.stdout

    assert elsewhere("1") == paper.paper_of(SALE, with_fonts())


@pytest.mark.parametrize(
    ("receipt", "says"),
    [
        (
            SALE,
            [
                *(
                    "領　収　書",
                    "適格請求書",
                    "有限会社 信州トレーディング 様",
                    "12,345円",
                    "但し お食事代として",
                ),
                *("10% 11,265円 1,024円", "8%※ 1,080円 80円", "※は軽減税率対象です。", "2026年11月21日"),
                *("クレジットカード利用", "**** 1111", "123456", "01234", "000000001234", "収入印紙は不要"),
                *("株式会社 山の店", "長野県松本市安曇上高地1-2-3", "登録番号 T7000012050002"),
            ],
        ),
        (
            RETURN,
            [
                *("返　金　明　細　書", "適格返還請求書", "500円", "10% 500円 45円", "返金日 2026年11月22日"),
                *("取引日 2026年11月21日", "元の照会番号 000000001234", "T7000012050002"),
            ],
        ),
        (replace(SALE, recipient=""), ["適格簡易請求書"]),
        (ENGLISH, ["RECEIPT", "Qualified invoice", "JPY 12,345", "8%* JPY 1,080 JPY 80", "Yama Trading"]),
    ],
    ids=["sale", "return", "simplified", "english"],
)
def test_every_field_of_the_invoice_is_on_it(receipt: Receipt, says: list[str]) -> None:
    text = " ".join(text_of(paper.paper_of(receipt, with_fonts())).split(" "))
    squeezed = re.sub(r"[\s　]", "", text)
    for part in says:
        assert re.sub(r"[\s　]", "", part) in squeezed
    assert "411111" not in text


def test_who_is_not_registered_says_no_tax() -> None:
    plain = replace(SALE, shop=replace(SHOP, registration_number=""))
    text = text_of(paper.paper_of(plain, with_fonts()))
    assert "適格" not in text and "登録番号" not in text and "消費税" not in text
    assert "1,024" not in text and "11,265円" in text
    assert words_of(plain)["subtitle"] == ""


def test_a_debit_card_is_no_credit_card() -> None:
    text = text_of(paper.paper_of(replace(SALE, is_debit=True), with_fonts()))
    assert "デビットカード利用" in text and "クレジット" not in text and "印紙" not in text


def test_money_that_is_not_yen_has_no_consumption_tax() -> None:
    text = text_of(paper.paper_of(replace(ENGLISH, currency=840, bands=()), with_fonts()))
    assert "USD 123.45" in text and "ualified" not in text and "Tax rate" not in text


NASTY = ("山" * 400, "x\r\nBcc: y@z", "=?UTF-8?Q?=0A?=", "%PDF-1.4 (endobj) \\) >>", "\0\u202e\ufeff", "😀𠮷")


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_nothing_that_a_name_holds_breaks_the_page(nasty: str) -> None:
    shop = replace(SHOP, issuer=nasty, address=nasty, registration_number=nasty)
    receipt = replace(SALE, shop=shop, recipient=nasty, description=nasty, approval_number=nasty)
    for fonts in (with_fonts(), pdf.faces(lambda _: None)):
        data = paper.paper_of(receipt, fonts)
        assert data == paper.paper_of(receipt, fonts)
    words = words_of(receipt)
    assert all("\n" not in value and "\r" not in value for value in words.values() if isinstance(value, str))
    assert "12,345円" in text_of(paper.paper_of(receipt, with_fonts()))


def test_without_a_font_of_its_own_it_names_the_usual_one() -> None:
    fonts = pdf.faces(lambda _: None)
    assert fonts == (pdf.NOT_EMBEDDED, pdf.NOT_EMBEDDED)
    assert pdf.faces(lambda _: b"no font", "/etc/passwd") == fonts
    assert b"FontFile" not in paper.paper_of(SALE, fonts)
    assert b"FontFile2" in paper.paper_of(SALE, with_fonts())


def test_a_font_that_was_asked_for_is_taken() -> None:
    with_fonts()
    wanted = next(bold for _, bold in FONT_PLACES if Path(bold).exists())
    fonts = pdf.faces(file_bytes, wanted)
    assert fonts.regular == fonts.bold == with_fonts().bold


def test_the_shop_chooses_how_a_yen_is_rounded() -> None:
    up = replace(SHOP, rounding=Rounding.UP)
    text = text_of(paper.paper_of(replace(SALE, bands=bands_of(12345, up, None)), with_fonts()))
    assert "1,123円" in text
