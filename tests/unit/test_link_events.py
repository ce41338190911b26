"""What the sides say: bodies and the text of the LCD, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import WireError
from schemas.link import events, table
from schemas.link.session import PHONE, READER, Session
from schemas.link.text import escape, unescape

LCD = st.text(
    st.one_of(
        st.characters(min_codepoint=0x20, max_codepoint=0x7E),
        st.characters(min_codepoint=0xFF61, max_codepoint=0xFF9F),
        st.sampled_from("\u00a5\n\\"),
    )
)


@given(LCD)
def test_lcd_text_comes_back(text) -> None:
    wire = escape(text)
    assert all(" " <= letter <= "~" for letter in wire)
    assert unescape(wire) == text


@given(st.text(max_size=12))
def test_lcd_text_has_one_form(wire) -> None:
    try:
        text = unescape(wire)
    except WireError as error:
        assert error.slug == "link-text"
    else:
        assert escape(text) == wire


def test_half_width_kana_is_its_jis_byte() -> None:
    assert escape("\uff76\uff70\uff84\uff9e") == "\\xB6\\xB0\\xC4\\xDE"
    assert all(escape(chr(0xFEC0 + byte)) == f"\\x{byte:02X}" for byte in range(0xA1, 0xE0))


@pytest.mark.parametrize("text", ["\u30ab", "\t", "\x7f", "\u3042", "\U0001f600"])
def test_what_the_lcd_cannot_show_is_refused(text) -> None:
    with pytest.raises(WireError) as caught:
        escape("ok" + text)
    assert (caught.value.slug, caught.value.where) == ("link-text", 2)


@given(st.sampled_from([entry[1] for entry in table.MESSAGES.values()]), st.text(max_size=40))
def test_a_body_has_one_form(event_type, body) -> None:
    try:
        event = events.decode(event_type, body)
    except WireError as error:
        assert error.slug in ("link-body", "link-text")
    else:
        assert events.encode(event) == body


@pytest.mark.parametrize(
    "event",
    [
        events.Hello(1 << 32, "1.0"),
        events.Hello(True, "1.0"),
        events.Hello(1, ""),
        events.Hello(1, "x" * 33),
        events.Permission(1.5),
        events.SaleArrived("A" * 1201),
        events.SendAgain("x" * 17),
        events.Verdict("perhaps"),
    ],
)
def test_a_value_out_of_range_is_refused_before_it_is_sent(event) -> None:
    with pytest.raises(WireError) as caught:
        events.encode(event)
    assert caught.value.slug == "link-body"


def test_events_are_equal_by_value() -> None:
    assert events.Hello(1, "a") == events.Hello(1, "a") != events.Hello(1, "b")
    assert events.Verdict("genuine") != events.SendAgain("genuine")
    assert events.SaleArrived("A") != events.ResultArrived("A")
    assert events.Stored() == events.Stored() != events.LinkUp()


def test_a_refused_call_changes_nothing() -> None:
    phone = Session(PHONE)
    reader = Session(READER)
    reader.receive(phone.outgoing(), 0)
    with pytest.raises(WireError):
        reader.hello(-1, "1.0")
    reader.hello(42, "1.0")  # still allowed


def test_every_row_of_the_table_can_be_walked() -> None:
    reached = {(lane, table.START) for lane in table.LANES}
    for _ in table.TABLE:
        reached |= {(lane, after) for lane, state, _, after in table.TABLE if (lane, state) in reached}
    assert {(lane, state) for lane, state, _, _ in table.TABLE} <= reached
    assert {row[2] for row in table.TABLE} == set(table.MESSAGES)
