"""The price file: what a shop's spreadsheet writes is read, and every wrong line is told with its number."""

from __future__ import annotations

import pytest

from till.prices import FAULTS_MAX, Good, PriceFaults, prices_of, read_prices

HEAD = "code,name,model,price,tax\n"


def faults(text, encoding="utf-8"):
    with pytest.raises(PriceFaults) as caught:
        read_prices(text.encode(encoding))
    return [(fault.line, fault.sentence) for fault in caught.value.faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_what_a_spreadsheet_writes_is_read(encoding):
    text = (
        HEAD + '4901,りんご,ふじ,150,8\r\n４９０２,"お茶, 冷","","1,160円",８%\r\n\r\n4903,電池,,￥330,10\r\n'
    )
    assert list(read_prices(text.encode(encoding)).values()) == [
        Good("4901", "りんご", "ふじ", 150, 8),
        Good("4902", "お茶, 冷", "", 1160, 8),
        Good("4903", "電池", "", 330, 10),
    ]


def test_columns_may_stand_in_any_order_and_model_may_be_missing():
    assert read_prices(b"Tax,Price,Name,Code\n0,55,Stamp,S1\n")["S1"] == Good("S1", "Stamp", "", 55, 0)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("4901,りんご,ふじ,150.5,8", "price"),
        ("4901,りんご,ふじ,0,8", "price"),
        ("4901,りんご,ふじ,-5,8", "price"),
        ("4901,りんご,ふじ,1200000000,8", "price"),
        ("4901,りんご,ふじ,,8", "price"),
        ("4901,りんご,ふじ,150,5", "tax"),
        ("4901,りんご,ふじ,150,", "tax"),
        (",りんご,ふじ,150,8", "code"),
        ("49 01,りんご,ふじ,150,8", "code"),
        ("4901,,ふじ,150,8", "name"),
        (f"4901,{'長' * 81},ふじ,150,8", "name"),
        ("4901,り\u200bんご,ふじ,150,8", "see"),
        ("4901,りんご,150,8", "cells"),
        ("4901,りんご,ふじ,150,8,more", "cells"),
    ],
)
def test_a_wrong_line_is_told_with_its_number(line, word):
    found = faults(f"{HEAD}4900,よい,,100,10\n{line}\n4905,よい,,100,10\n")
    assert [number for number, _ in found] == [3]
    assert word in found[0][1]


def test_every_wrong_line_is_told_at_once_up_to_a_limit():
    rows = "".join(f"{code},x,,bad,8\n" for code in range(100))
    assert [line for line, _ in faults(HEAD + rows)] == list(range(2, 2 + FAULTS_MAX))


def test_a_code_that_stands_twice_is_a_fault():
    assert faults(HEAD + "1,a,,10,8\n2,b,,10,8\n1,c,,10,8\n") == [(4, "the code 1 is there already")]


@pytest.mark.parametrize("text", ["", "code,name\n", HEAD, "1,りんご,ふじ,150,8\n"])
def test_a_file_without_columns_or_goods_is_refused(text):
    assert faults(text)[0][0] == 1


def test_a_file_in_no_known_letters_is_refused():
    with pytest.raises(PriceFaults, match="neither UTF-8 nor Shift_JIS"):
        read_prices(HEAD.encode() + b"1,a,\x81\n")


def test_products_of_the_gateway_keep_their_code_and_other_currencies_are_left_out():
    row = {"code": "1", "name": "a", "model": "", "unit_minor": 10, "currency": 392, "tax_rate": 8}
    found = prices_of([row, {**row, "code": "2", "currency": 840}], 392)
    assert found == {"1": Good("1", "a", "", 10, 8, is_product=True)}
    for wrong in ({"code": 1}, {"name": "\x1b[2J"}, {"unit_minor": "10"}, {"tax_rate": True}):
        with pytest.raises(PriceFaults):
            prices_of([{**row, **wrong}], 392)
    with pytest.raises(PriceFaults):
        prices_of([{"code": "1"}], 392)
