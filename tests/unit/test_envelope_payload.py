"""The sale and the result inside the seal: every field there and back, every limit, nothing to print."""

from __future__ import annotations

import traceback

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import cbor, outcome, payload
from schemas.envelope.payload import RESULT_FIELDS, SALE_FIELDS, Result, Sale, decode_sale, encode_sale
from schemas.errors import WireError

SECRET = "4111111111111111=27122010000012345678"
MINIMAL = {"kind": 1, "currency": 392}
ROWS = [(Sale, row) for row in SALE_FIELDS] + [(Result, row) for row in RESULT_FIELDS]
CODECS = {Sale: (encode_sale, decode_sale), Result: (payload.encode_result, payload.decode_result)}
BASE = {Sale: MINIMAL, Result: {"outcome": 1, "version": 1}}


def values(row) -> st.SearchStrategy:
    """Every legal value of a field, its zero apart."""
    _, _, kind, low, high, letters = row
    if kind is int:
        return st.integers(low, high)
    if kind is bytes:
        return st.binary(min_size=low, max_size=high)
    return st.text(st.sampled_from(letters), min_size=low, max_size=high)


def records(record_type) -> st.SearchStrategy:
    required = {
        row[1]: values(row) for row in record_type.FIELDS if f"{record_type.PATH}.{row[1]}" in payload.MUST
    }
    optional = {row[1]: values(row) for row in record_type.FIELDS if row[1] not in required}
    others = st.dictionaries(
        st.sampled_from([1, 29, 255]), st.integers().filter(lambda i: abs(i) < 2**64), max_size=2
    )
    return st.builds(
        lambda fields, others: record_type(others=others, **fields),
        st.fixed_dictionaries(required, optional=optional),
        others,
    )


@given(st.one_of(records(Sale), records(Result)))
def test_there_and_back(record) -> None:
    encode, decode = CODECS[type(record)]
    data = encode(record)
    assert decode(data) == record
    assert set(cbor2.loads(data)) == {row[0] for row in record.FIELDS if getattr(record, row[1])} | set(
        record.others
    )


@given(
    st.dictionaries(
        st.integers(-3, 40), st.one_of(st.integers(0, 400), st.text(max_size=3), st.binary(max_size=3))
    )
)
def test_whatever_is_accepted_is_encoded_the_same(items) -> None:
    data = cbor.encode(items)
    for encode, decode in CODECS.values():
        try:
            record = decode(data)
        except WireError as error:
            assert error.slug.startswith("payload-")
        else:
            assert encode(record) == data


def beyond(row) -> list[object]:
    """Values just outside a field's limits."""
    _, _, kind, low, high, letters = row
    if kind is int:
        return [low - 1 if low > 1 else -1, high + 1, "1", True]
    unit = letters[0] if letters else b"\x00"
    too_short = [unit * (low - 1)] if low > 1 else []
    return [*too_short, unit * (high + 1), 1]


@pytest.mark.parametrize(
    ("record_type", "row"), ROWS, ids=lambda value: value[1] if isinstance(value, tuple) else ""
)
def test_limits_of_every_field(record_type, row) -> None:
    encode, decode = CODECS[record_type]
    for value in beyond(row):
        with pytest.raises(WireError) as caught:
            encode(record_type(**{**BASE[record_type], row[1]: value}))
        assert caught.value.where == f"{record_type.PATH}.{row[1]}"
        assert caught.value.slug in ("payload-range", "payload-length", "payload-type")
        if value is not True:
            wire = cbor.encode(
                {
                    **{
                        r[0]: BASE[record_type][r[1]] for r in record_type.FIELDS if r[1] in BASE[record_type]
                    },
                    row[0]: value,
                }
            )
            with pytest.raises(WireError) as again:
                decode(wire)
            assert (again.value.slug, again.value.where) == (caught.value.slug, caught.value.where)


@pytest.mark.parametrize(
    "record", [Sale(track2=SECRET, jis2=SECRET, pin_block=b"P" * 16, **MINIMAL), Result(**BASE[Result])]
)
def test_a_payload_cannot_be_printed(record) -> None:
    assert repr(record) == str(record) == f"{type(record).__name__}(hidden)"
    assert f"{[record]}" == f"[{record!r}]"


def test_a_refusal_does_not_show_the_card() -> None:
    try:
        encode_sale(Sale(track2=SECRET + "X", **MINIMAL))
    except WireError as error:
        assert SECRET not in "".join(traceback.format_exception(error)) + repr(error)
        assert str(error) == "payload-text at sale.track2" or error.slug == "payload-length"


def test_an_unknown_field_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError, match="amount"):
        Sale(amount=1, **MINIMAL)


def test_ignorable_fields_are_carried_along() -> None:
    sale = decode_sale(bytes.fromhex("a3000104190188181dc101".replace("c101", "01")))
    assert sale.others == {29: 1}
    assert encode_sale(sale).hex() == "a3000104190188181d01"
    sale.others = {30: 1}
    with pytest.raises(WireError) as caught:
        encode_sale(sale)
    assert (caught.value.slug, caught.value.where) == ("payload-key", "sale.30")


def test_field_keys_rise_and_are_even() -> None:
    for fields in (SALE_FIELDS, RESULT_FIELDS):
        keys = [row[0] for row in fields]
        assert keys == sorted(set(keys))
        assert all(key % 2 == 0 for key in keys)


def test_every_outcome_has_a_name_and_fits_the_result() -> None:
    assert sorted(outcome.NAMES) == list(range(1, 9))
    assert len(set(outcome.NAMES.values())) == 8
