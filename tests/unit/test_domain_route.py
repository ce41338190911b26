"""The routing table: which row fits, which rows never do, and one sentence for what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquirer_sdk.values import Capabilities
from mail_gateway.domain.route import ACCOUNT, CARD, Asked, Range, RouteError, Table, lacks, read_routes

KNOWN = ("cafis", "json", "debit")
ROWS: list[dict[str, object]] = [
    {"issuers": ["411111-411119", "35"], "conditions": [61, "62-63"], "to": "json", "fallback": "cafis"},
    {"brand": "jcb", "merchants": ["Hagaki Store"], "to": "json"},
    {"pays": "account", "to": "debit"},
    {"currency": 840, "to": "json"},
]


def table(rows: list[dict[str, object]]) -> Table:
    return Table("cafis", read_routes(rows, KNOWN))


@pytest.mark.parametrize(
    ("asked", "row", "names"),
    [
        (Asked("4111120000000000", 61, "", 392), 1, ("json", "cafis")),
        (Asked("4111110000000000", 63, "", 392), 1, ("json", "cafis")),
        (Asked("4111200000000000", 61, "", 392), 0, ("cafis",)),
        (Asked("4111190000000000", 10, "", 392), 0, ("cafis",)),
        (Asked("3528000000000000", 61, "Hagaki Store", 392), 1, ("json", "cafis")),
        (Asked("3528000000000000", 10, "Hagaki Store", 392), 2, ("json",)),
        (Asked("3528000000000000", 10, "Other", 392), 0, ("cafis",)),
        (Asked("", 10, "", 392, ACCOUNT), 3, ("debit",)),
        (Asked("", 61, "", 392), 0, ("cafis",)),
        (Asked("5200000000000000", 10, "", 840), 4, ("json",)),
    ],
)
def test_the_first_row_that_fits_says_who_is_asked(asked: Asked, row: int, names: tuple[str, ...]) -> None:
    found = table(ROWS).find(asked)
    assert (found.row, found.route.names) == (row, names)


def test_every_acquirer_is_named_once_the_default_first() -> None:
    assert table(ROWS).names == ("cafis", "json", "debit")


@pytest.mark.parametrize(
    ("row", "key", "sentence"),
    [
        ({}, "to", "is needed"),
        ({"to": "jsn"}, "to", "there is no acquirer 'jsn'; known are cafis, debit, json"),
        ({"to": "json", "fallback": "x"}, "fallback", "no acquirer 'x'"),
        ({"to": "json", "fallback": "json"}, "fallback", "another acquirer"),
        ({"to": "json", "issuers": ["41-4"]}, "issuers", "'41-4' is no range"),
        ({"to": "json", "issuers": ["42-41"]}, "issuers", "'42-41' is no range"),
        ({"to": "json", "issuers": "41"}, "issuers", "must be a list"),
        ({"to": "json", "conditions": ["lump"]}, "conditions", "'lump' is no condition"),
        ({"to": "json", "conditions": [True]}, "conditions", "must be a list"),
        ({"to": "json", "brand": "Vise"}, "brand", "'Vise' is no brand; known are JCB"),
        ({"to": "json", "pays": "cash"}, "pays", "must be one of card, account"),
        ({"to": "json", "currency": "yen"}, "currency", "must be a number"),
        ({"to": "json", "isuers": []}, "isuers", "there is no such key"),
        ({"to": 3}, "to", "must be a text"),
    ],
)
def test_what_is_wrong_names_row_and_key(row: dict[str, object], key: str, sentence: str) -> None:
    with pytest.raises(RouteError, match=sentence) as wrong:
        read_routes([{"to": "cafis"}, row], KNOWN)
    assert wrong.value.key == f"row 2: {key}"


@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [
        ({}, {"brand": "JCB"}, True),
        ({"issuers": ["4"]}, {"issuers": ["411111-411119"]}, True),
        ({"issuers": ["411111-411119"]}, {"issuers": ["4"]}, False),
        ({"issuers": ["35"]}, {"brand": "JCB"}, False),
        ({"conditions": ["61-63"]}, {"conditions": [62], "merchants": ["A"]}, True),
        ({"conditions": [61]}, {"conditions": [61, 62]}, False),
        ({"merchants": ["A"]}, {}, False),
        ({"pays": "card"}, {"pays": "account"}, False),
    ],
)
def test_rows_that_are_never_used_are_found(
    first: dict[str, object], second: dict[str, object], taken: bool
) -> None:
    rows = [{"to": "json", **first}, {"to": "cafis", **second}]
    assert table(rows).unreachable() == ([(2, 1)] if taken else [])


@given(st.data())
def test_a_row_that_another_covers_fits_nothing_that_the_other_does_not(data: Any) -> None:
    digits = st.text("0123456789", min_size=1, max_size=4)

    def drawn() -> Range:
        one, other = data.draw(digits), data.draw(digits)
        low, high = sorted((one[: len(other)].ljust(len(other), "0"), other))
        return Range(low, high)

    wide, narrow, number = drawn(), drawn(), data.draw(st.text("0123456789", min_size=19, max_size=19))
    if wide.covers(narrow) and narrow.holds(number):
        assert wide.holds(number)


def test_what_an_acquirer_lacks_is_told() -> None:
    assert lacks(Capabilities(), 61, CARD) == ""
    assert lacks(Capabilities(conditions=(10,)), 61, CARD) == "condition-unsupported"
    assert lacks(Capabilities(), 10, ACCOUNT) == "account-unsupported"
    assert lacks(Capabilities(card=False, account=True), 10, CARD) == "card-unsupported"
