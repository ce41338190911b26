"""The test card by itself: what an integrator's terminal may count on, right and wrong commands alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card_reader_fw.board.desk.chip.cards import CARDS
from card_reader_fw.board.desk.chip.choice import card_of, slot_of
from card_reader_fw.board.desk.reader_error import ReaderError
from card_reader_fw.track import track2

SELECT_JCB = "00A4040007A000000065101000"
OPTIONS = "80A80000028300 00"
GENERATE = "80AE80001D" + "00" * 29 + "00"
SECOND = "80AE00001F" + "5A33" + "00" * 29 + "00"


def talk(card, *commands: str) -> list[str]:
    return [card.send(bytes.fromhex(command)).hex().upper() for command in commands]


@pytest.fixture
def jcb():
    card = card_of("jcb")
    card.reset()
    return card


def test_every_card_number_is_well_formed_and_stands_for_one_key() -> None:
    for card in CARDS.values():
        for one in card.applications:
            text = f"{one.pan}={one.expiry}{one.service}"
            assert track2.from_text(bytearray(text.encode())).luhn_ok


def test_a_sale_goes_step_by_step(jcb) -> None:
    first, options, record, arqc, aac, third = talk(
        jcb, SELECT_JCB, OPTIONS, "00B2010C00", GENERATE, SECOND, SECOND
    )
    assert first.startswith("6F") and first.endswith("9000")
    assert options == "800A1800" + "0801020010010100" + "9000"
    assert record.startswith("70")
    assert (arqc[4:6], aac[4:6]) == ("80", "00")
    assert arqc[6:10] == aac[6:10] == "0001"
    assert third == "6985"


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("00A4040008A00000000000000000", "6A82"),
        ("00A4000007A000000065101000", "6A86"),
        ("00FF000000", "6D00"),
        ("01A4040007A000000065101000", "6E00"),
        ("00A404", "6700"),
        ("00A4040009A000000065101000", "6700"),
        (OPTIONS, "6985"),
        ("00B2010C00", "6A83"),
        (GENERATE, "6985"),
        ("80CA9F1300", "6A88"),
    ],
)
def test_what_is_wrong_has_its_status_word(jcb, command: str, status: str) -> None:
    assert talk(jcb, command) == [status]


def test_a_pin_has_three_tries(jcb) -> None:
    wrong, right = "0020008008249999FFFFFFFFFF", "0020008008241234FFFFFFFFFF"
    assert talk(jcb, "80CA9F1700") == ["9F1701039000"]
    assert talk(jcb, wrong, wrong, right, "80CA9F1700") == ["63C2", "63C1", "9000", "9F1701039000"]
    assert talk(jcb, wrong, wrong, wrong, right) == ["63C2", "63C1", "63C0", "6983"]


def test_the_counter_outlives_a_power_off(jcb) -> None:
    talk(jcb, SELECT_JCB, OPTIONS)
    jcb.reset()
    talk(jcb, SELECT_JCB, OPTIONS)
    assert talk(jcb, "80CA9F3600") == ["9F360200029000"]


def test_t0_answers_in_two_steps() -> None:
    card = card_of("t0")
    card.reset()
    (more,) = talk(card, SELECT_JCB)
    assert more.startswith("61")
    length = more[2:]
    assert talk(card, f"00C00000{length}")[0].endswith("9000")
    assert talk(card, f"00C00000{length}") == ["6985"]
    talk(card, OPTIONS)
    (wrong,) = talk(card, "00B2010C00")
    assert wrong.startswith("6C")
    assert talk(card, f"00B2010C{wrong[2:]}")[0].endswith("9000")


@given(st.lists(st.binary(max_size=300), max_size=8), st.sampled_from(sorted(CARDS)))
def test_any_bytes_get_an_answer(commands: list[bytes], name: str) -> None:
    card = card_of(name)
    card.reset()
    for command in commands:
        assert 2 <= len(card.send(command)) <= 258


@pytest.mark.parametrize(
    ("word", "slug"),
    [
        ("", "slot-format"),
        ("card", "slot-format"),
        ("usb:jcb", "slot-format"),
        ("card:nobody", "card-unknown"),
        ("wire:jcb:nothing", "card-fault"),
    ],
)
def test_a_slot_that_cannot_be(word: str, slug: str) -> None:
    with pytest.raises(ReaderError) as error:
        slot_of(word)
    assert error.value.slug == slug
