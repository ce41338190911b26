"""Receipts: tax that adds up, rounded once a rate, and who gets none."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_gateway.domain import receipt as rules
from mail_gateway.domain.desk import Details
from mail_gateway.domain.payment import State, Trade
from mail_gateway.domain.receipt import Band, Rounding, Shop
from mail_gateway.domain.takings import Sale

SHOP = Shop("山の店", "T7000012050002")
SOLD = Sale(7, 1001, Trade.SALE, State.APPROVED, 7, 1, 2, 1100, 392, "411111******1111", "1", None, 0, 0, 10)
BACK = replace(SOLD, id=8, kind=Trade.REFUND, original=7, amount_minor=300)
AMOUNTS = st.integers(1, 10**12)


@given(AMOUNTS, st.sampled_from(rules.RATES), st.sampled_from(Rounding))
def test_tax_is_the_exact_part_rounded_once(amount: int, rate: int, rounding: Rounding) -> None:
    exact, tax = Fraction(amount * rate, 100 + rate), rules.tax_in(amount, rate, rounding)
    assert abs(tax - exact) < 1
    if rounding is Rounding.DOWN:
        assert tax <= exact
    elif rounding is Rounding.UP:
        assert tax >= exact
    else:
        assert abs(tax - exact) <= Fraction(1, 2)
        assert tax == int(exact + Fraction(1, 2)), "half a yen goes up"


@pytest.mark.parametrize(
    ("amount", "rate", "taxes"),
    [
        (1100, 10, (100, 100, 100)),
        (12345, 10, (1122, 1122, 1123)),
        (1000, 8, (74, 74, 75)),
        (999, 0, (0, 0, 0)),
    ],
)
def test_tax_of_known_amounts(amount: int, rate: int, taxes: tuple[int, ...]) -> None:
    assert tuple(rules.tax_in(amount, rate, one) for one in Rounding) == taxes


@given(AMOUNTS, st.sampled_from(rules.RATES), st.data())
def test_the_parts_are_the_whole(amount: int, rate: int, data: st.DataObject) -> None:
    reduced = data.draw(st.none() | st.integers(0, amount))
    bands = rules.bands_of(amount, replace(SHOP, rate=rate), reduced)
    assert sum(band.amount_minor for band in bands) == amount
    assert [band.rate for band in bands] == sorted({band.rate for band in bands}, reverse=True)
    assert all(band.amount_minor > 0 for band in bands)
    if reduced is not None:
        assert sum(band.amount_minor for band in bands if band.rate == rules.REDUCED) == reduced


def test_a_company_number_checks_itself() -> None:
    for number in ("T7000012050002", "T4011001098993", "T8000012010038"):
        assert rules.is_registration_number(number)
        assert rules.is_of_a_company(number)
        wrong = f"T{int(number[1]) % 9 + 1}{number[2:]}"
        assert not rules.is_of_a_company(wrong)
    for text in ("", "7000012050002", "T700001205000", "T70000120500020", "t7000012050002", "T0000012050002"):
        assert not rules.is_registration_number(text)


def test_one_wrong_digit_shows_but_for_nought_and_nine() -> None:
    for at in range(2, 14):
        for digit in "0123456789":
            changed = "T7000012050002"[:at] + digit + "T7000012050002"[at + 1 :]
            same = {digit, "T7000012050002"[at]} in ({"0", "9"}, {digit})
            assert rules.is_of_a_company(changed) is same


@pytest.mark.parametrize(
    ("sale", "details", "slug"),
    [
        (SOLD, Details(), ""),
        (SOLD, Details(reduced_minor=0), ""),
        (SOLD, Details(reduced_minor=1100), ""),
        (SOLD, Details(reduced_minor=1101), "receipt-too-much"),
        (SOLD, Details(reduced_minor=-1), "receipt-too-much"),
        (replace(SOLD, currency=840), Details(reduced_minor=1), "receipt-too-much"),
        (replace(SOLD, returned_minor=1100), Details(), "receipt-returned"),
        (replace(SOLD, returned_minor=1099), Details(), ""),
        (replace(SOLD, state=State.SETTLED), Details(), ""),
        *(
            (replace(SOLD, state=state), Details(), "receipt-not-paid")
            for state in State
            if state.value not in ("approved", "settled")
        ),
    ],
)
def test_who_gets_a_receipt(sale: Sale, details: Details, slug: str) -> None:
    assert rules.refusal(sale, details, ()) == slug


def test_a_return_is_taxed_as_its_sale_was() -> None:
    mixed = rules.bands_of(1100, SHOP, 540)
    assert rules.refusal(BACK, Details(), mixed) == "receipt-which-rate"
    assert rules.refusal(BACK, Details(reduced_minor=40), mixed) == ""
    whole = replace(BACK, amount_minor=1100, returned_minor=1100)
    assert rules.refusal(whole, Details(), mixed) == ""
    assert rules.bands_of(1100, SHOP, rules.reduced_of(whole, Details(), mixed)) == mixed
    reduced = rules.bands_of(1100, SHOP, 1100)
    assert rules.bands_of(300, SHOP, rules.reduced_of(BACK, Details(), reduced)) == (Band(8, 300, 22),)
    plain = rules.bands_of(1100, SHOP, None)
    assert rules.bands_of(300, SHOP, rules.reduced_of(BACK, Details(), plain)) == (Band(10, 300, 27),)
    assert rules.reduced_of(BACK, Details(), ()) is None


def test_what_is_kept_of_a_receipt_comes_back() -> None:
    details, bands = Details('山"田', "x\\y", 540), rules.bands_of(1100, SHOP, 540)
    facts = rules.facts_of(details, bands)
    assert (rules.details_in(facts), rules.bands_in(facts)) == (details, bands)
