"""Takings: the file, the letter and the sum of the entries say the same, and no cell is a formula."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_gateway.domain.day import Day, begin_of, day_begun, end_of_day
from mail_gateway.domain.money import shown
from mail_gateway.domain.payment import State, Trade
from mail_gateway.domain.reply import Merchant
from mail_gateway.domain.takings import Closing, Sale, Takings, brand
from mail_gateway.outbox.daily import notice_of
from mail_gateway.outbox.takings import BOM, HEADER, csv_of, safe_cell

TOKYO = ZoneInfo("Asia/Tokyo")
AT_MS = 1_795_000_000_000
SOLD = Sale(
    7, 1001, Trade.SALE, State.APPROVED, 7, AT_MS, AT_MS, 1100, 392, "411111******1111", "1", None, 0, 0, 10
)
SALES = st.builds(
    replace,
    st.just(SOLD),
    id=st.integers(1, 10**12 - 1),
    reader=st.sampled_from((1001, 1002, 2**32 - 1)),
    kind=st.sampled_from(Trade),
    amount_minor=st.integers(1, 10**12),
    currency=st.sampled_from((392, 840, 999)),
    masked_card=st.sampled_from(("411111******1111", "352800******0000", "", "=1+1")),
    approval_number=st.text(max_size=8),
    original=st.none() | st.integers(1, 99),
    slip=st.integers(0, 99999),
    condition=st.sampled_from((0, 10, 23, 61, 80, 110, 999)),
)


@given(st.lists(SALES, max_size=30), st.sampled_from(("ja", "en")))
def test_the_file_the_letter_and_the_entries_come_to_the_same(sales: list[Sale], language: str) -> None:
    takings = Takings(AT_MS - 1, AT_MS + 1, tuple(sales))
    day = Day(Merchant(1, "店", "a@b.jp", "", language, "T", "M"))
    notice = notice_of(Closing(day, takings), date(2026, 11, 21), TOKYO)
    (file,) = notice.attachments
    assert file.data == csv_of(takings, language, TOKYO)
    header, *rows = csv.reader(StringIO(file.data.decode()[1:], newline=""), strict=True)
    assert header == list(HEADER[language])
    for currency, code in ((392, "JPY"), (840, "USD"), (999, "999")):
        of_file = sum(int(row[9]) for row in rows if row[10] == code)
        assert of_file == sum(sale.signed_minor for sale in sales if sale.currency == currency)
        for totals in (takings.totals(), takings.by_reader(), takings.by_brand(), takings.by_way()):
            assert sum(total.net_minor for total in totals if total.currency == currency) == of_file
            assert sum(total.sales + total.returns for total in totals) == len(sales)
    nets = [shown(total.net_minor, total.currency, language) for total in takings.totals()]
    assert [total["net"] for total in notice.words["totals"]] == nets  # type: ignore[index]


def test_the_file_is_what_a_spreadsheet_expects() -> None:
    refund = replace(SOLD, id=9, kind=Trade.REFUND, amount_minor=300, original=7, slip=0)
    data = csv_of(Takings(0, 1, (SOLD, refund)), "ja", TOKYO)
    assert data.startswith(BOM.encode())
    assert data.endswith(b"\r\n") and b"\n" not in data.replace(b"\r\n", b"")
    lines = data.decode()[1:].split("\r\n")
    start = "2026-11-18 20:06:40,売上,000000000007,00007,1001,411111******1111,Visa,一括,1,1100,JPY,"
    assert lines[1] == start
    assert lines[2].endswith("返金,000000000009,,1001,411111******1111,Visa,一括,1,-300,JPY,000000000007")
    assert csv_of(Takings(0, 1, ()), "en", TOKYO).count(b"\r\n") == 1


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u200b=1", "=?x?="])
def test_no_text_is_a_formula(text: str) -> None:
    assert safe_cell(text)[:1] not in tuple("=+-@\t\r")
    (row,) = csv.reader(
        [csv_of(Takings(0, 1, (replace(SOLD, approval_number=text),)), "en", TOKYO).decode().split("\r\n")[1]]
    )
    assert row[8][:1] not in tuple("=+-@\t\r")


@given(st.text())
def test_a_cell_is_one_line(text: str) -> None:
    assert not set(safe_cell(text)) & set("\r\n\t\0")


@pytest.mark.parametrize(
    ("card", "name"),
    [
        *(
            ("411111******1111", "Visa"),
            ("555555******4444", "Mastercard"),
            ("222100******0009", "Mastercard"),
        ),
        *(("352800******0000", "JCB"), ("358999******0000", "JCB"), ("352799******0000", "")),
        *(("371449*****8431", "American Express"), ("305693****5904", "Diners Club")),
        *(("621094******0000", "UnionPay"), ("", ""), ("****", ""), ("272100******0000", "")),
    ],
)
def test_a_brand_is_known_by_its_first_digits(card: str, name: str) -> None:
    assert brand(card) == name


@pytest.mark.parametrize("at", ["21:00", "00:00", "23:59"])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Europe/Berlin", "America/New_York"])
def test_days_follow_each_other_without_a_gap(at: str, zone: str) -> None:
    here, hour_ms = ZoneInfo(zone), 3_600_000
    now_ms = AT_MS
    when, ended_ms = end_of_day(now_ms, here, at)
    for _ in range(400):  # a year and more: both changes of the clock
        now_ms += 24 * hour_ms
        after, after_ms = end_of_day(now_ms, here, at)
        if after == when:
            continue
        assert begin_of(after, here, at) == ended_ms
        assert day_begun(now_ms, here, at) == after_ms
        when, ended_ms = after, after_ms
