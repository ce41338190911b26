"""JSON is read strictly, and what is asked is read by both ends in one way."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from json_adapter.asked import Operation, read_asked, read_totals
from json_adapter.wire import WireError, read, write

ANY = re.compile(r"(?s).*")


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        (b"", "json-broken"),
        (b"{", "json-broken"),
        (b"{} {}", "json-broken"),
        (b"\xef\xbb\xbf{}", "json-broken"),
        (b'{"a":"\xff"}', "json-broken"),
        ('{"a":1}'.encode("utf-16"), "json-broken"),
        (b"[" * 100_000, "json-broken"),
        (b'{"a":' * 50_000, "json-broken"),
        (b"[]", "json-table"),
        (b"null", "json-table"),
        (b'{"a":1,"a":1}', "json-twice"),
        (b'{"b":{"a":1,"a":2}}', "json-twice"),
        (b'{"a":1.0}', "json-fraction"),
        (b'{"a":1e3}', "json-fraction"),
        (b'{"a":NaN}', "json-fraction"),
        (b'{"a":-Infinity}', "json-fraction"),
        (b'{"a":1234567890123456}', "json-range"),
        (b'{"a":' + b"9" * 100_000 + b"}", "json-range"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(body: bytes, slug: str) -> None:
    with pytest.raises(WireError) as caught:
        read(body)
    assert caught.value.slug == slug


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        (b"{}", "json-missing"),
        (b'{"a":"1"}', "json-number"),
        (b'{"a":true}', "json-number"),
        (b'{"a":null}', "json-number"),
        (b'{"a":-1}', "json-range"),
        (b'{"a":11}', "json-range"),
    ],
)
def test_a_number_has_its_type_and_its_range(body: bytes, slug: str) -> None:
    with pytest.raises(WireError) as caught:
        read(body).number("a", 10)
    assert (caught.value.slug, caught.value.where) == (slug, "a")


def test_a_fault_names_the_member_and_never_its_value() -> None:
    with pytest.raises(WireError) as caught:
        read(b'{"card":{"track2":"4111111111111111;"}}').table("card").text("track2", re.compile("[0-9]+"))
    assert caught.value.where == "card.track2"
    assert "4111" not in str(caught.value) + repr(caught.value)


@given(
    st.binary(max_size=60) | st.text(alphabet='{}[]",:0123456789.eE+-nultrfas\\', max_size=60).map(str.encode)
)
def test_reading_raises_nothing_else(body: bytes) -> None:
    try:
        table = read(body)
    except WireError:
        return
    assert isinstance(json.loads(body), dict)
    for operation in set(Operation) - {Operation.ECHO, Operation.RECONCILIATION}:
        with pytest.raises(WireError):
            read_asked(operation, table)
    with pytest.raises(WireError):
        read_totals(table)


@given(st.dictionaries(st.text(), st.integers(0, 10**15 - 1) | st.text() | st.booleans()))
def test_what_was_written_is_read_back(members: dict[str, object]) -> None:
    table = read(write(members))
    for name, value in members.items():
        if isinstance(value, bool):
            assert table.flag(name) is value
        elif isinstance(value, int):
            assert table.number(name, 10**15) == value
        else:
            assert table.text(name, ANY) == value
