"""What stands inside private elements, and what a way of payment may come with, is the profile's to say."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquirer_sdk.bench import sample_request
from acquirer_sdk.items import with_items
from acquirer_sdk.port import BadRequest
from acquirer_sdk.values import Advice, AuthoriseRequest, Bonus, Item, Original
from cafis_adapter import added, build, limits
from cafis_adapter.can import capabilities_of
from cafis_adapter.codec import MessageError, pack, unpack
from cafis_adapter.private import read_private
from cafis_adapter.profile import load_profile

CAFIS, OTHER = load_profile(), load_profile("iso87")
SALE = sample_request(50_000, terminal_id="1234567890123")
ORIGINAL = Original("000000000007", 7, 50_000, 1_767_225_600, "654321")
ADVICE = Advice("000000000008", 8, "1234567890123", "M1", 392, 1_767_225_600, ORIGINAL, {})


def said(request: AuthoriseRequest) -> dict[str, str]:
    message = build.authorisation(CAFIS, "12345", request, "2a00000")
    return CAFIS.said(unpack(CAFIS, pack(CAFIS, message)).fields)


def test_a_sub_field_is_written_as_its_notation_says() -> None:
    element = read_private(["condition n3", "'T1'", "product an7", "note ans..60"], binary=False)
    text = element.write({"condition": "61", "product": "0990", "note": "gift"})
    assert text == "061" + "T1" + "0990   " + "04gift"
    assert element.read(text) == {"condition": "061", "product": "0990", "note": "gift"}
    assert element.write({"tax": "1"}) == "", "nothing to say, no element"


@pytest.mark.parametrize(
    ("name", "value"), [("condition", "1000"), ("condition", "6x"), ("product", "12345678"), ("note", "菓子")]
)
def test_what_does_not_fit_is_refused_by_name(name: str, value: str) -> None:
    element = read_private(["condition n3", "product an7", "note ans..60"], binary=False)
    with pytest.raises(ValueError, match=name):
        element.write({name: value})


@given(st.text(string.digits, max_size=3), st.text("0Az", max_size=7), st.text("gift あ菓ｱ", max_size=30))
def test_what_was_written_is_read(condition: str, product: str, note: str) -> None:
    element = read_private(["condition n3", "product an7", "note k..90"], binary=True)
    text = element.write({"condition": condition, "product": product, "note": note})
    if condition or product or note:
        read = element.read(text)
        assert (read["condition"], read["product"], read["note"]) == (
            condition.zfill(3),
            product,
            note.rstrip(" "),
        )


@given(st.text("0123456789 ab", max_size=30))
def test_a_text_of_another_layout_is_no_answer_to_anything(text: str) -> None:
    element = read_private(["condition n3", "note ans..60"], binary=False)
    try:
        assert set(element.read(text)) == {"condition", "note"}
    except ValueError:
        pass


def test_a_sale_says_all_that_the_contract_wants() -> None:
    request = replace(
        SALE,
        condition=34,
        condition_count=12,
        product_code="0990",
        tax_minor=4545,
        first_month=4,
        bonuses=(Bonus(7, 10_000), Bonus(12, 0)),
        referral_number="1234567",
        slip=321,
    )
    found = said(request)
    assert found.items() >= {
        ("condition", "034"),
        ("count", "12"),
        ("slip", "00321"),
        ("division", "10"),
        ("first_month", "04"),
        ("bonus_count", "2"),
        ("bonus1_month", "07"),
        ("bonus1_amount", "00010000"),
        ("bonus2_month", "12"),
        ("bonus2_amount", "00000000"),
        ("bonus3_month", "00"),
        ("product", "0990"),
        ("tax", "000000004545"),
        ("company", "2a00000"),
        ("referral", "1234567"),
    }


@pytest.mark.parametrize(
    ("pan", "company"), [("3530111333300000", "2a99661"), ("36666666666660", "2a99660"), ("4111", "2a00000")]
)
def test_the_company_is_that_of_the_card_or_the_contracts(pan: str, company: str) -> None:
    card = type(SALE.card)(f"{pan}=27122010000012345678", entry_mode=1)
    assert said(replace(SALE, card=card))["company"] == company


def test_another_profile_says_it_in_another_place_and_form() -> None:
    request = replace(
        SALE, terminal_id="T0000001", condition=61, condition_count=3, first_month=4, product_code="0990"
    )
    message = build.authorisation(OTHER, "", request)
    assert message[48] == "01061" + "0203" + "0304" + "09" + "040990"
    assert not {60, 61, 62} & set(message.fields)


# What may come with which way of payment, by hand: (condition, count, first month, bonuses) -> at fault.
BONUS, MONEY = (Bonus(7, 0), Bonus(12, 0)), (Bonus(7, 1000),)
DETAILS = [
    (10, 0, 0, (), ""),
    (10, 3, 0, (), "count"),
    (10, 0, 4, (), "first_month"),
    (10, 0, 0, BONUS, "bonuses"),
    (21, 0, 0, (), ""),
    (21, 0, 0, BONUS, "bonuses"),
    (22, 2, 0, (), ""),
    (23, 0, 0, BONUS, ""),
    (24, 2, 0, BONUS, ""),
    (24, 2, 0, MONEY, "amounts"),
    (25, 1, 0, MONEY, ""),
    (25, 0, 4, (), "first_month"),
    (31, 0, 0, (), "count"),
    (31, 6, 4, (), ""),
    (31, 6, 0, BONUS, "bonuses"),
    (32, 6, 4, BONUS, ""),
    (33, 6, 4, MONEY, ""),
    (34, 12, 4, MONEY, ""),
    (61, 0, 0, (), "count"),
    (61, 3, 0, (), ""),
    (62, 24, 12, (), ""),
    (63, 3, 13, (), "first_month"),
    (63, 100, 0, (), "count"),
    (80, 0, 0, (), ""),
    (80, 3, 0, (), "count"),
    (110, 0, 0, (), ""),
    (110, 0, 0, MONEY, "bonuses"),
    (34, 3, 0, (Bonus(13, 0),), "bonuses"),
    (34, 3, 0, (Bonus(7, 0),) * 7, "bonuses"),
    (34, 3, 0, (Bonus(7, 100_000_000),), "amounts"),
    (34, 3, 0, (Bonus(7, 30_000), Bonus(12, 20_001)), "amounts"),
]


@pytest.mark.parametrize(("condition", "count", "month", "bonuses", "at"), DETAILS)
def test_a_way_of_payment_comes_with_its_own_details_only(
    condition: int, count: int, month: int, bonuses: tuple[Bonus, ...], at: str
) -> None:
    request = replace(SALE, condition=condition, condition_count=count, first_month=month, bonuses=bonuses)
    if not at:
        limits.check(CAFIS, capabilities_of(CAFIS), request)
        assert pack(CAFIS, build.authorisation(CAFIS, "", request))
        return
    with pytest.raises(BadRequest) as caught:
        limits.check(CAFIS, capabilities_of(CAFIS), request)
    assert (caught.value.slug, caught.value.where) == ("condition-details", at)


def test_a_way_that_the_profile_does_not_name_is_not_taken() -> None:
    assert capabilities_of(OTHER).conditions == (10, 61, 80)
    request = replace(SALE, terminal_id="T0000001", condition=110)
    with pytest.raises(BadRequest, match="not-taken at condition"):
        limits.check(OTHER, capabilities_of(OTHER), request)


@pytest.mark.parametrize(
    ("terminal", "good"),
    [
        ("1234567890123", True),
        ("T0000001", True),
        ("123456789012", False),
        ("12345678901234", False),
        ("12345-678-90123", False),
        ("123456789012A", False),
        ("１２３４５６７８９０１２３", False),
        ("", False),
    ],
)
def test_a_terminal_is_numbered_5_3_5(terminal: str, *, good: bool) -> None:
    request = replace(SALE, terminal_id=terminal)
    if good:
        limits.check(CAFIS, capabilities_of(CAFIS), request)
        return
    with pytest.raises(BadRequest, match="terminal-id at DE41"):
        limits.check(CAFIS, capabilities_of(CAFIS), request)


@pytest.mark.parametrize("tax", [-1, 50_001])
def test_tax_is_a_part_of_the_amount(tax: int) -> None:
    with pytest.raises(BadRequest, match="tax_minor"):
        limits.check(CAFIS, capabilities_of(CAFIS), replace(SALE, tax_minor=tax))


ITEMS = {
    Item.PRODUCT_CODE: "0990",
    Item.DIVISION: "61/03",
    Item.START_MONTH: "07",
    Item.BONUS_MONTHS: "07:100,12:0",
    Item.TAX: "100",
    Item.APPROVAL_NUMBER: "123456",
    Item.NOTE: "お菓子 gift",
}


def test_every_item_that_was_added_arrives_as_it_was_written() -> None:
    assert set(capabilities_of(CAFIS).items_taken) == set(ITEMS)
    for item, value in ITEMS.items():
        message = build.advice(CAFIS, "12345", replace(ADVICE, items={item: value}))
        heard = added.items_of(CAFIS.said(unpack(CAFIS, pack(CAFIS, message)).fields))
        assert heard == {item: value}


def test_items_of_a_new_attempt_stand_where_a_sale_has_them() -> None:
    items = {item: value for item, value in ITEMS.items() if item is not Item.NOTE} | {Item.DIVISION: "34/12"}
    assert added.items_of(said(with_items(SALE, items))) == items


def test_an_advice_names_its_sale_and_no_card() -> None:
    message = build.advice(CAFIS, "12345", replace(ADVICE, items={Item.TAX: "100"}))
    assert (message.mti, message[37], message[38]) == ("0220", "000000000008", "654321")
    assert message[90][:20] == "0100" + "000007" + "0101000000"
    assert CAFIS.said(message.fields)["original_reference"] == "000000000007"
    assert not {2, 14, 35, 45, 52, 55} & set(message.fields)
    assert build.repeated(message).mti == "0221"


def test_what_cannot_be_written_is_named_and_not_shown() -> None:
    with pytest.raises(MessageError) as caught:
        build.authorisation(CAFIS, "", replace(SALE, product_code="12345678"))
    assert (caught.value.slug, caught.value.where) == ("field-type", "DE61.product")
