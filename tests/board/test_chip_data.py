"""The small parts of the chip kernel: data objects, lists, dates, holder verification, applications."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card_reader_fw.board.desk.chip import trial
from card_reader_fw.board.desk.chip.card import Card
from card_reader_fw.board.desk.chip.cards import JCB, VISA, Profile
from card_reader_fw.board.desk.chip.slot import CardSlot
from card_reader_fw.emv import cvm, dates, de55, dol, select, tlv, values
from card_reader_fw.emv.errors import ChipError

TAGS = st.sampled_from([0x57, 0x5A, 0x9F26, 0x5F2A, 0x70, 0x9F8101, 0xBF0C])


@given(st.lists(st.tuples(TAGS, st.binary(max_size=300)), max_size=6), st.integers(0, 3))
def test_what_is_encoded_is_found_again(objects, padding: int) -> None:
    data = bytes(padding) + bytes(padding).join(tlv.encode(tag, value) for tag, value in objects)
    assert [(tag, data[start:end]) for tag, start, end in tlv.walk(data, 0, len(data))] == objects


@given(st.binary(max_size=80))
def test_any_bytes_are_walked_or_refused(data: bytes) -> None:
    try:
        found = tlv.walk(data, 0, len(data))
    except ChipError as error:
        assert error.slug == "chip-tlv"
        return
    assert all(start <= end <= len(data) for _, start, end in found)


@pytest.mark.parametrize("text", ["9F", "9F26", "5A", "5A02FF", "5A80", "5A8301000000", "5A82FF", "9F818181"])
def test_broken_data_objects(text: str) -> None:
    data = bytes.fromhex(text)
    with pytest.raises(ChipError, match="chip-tlv"):
        tlv.walk(data, 0, len(data))


def test_values_are_cut_and_padded_as_their_format_has_it() -> None:
    known = {0x9F02: b"\x00\x00\x00\x00\x19\x80", 0x84: b"\xa0\x00\x01", 0x9A: b"\x27\x01\x15"}
    entries = dol.parse(bytes.fromhex("9F0204" + "9F0208" + "8402" + "8405" + "9A03" + "9F3702"))
    filled = dol.fill(entries, known.get)
    assert filled.hex() == "00001980" + "0000000000001980" + "a000" + "a000010000" + "270115" + "0000"


@given(st.binary(max_size=100))
def test_any_list_is_read_or_refused(data: bytes) -> None:
    try:
        entries = dol.parse(data)
    except ChipError as error:
        assert error.slug == "chip-dol"
        return
    assert len(dol.fill(entries, lambda _: b"\x01")) <= dol.BYTES_MAX


@given(st.integers(0, 4102444799))
def test_dates_as_the_calendar_has_them(unix_s: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=unix_s)
    expected = f"{moment:%y%m%d%H%M%S}" if moment.year >= 2000 else "000101000000"
    assert dates.digits(unix_s).hex() == expected


def test_a_card_of_the_last_century_is_older() -> None:
    days = [dates.day_of(bytes.fromhex(text)) for text in ("500101", "991231", "000101", "491231")]
    assert days == sorted(days)


@given(st.integers(0, 10**12 - 1))
def test_an_amount_in_packed_digits(amount: int) -> None:
    assert values.bcd(amount, 6).hex() == f"{amount:012d}"


X, Y = "000003E8", "00000000"  # 1000


@pytest.mark.parametrize(
    ("rules", "amount", "fits", "pin", "expected"),
    [
        ("1E00", 1, True, False, (cvm.SIGNATURE, "1e0000", 0x00)),
        ("1F00", 1, True, False, (cvm.NONE, "1f0002", 0x00)),
        ("1F061E00", 999, True, False, (cvm.NONE, "1f0602", 0x00)),  # below X nothing, else signature
        ("1F061E00", 1000, True, False, (cvm.SIGNATURE, "1e0000", 0x00)),
        ("1E071F00", 1001, True, False, (cvm.SIGNATURE, "1e0700", 0x00)),
        ("1F061E00", 999, False, False, (cvm.SIGNATURE, "1e0000", 0x00)),  # X is in another currency
        ("1F011E00", 1, True, False, (cvm.SIGNATURE, "1e0000", 0x00)),  # 01: at a cash machine only
        ("41001E00", 1, True, True, (cvm.SIGNATURE, "1e0000", 0x10)),  # offline PIN is not to be had
        ("01001E00", 1, True, True, (cvm.FAILED, "010001", 0x90)),
        ("01031E00", 1, True, True, (cvm.SIGNATURE, "1e0000", 0x00)),  # 03: only if the reader can
        ("42001E00", 1, True, True, (cvm.PIN, "420000", 0x04)),
        ("60001E00", 1, True, False, (cvm.SIGNATURE, "1e0000", 0x40)),  # nobody knows 20
        ("0000", 1, True, False, (cvm.FAILED, "000001", 0x80)),
        ("1F01", 1, True, False, (cvm.FAILED, "3f0001", 0x80)),
        ("", 1, True, False, (cvm.NONE, "3f0000", 0x00)),
    ],
)
def test_how_the_holder_is_verified(rules, amount, fits, pin, expected) -> None:
    how, results, bits, _ = cvm.verify(bytes.fromhex(X + Y + rules), amount, fits, pin)
    assert (how, results.hex(), bits) == expected


@given(st.binary(max_size=252), st.integers(1, 10**8), st.booleans())
def test_any_rules_come_to_a_result(rules: bytes, amount: int, pin: bool) -> None:
    how, results, bits, _ = cvm.verify(rules, amount, True, pin)
    assert len(results) == 3
    assert (how == cvm.FAILED) == bool(bits & cvm.FAILURE)
    assert how != cvm.PIN or pin


def labels_of(*applications, directory: bool = True, **more) -> list[list[str]]:
    shown = []
    card = Card(Profile("made", "", applications, directory=directory, **more))
    trial.trial(CardSlot(card), trial.sale(1, 0, bytes), lambda labels: shown.append(labels) or 0)
    return shown


@pytest.mark.parametrize(
    ("usage", "second"),
    [("FF00", 0x00), ("2100", 0x00), ("0900", 0x00), ("2000", 0x10), ("1500", 0x10), ("0000", 0x10)],
)
def test_what_a_card_may_be_used_for(usage: str, second: int) -> None:
    """Goods or services here, and not at cash machines only; else the issuer is told."""
    card = Card(Profile("made", "", (replace(JCB, usage=usage, denial="0000000000"),)))
    emv = trial.trial(CardSlot(card), trial.sale(1, 0, bytes)).emv
    place = tlv.first(tlv.walk(emv, 0, len(emv)), 0x95)
    assert emv[place[0] + 1] == second


@pytest.mark.parametrize("directory", [True, False])
@pytest.mark.parametrize("t0", [True, False])
def test_two_applications_of_one_brand_are_both_found(directory: bool, t0: bool) -> None:
    first = replace(VISA, aid="A000000003101001", label="PERSONAL", priority=2)
    second = replace(VISA, aid="A000000003101002", label="BUSINESS", priority=1)
    assert labels_of(first, second, directory=directory, t0=t0) == [["BUSINESS", "PERSONAL"]]


def test_brands_that_nobody_here_knows_are_left_out() -> None:
    assert labels_of(replace(VISA, aid="A0000009990101"), JCB) == []


@pytest.mark.parametrize(
    ("label", "shown"), [("", "JCB"), ("\x1b[2J\x00KREDIT", "[2JKREDIT"), ("A" * 40, "A" * 16)]
)
def test_the_cards_words_fit_the_display(label: str, shown: str) -> None:
    assert labels_of(replace(JCB, label=label, priority=0x81)) == [[shown]]


def test_every_brand_has_a_name_that_fits() -> None:
    assert all(len(name) <= select.LABEL_MAX for _, name, _ in select.BRANDS)


def test_de55_fits_with_everything_at_its_longest() -> None:
    assert len(de55.build({tag: bytes(most) for tag, most, _ in de55.TAGS}.get)) <= de55.BYTES_MAX


@pytest.mark.parametrize("tag", [tag for tag, _, required in de55.TAGS if required])
def test_de55_lacks_nothing(tag: int) -> None:
    every = {each: bytes(most) for each, most, _ in de55.TAGS if each != tag}
    with pytest.raises(ChipError, match="chip-data"):
        de55.build(every.get)
