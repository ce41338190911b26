"""Rows at the command line: at 80 columns as at 120 nothing is cut, and times and amounts are readable."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rich.cells import cell_len

from hagaki import tables
from hagaki.readable import readable

AT_MS = 1_795_258_000_000
SHOP = "有限会社 信州上高地トレーディング 松本本店"
ROWS: list[dict[str, Any]] = [
    {
        **{"id": number, "shop": shop, "deal_id": f"D-20261121-{number:06}", "state": state},
        **{"total_minor": 1_200 * number, "currency": 392, "placed_ms": AT_MS, "made_ms": None},
        **{"customer": "C-7Q4KDM", "remark": remark},
    }
    for number, shop, state, remark in (
        (7, SHOP, "asked", ""),
        (1_234, "Yama [/b] \x1b[2JStore", "confirmed", "[hagaki] 550 5.1.1 " + "unknown " * 30),
    )
]
FIRST = ("id", "deal_id", "state", "total_minor", "placed_ms")


def shown(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], **more: Any
) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    tables.many(ROWS, as_json=False, zone="Asia/Tokyo", first=FIRST, **more)
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [24, 80, 120, 400])
def test_nothing_is_cut_at_any_width(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shown(width, monkeypatch, capsys)
    assert all(cell_len(line) <= width for line in out.splitlines())
    squeezed = "".join(out.split())
    for row in ROWS:
        for text in readable(row, "Asia/Tokyo").values():
            assert "".join(text.split()) in squeezed
    assert "made" not in out, "a column that is empty takes no room"


def test_what_matters_most_stands_in_columns_and_the_rest_below(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown(80, monkeypatch, capsys).splitlines()
    assert lines[:3] == [
        "  id  deal_id            state              total  placed",
        "   7  D-20261121-000007  asked          JPY 8,400  2026-11-21 19:46:40 JST",
        f"    shop {SHOP}  customer C-7Q4KDM",
    ]
    assert lines[3].startswith("1234  D-20261121-001234  confirmed  JPY 1,480,800  2026-11-21")


def test_full_width_text_keeps_the_columns_in_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"name": "山田花子", "mail": "a@x.jp"}, {"name": "Hana", "mail": "b@x.jp"}]
    tables.many(rows, as_json=False)
    assert capsys.readouterr().out == "name      mail\n山田花子  a@x.jp\nHana      b@x.jp\n"


def test_a_program_gets_every_column_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    tables.many(ROWS, as_json=True, zone="Asia/Tokyo", first=FIRST)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == ROWS


def test_a_record_says_times_and_amounts_of_all_its_parts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    parts = [{"id": 1, "at_ms": AT_MS, "amount_minor": 300, "facts": {"stan": 1, "code": "00"}}]
    record = {"id": 4, "keyed_s": AT_MS // 1000, "freshness_s": 900, "amount_minor": 1_200, "currency": 840}
    tables.whole({**record, "events": parts, "notes": []}, as_json=False, zone="Asia/Tokyo")
    assert capsys.readouterr().out.splitlines() == [
        "id               4",
        "keyed            2026-11-21 19:46:40 JST",
        "freshness_s      900",
        "amount           USD 12.00",
        "events",
        "id  at                         amount  facts",
        " 1  2026-11-21 19:46:40 JST  USD 3.00  stan 1, code 00",
        "notes: none",
    ]


def test_two_columns_never_become_one() -> None:
    row = {"sales": 2, "sales_minor": 2_400, "currency": 392}
    assert readable(row) == {"sales": "2", "sales_minor": "JPY 2,400"}
