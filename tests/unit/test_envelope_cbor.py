"""Deterministic CBOR: the same bytes as cbor2 in canonical mode, and one encoding for each value."""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope.cbor import INT_MAX, Tag, decode, encode
from schemas.errors import WireError

LEAVES = st.one_of(st.integers(-1 - INT_MAX, INT_MAX), st.binary(max_size=300), st.text(max_size=60))


def values(least_key: int) -> st.SearchStrategy:
    keys = st.integers(least_key, INT_MAX)
    return st.recursive(
        LEAVES,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    ).filter(lambda value: depth(value) <= 8)


def depth(value) -> int:
    inner = list(value.values()) if isinstance(value, dict) else value
    return 1 + max(map(depth, inner), default=0) if isinstance(value, list | dict) else 0


@given(values(0))
def test_same_as_cbor2(value) -> None:
    """Without negative keys: cbor2 sorts them by length first, the older rule of RFC 7049 section 3.9."""
    assert encode(value) == cbor2.dumps(value, canonical=True)


@given(values(-1 - INT_MAX))
def test_there_and_back_and_cbor2_reads_it(value) -> None:
    data = encode(value)
    assert decode(data) == value == cbor2.loads(data)


@given(st.binary(max_size=60))
def test_whatever_is_accepted_is_encoded_the_same(data) -> None:
    try:
        value = decode(data)
    except WireError as error:
        assert error.slug.startswith("cbor-")
        assert 0 <= error.where <= len(data)
    else:
        assert encode(value) == data


@given(values(-1 - INT_MAX), st.data())
def test_cut_or_longer_is_never_accepted(value, data) -> None:
    encoded = encode(value)
    with pytest.raises(WireError):
        decode(encoded[: data.draw(st.integers(0, len(encoded) - 1))])
    with pytest.raises(WireError):
        decode(encoded + b"\x00")


@given(st.binary(min_size=1, max_size=8))
def test_utf8_is_what_python_calls_utf8(text) -> None:
    data = encode(text).replace(bytes([0x40 | len(text)]), bytes([0x60 | len(text)]), 1)
    try:
        expected = text.decode()
    except UnicodeDecodeError:
        with pytest.raises(WireError):
            decode(data)
    else:
        assert decode(data) == expected


def test_every_two_byte_utf8_sequence() -> None:
    for first in range(256):
        for second in range(256):
            text = bytes([first, second])
            try:
                text.decode()
                accepted = True
            except UnicodeDecodeError:
                accepted = False
            try:
                decode(b"\x62" + text)
            except WireError:
                assert not accepted
            else:
                assert accepted


@pytest.mark.parametrize(
    "value",
    [True, None, 1.0, (1,), {1}, {"a": 1}, {True: 1}, INT_MAX + 1, -2 - INT_MAX, Tag(-1, 0)],
)
def test_what_is_outside_the_subset_is_not_written(value) -> None:
    with pytest.raises(WireError) as caught:
        encode([value])
    assert (caught.value.slug, caught.value.where) == ("cbor-type", "value.0")


def test_depth_is_the_same_for_writing_and_reading() -> None:
    nested: object = []
    for _ in range(8):
        nested = [nested]
    with pytest.raises(WireError, match="cbor-depth"):
        encode(nested)
    with pytest.raises(WireError, match="cbor-utf8"):
        encode("\ud800")


def test_a_large_claim_allocates_nothing() -> None:
    with pytest.raises(WireError, match="cbor-truncated"):
        decode(bytes.fromhex("5bffffffffffffffff"))
