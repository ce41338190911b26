"""Messages are written and read by the profile; whatever is wrong raises MessageError and nothing else."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import iso8583
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cafis_adapter.codec import Message, MessageError, masked_pan, pack, transcript, unpack
from cafis_adapter.framing import Framer, frame
from cafis_adapter.profile import load_profile

PROFILE = load_profile()
ANSWER = Message(
    "0110",
    {4: "000000001200", 11: "000001", 37: "700000000001", 38: "123456", 39: "00", 41: "T0000001", 49: "392"},
)


def test_bytes_of_a_small_message_are_these() -> None:
    body = pack(PROFILE, Message("0800", {7: "0101000000", 11: "000001", 70: "001"}))
    assert body == b"0800" + bytes.fromhex("8220000000000000") + bytes.fromhex("0400000000000000") + (
        b"0101000000000001001"
    )


def test_second_bitmap_is_there_even_when_empty() -> None:
    body = pack(PROFILE, Message("0110", {39: "00"}))
    assert body == b"0110" + bytes.fromhex("8000000002000000") + bytes(8) + b"00"
    short = pack(replace(PROFILE, secondary_bitmap_always=False), Message("0110", {39: "00"}))
    assert short == b"0110" + bytes.fromhex("0000000002000000") + b"00"
    assert unpack(PROFILE, body) == unpack(PROFILE, short) == Message("0110", {39: "00"})


def test_padding_is_added_and_not_shown() -> None:
    message = unpack(PROFILE, pack(PROFILE, ANSWER))
    assert message.fields[41] == "T0000001     "
    assert message[41] == "T0000001"
    assert message[63] == ""


@pytest.mark.parametrize(
    ("fields", "slug"),
    [
        ({4: "12x"}, "field-type"),
        ({4: "1" * 13}, "field-length"),
        ({35: "4111111111111111?2712"}, "field-type"),
        ({35: "4" * 38}, "field-length"),
        ({41: "端末"}, "field-type"),
        ({41: "T\n"}, "field-type"),
        ({55: "ABC"}, "field-type"),
        ({99: "1"}, "field-unknown"),
        (dict.fromkeys((48, 60, 61), "x" * 999), "message-too-long"),
    ],
)
def test_what_cannot_be_written_is_refused(fields: dict[int, str], slug: str) -> None:
    with pytest.raises(MessageError) as caught:
        pack(PROFILE, Message("0100", fields))
    assert caught.value.slug == slug


@pytest.mark.parametrize("cut", range(1, len(pack(PROFILE, ANSWER))))
def test_every_truncation_is_refused(cut: int) -> None:
    with pytest.raises(MessageError):
        unpack(PROFILE, pack(PROFILE, ANSWER)[:-cut])


def test_trailing_bytes_are_refused() -> None:
    with pytest.raises(MessageError):
        unpack(PROFILE, pack(PROFILE, ANSWER) + b"0")


@pytest.mark.parametrize("length", [b"+4", b" 4", b"1_", b"-4"])
def test_a_length_is_digits(length: bytes) -> None:
    good = pack(PROFILE, Message("0110", {44: "G123"}))
    with pytest.raises(MessageError):
        unpack(PROFILE, good.replace(b"04G123", length + b"G123"))


@given(st.binary(max_size=200))
@example(b"0110" + b"\xff" * 60)
@example(b"01\xff0" + bytes(16))
def test_garbage_raises_the_typed_error_or_reads(body: bytes) -> None:
    try:
        message = unpack(PROFILE, body)
    except MessageError as error:
        assert error.__context__ is None
        return
    assert transcript(message)


@given(st.integers(0, len(pack(PROFILE, ANSWER)) - 1), st.integers(0, 255))
def test_one_changed_byte_raises_the_typed_error_or_reads(place: int, value: int) -> None:
    body = bytearray(pack(PROFILE, ANSWER))
    body[place] = value
    try:
        unpack(PROFILE, bytes(body))
    except MessageError:
        pass


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=8), st.lists(st.integers(1, 40), max_size=20))
def test_frames_are_the_same_however_the_stream_is_cut(bodies: list[bytes], sizes: list[int]) -> None:
    stream = b"".join(map(frame, bodies))
    framer, found = Framer(100), []
    for size in [*sizes, len(stream)]:
        found += framer.feed(stream[:size])
        stream = stream[size:]
    assert found == bodies
    assert not framer.unfinished


@pytest.mark.parametrize(
    ("data", "slug"),
    [(b"\x00\x00", "frame-empty"), (b"\xff\xff", "frame-too-long"), (b"\x00\x65", "frame-too-long")],
)
def test_good_frames_before_a_bad_one_are_not_lost(data: bytes, slug: str) -> None:
    found = []
    with pytest.raises(MessageError) as caught:
        for body in Framer(100).feed(frame(b"good") + data):
            found.append(body)
    assert found == [b"good"]
    assert caught.value.slug == slug


SECRET = {
    2: "4111111111111111",
    35: "4111111111111111=27122010000012345678",
    52: "0123456789ABCDEF",
    45: "SECRET",
}


def test_nothing_secret_is_printed() -> None:
    message = Message("0100", {**SECRET, 4: "000000001200"})
    shown = f"{message!r} {message} {transcript(message)}"
    assert shown.count("411111******1111") == 3
    assert "0123456789ABCDEF" not in shown and "SECRET" not in shown and "2712" not in shown
    assert masked_pan(Message("0100", {35: SECRET[35]})) == "411111******1111"
    assert masked_pan(Message("0100", {2: "41111"})) == "*****"
    with pytest.raises(TypeError):
        pickle.dumps(message)


@pytest.mark.parametrize("fields", [{**SECRET, 4: "x"}, {**SECRET, 35: SECRET[35] + "9" * 9}])
def test_no_exception_holds_the_card(fields: dict[int, str]) -> None:
    with pytest.raises(MessageError) as caught:
        pack(PROFILE, Message("0100", fields))
    error = caught.value
    assert "4111" not in f"{error} {error!r} {vars(error)}"
    assert error.__context__ is None and error.__cause__ is None


def library_row(data_enc: str, len_type: int, max_len: int) -> dict[str, Any]:
    return {"data_enc": data_enc, "len_enc": "ascii", "len_type": len_type, "max_len": max_len, "desc": ""}


SPEC = {
    "h": library_row("ascii", 0, 0),
    "t": library_row("ascii", 0, 4),
    **dict.fromkeys("p1", library_row("b", 0, 8)),
    **{
        str(number): library_row("b" if one.kind == "b" else "ascii", one.length_digits, one.size_max)
        for number, one in PROFILE.elements.items()
    },
}
"""The profile as pyiso8583, which others have proved, reads it."""

LETTERS = {
    "n": "0123456789",
    "an": "AZaz09 ",
    "ans": " ~!|Az09",
    "z": "0123456789=D",
    "b": "0123456789ABCDEF",
}


@st.composite
def messages(draw: st.DrawFn) -> Message:
    fields = {}
    for number in draw(st.sets(st.sampled_from(sorted(PROFILE.elements)), max_size=20)):
        element = PROFILE.elements[number]
        double = 2 if element.kind == "b" else 1
        least = 0 if element.length_digits else element.size_max
        size = draw(st.integers(least, min(element.size_max, least + 40))) * double
        fields[number] = draw(st.text(LETTERS[element.kind], min_size=size, max_size=size))
    return Message(draw(st.sampled_from(["0100", "0110", "0420", "0800"])), fields)


@given(messages())
def test_the_library_reads_and_writes_the_same(message: Message) -> None:
    body = pack(PROFILE, message)
    values, _ = iso8583.decode(body, SPEC)
    assert {
        int(key): value for key, value in values.items() if key.isdigit() and key != "1"
    } == message.fields
    plain = pack(replace(PROFILE, secondary_bitmap_always=False), message)
    document = {"t": message.mti, **{str(number): value for number, value in message.fields.items()}}
    assert plain == bytes(iso8583.encode(document, SPEC)[0])
    assert unpack(PROFILE, body) == unpack(PROFILE, plain) == message


@given(messages(), st.data())
def test_what_the_library_refuses_is_refused(message: Message, data: st.DataObject) -> None:
    body = bytearray(pack(PROFILE, message))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = unpack(PROFILE, bytes(body))
    except MessageError:
        return
    values, _ = iso8583.decode(bytes(body), SPEC)
    assert {int(key): value for key, value in values.items() if key.isdigit() and key != "1"} == read.fields


def _can_be_written(fields: dict[int, str]) -> bool:
    try:
        pack(PROFILE, Message("0100", fields))
    except MessageError:
        return False
    return True


def _is_right(number: int, value: str) -> bool:
    element = PROFILE.elements[number]
    size = len(element.fitted(value)) // (2 if element.kind == "b" else 1)
    return element.accepts(element.fitted(value)) and (
        size <= element.size_max if element.length_digits else size == element.size_max
    )


@given(
    st.dictionaries(
        st.sampled_from(sorted(PROFILE.elements)),
        st.text("01A=Da \0\n\xe9\uffff\u0661", max_size=60)
        | st.sampled_from(["00" * 8, "00" * 17, "0" * 42]),
        max_size=6,
    )
)
@example({52: "0000", 54: "\xe9", 55: "00" * 200})
def test_a_message_is_written_exactly_if_each_of_its_elements_is_right(fields: dict[int, str]) -> None:
    assert _can_be_written(fields) == all(_is_right(number, value) for number, value in fields.items())
    if _can_be_written(fields):
        read = unpack(PROFILE, pack(PROFILE, Message("0100", fields)))
        assert read.fields == {number: PROFILE.elements[number].fitted(fields[number]) for number in fields}
