"""Zengin files: fields where the bankers have them, nothing lost on the way, nothing wrong taken."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from cost import cost_s
from hypothesis import given, settings
from hypothesis import strategies as st

from bank_debit.layout import DEBITS, LAYOUTS, PAYOUTS, Debit, Header, Kind, Payout, Trailer
from bank_debit.totals import answered, requested
from bank_debit.zengin import FAULTS_MAX, SIZE_MAX, TEXT_BYTES, Faulty, ZenginError, ZenginFile, read, write

TEXT = bytes(TEXT_BYTES).decode("shift_jis")

# Written by hand from the tables of two banks, column by column.
BY_HAND = (
    "1910" + "0001234567" + "ｶ)ﾊｶﾞｷ".ljust(40) + "1127" + "0001" + "ﾐｽﾞﾎ".ljust(15) + "001" + "ﾎﾝﾃﾝ".ljust(15)
    + "1" + "7654321" + " " * 17,
    "2" + "9900" + "ﾕｳﾁﾖ".ljust(15) + "058" + " " * 15 + " " * 4 + "1" + "0077345" + "ﾔﾏﾀﾞ ﾀﾛｳ".ljust(30)
    + "0000001200" + "1" + "00000000700000000001" + "0" + " " * 8,
    "2" + "0134" + " " * 15 + "002" + " " * 15 + " " * 4 + "2" + "7000001" + "ﾊｶﾞｷ ﾊﾅｺ".ljust(30)
    + "0000099999" + "0" + "C-1".ljust(20) + "0" + " " * 8,
    "8" + "000002" + "000000101199" + "000000" + "000000000000" + "000000" + "000000000000" + " " * 65,
    "9" + " " * 119,
)  # fmt: skip

HEADER = Header("0001234567", "ｶ)ﾊｶﾞｷ", "1127", "0001", "ﾐｽﾞﾎ", "001", "ﾎﾝﾃﾝ", 1, "7654321")
ROWS = (
    Debit("9900", "ﾕｳﾁﾖ", "058", "", 1, "0077345", "ﾔﾏﾀﾞ ﾀﾛｳ", 1200, 1, "00000000700000000001"),
    Debit("0134", "", "002", "", 2, "7000001", "ﾊｶﾞｷ ﾊﾅｺ", 99_999, 0, "C-1"),
)
REQUEST = ZenginFile(DEBITS, HEADER, ROWS, requested(ROWS))


def bytes_of(records: tuple[str, ...] = BY_HAND, end: str = "\r\n") -> bytes:
    return "".join(record + end for record in records).encode("shift_jis")


def slugs(data: bytes) -> list[tuple[int, int, str]]:
    found = read(data)
    return [(f.line, f.column, f.slug) for f in found.faults] if isinstance(found, Faulty) else []


def texts(length: int) -> st.SearchStrategy[str]:
    return st.text(TEXT, max_size=length).map(lambda text: text.rstrip(" "))


def digits(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=length, max_size=length)


def numbers(field: str, layout: str) -> st.SearchStrategy[int]:
    found = next(f for f in LAYOUTS[layout].data if f.name == field)
    return st.sampled_from([int(one) for one in found.allowed])


HEADERS = st.builds(
    Header, digits(10), texts(40), st.sampled_from(["0101", "0229", "1127", "1231"]), digits(4), texts(15),
    digits(3), texts(15), st.sampled_from([1, 2, 9]), digits(7),
)  # fmt: skip
DEBIT_ROWS = st.builds(
    Debit, digits(4), texts(15), digits(3), texts(15), numbers("kind", DEBITS), digits(7), texts(30),
    st.integers(1, 9_999_999_999), numbers("new", DEBITS), texts(20), numbers("result", DEBITS),
)  # fmt: skip
PAYOUT_ROWS = st.builds(
    Payout, digits(4), texts(15), digits(3), texts(15), texts(4), numbers("kind", PAYOUTS), digits(7),
    texts(30), st.integers(1, 9_999_999_999), numbers("new", PAYOUTS), texts(20), numbers("wire", PAYOUTS),
    st.sampled_from(["", "Y"]),
)  # fmt: skip


def debits_of(rows: list[Debit]) -> Trailer:
    return answered(rows) if any(row.result for row in rows) else requested(rows)


@pytest.mark.parametrize("end", ["\r\n", ""])
def test_a_file_written_by_hand_is_read_and_written_again(end: str) -> None:
    data = bytes_of(end=end)
    found = read(data)
    assert found == replace(REQUEST, line_breaks=bool(end))
    assert isinstance(found, ZenginFile)
    assert write(found) == data


@given(HEADERS, st.lists(DEBIT_ROWS, min_size=1, max_size=5), st.booleans())
@settings(max_examples=60, deadline=None)
def test_debits_come_back_as_they_were(header: Header, rows: list[Debit], breaks: bool) -> None:
    file = ZenginFile(DEBITS, header, tuple(rows), debits_of(rows), breaks)
    data = write(file)
    assert read(data) == file
    assert write(file) == data
    assert len(data) == (len(rows) + 3) * (122 if breaks else 120)


@given(HEADERS, st.lists(PAYOUT_ROWS, min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_payouts_come_back_as_they_were(header: Header, rows: list[Payout]) -> None:
    file = ZenginFile(PAYOUTS, header, tuple(rows), requested(rows))
    assert read(write(file)) == file


@given(st.binary(max_size=1000))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    found = read(data)
    assert isinstance(found, Faulty)
    assert found.faults


@given(st.integers(0, 609), st.integers(0, 255))
@settings(max_examples=300, deadline=None)
def test_a_file_with_one_byte_changed_is_refused_or_says_exactly_what_was_changed(at: int, byte: int) -> None:
    """No check digits: within the bounds of a field another letter or digit is another name or account."""
    data = bytearray(bytes_of())
    before, data[at] = data[at], byte
    found = read(bytes(data))
    if byte == before:
        assert found == REQUEST
    elif isinstance(found, ZenginFile):
        assert write(found) == bytes(data), "the reader changed what it read"
        assert changed(found) <= UNGUARDED


UNGUARDED = {
    *(f"header.{f}" for f in ("originator", "name", "day", "bank", "bank_name", "branch", "branch_name")),
    *("header.kind", "header.number"),
    *(f"row.{f}" for f in ("bank", "bank_name", "branch", "branch_name", "kind", "number", "holder")),
    *("row.new", "row.customer"),
}
"""What a format without check digits cannot guard: docs/bank-debit.md. All else is guarded."""


def changed(found: ZenginFile) -> set[str]:
    pairs = [("header", found.header, HEADER), ("trailer", found.trailer, REQUEST.trailer)]
    pairs += [("row", one, other) for one, other in zip(found.rows, ROWS, strict=True)]
    return {
        f"{name}.{field.name}"
        for name, one, other in pairs
        for field in fields(one)
        if getattr(one, field.name) != getattr(other, field.name)
    }


@pytest.mark.parametrize(
    ("record", "column", "text", "slug"),
    [
        (1, 1, "9", "zengin-order"),
        (1, 2, "22", "zengin-type"),
        (1, 4, "1", "zengin-ebcdic"),
        (1, 4, "7", "zengin-fixed"),
        (1, 5, "A", "zengin-digits"),
        (1, 55, "1301", "zengin-date"),
        (1, 55, "0230", "zengin-date"),
        (1, 96, "3", "zengin-range"),
        (1, 120, "X", "zengin-blank"),
        (2, 2, " ", "zengin-digits"),
        (2, 39, "0", "zengin-blank"),
        (2, 43, "4", "zengin-range"),
        (2, 52, "a", "zengin-character"),
        (2, 52, "ｬ", "zengin-character"),
        (2, 52, "ｰ", "zengin-character"),
        (2, 81, "0000000000", "zengin-amount"),
        (2, 91, "3", "zengin-range"),
        (2, 112, "5", "zengin-range"),
        (4, 2, "000003", "zengin-count"),
        (4, 8, "000000101198", "zengin-sum"),
        (4, 20, "000001", "zengin-results"),
        (3, 112, "1", "zengin-results"),
        (5, 2, "0", "zengin-blank"),
        (3, 1, "1", "zengin-several"),
        (4, 1, "2", "zengin-order"),
    ],
)
def test_each_fault_is_named_with_its_line_and_column(record: int, column: int, text: str, slug: str) -> None:
    records = list(BY_HAND)
    line = records[record - 1]
    records[record - 1] = line[: column - 1] + text + line[column - 1 + len(text) :]
    found = slugs(bytes_of(tuple(records)))
    assert slug in [one[2] for one in found]
    line_no, column_no, _ = next(one for one in found if one[2] == slug)
    if slug in ("zengin-ebcdic", "zengin-type") or (record, column) == (1, 1):
        assert line_no == 1
    elif slug == "zengin-results":
        assert (line_no, column_no) == (4, 20)
    else:
        assert (line_no, column_no) == (record, column)


def test_faults_say_what_field_and_never_what_stands_there() -> None:
    records = list(BY_HAND)
    records[1] = records[1].replace("0077345", "007734X")
    found = read(bytes_of(tuple(records)))
    assert isinstance(found, Faulty)
    (fault,) = found.faults
    assert fault.sentence == "number: not all digits"
    assert (fault.line, fault.column) == (2, 50)
    assert "1234" not in repr(found)


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b"", "zengin-empty"),
        (b"1", "zengin-length"),
        (bytes_of()[:-1], "zengin-length"),
        (bytes_of() + b"\x1a", "zengin-length"),
        (bytes_of(end="")[:-120], "zengin-order"),
        (bytes_of(end="\n"), "zengin-length"),
        (bytes_of((BY_HAND[0], *BY_HAND[3:])), "zengin-order"),
        (bytes_of((*BY_HAND, *BY_HAND)), "zengin-several"),
        (bytes_of().replace(b"\r\n", b"\n\r"), "zengin-length"),
        (bytes_of()[:-2] + b"\r\r", "zengin-line-end"),
        (b"1" * (SIZE_MAX + 1), "zengin-too-big"),
    ],
)
def test_what_is_no_whole_file_is_refused_in_one_word(data: bytes, slug: str) -> None:
    assert slug in [one[2] for one in slugs(data)]


@pytest.mark.parametrize(("lost", "line", "column"), [(60, 1, 120), (300, 3, 120), (-1, 5, 121)])
def test_a_byte_that_was_lost_is_looked_for_in_its_own_record(lost: int, line: int, column: int) -> None:
    data = bytearray(bytes_of())
    del data[lost]
    assert slugs(bytes(data)) == [(line, column, "zengin-length")]


def test_accounts_and_names_are_not_printed() -> None:
    shown = repr(REQUEST)
    assert not any(secret in shown for secret in ("7654321", "0077345", "ﾔﾏﾀﾞ", "C-1"))


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (replace(ROWS[0], number="12345678"), "number"),
        (replace(ROWS[0], number="123456A"), "number"),
        (replace(ROWS[0], amount_minor=0), "amount_minor"),
        (replace(ROWS[0], amount_minor=-5), "amount_minor"),
        (replace(ROWS[0], amount_minor=10_000_000_000), "amount_minor"),
        (replace(ROWS[0], holder="山田"), "holder"),
        (replace(ROWS[0], holder="A" * 31), "holder"),
        (replace(ROWS[0], holder="A "), "holder"),
        (replace(ROWS[0], kind=4), "kind"),
        (replace(ROWS[0], result=5), "result"),
    ],
)
def test_what_does_not_fit_is_not_written(row: Debit, field: str) -> None:
    with pytest.raises(ZenginError) as raised:
        write(replace(REQUEST, rows=(row,)))
    assert raised.value.field == field


def test_a_file_full_of_faults_says_the_first_hundred() -> None:
    row = BY_HAND[1].replace("0077345", "007734X")
    data = bytes_of((BY_HAND[0], *[row] * 500, *BY_HAND[3:]))
    assert len(slugs(data)) == FAULTS_MAX


def test_twice_the_records_take_about_twice_the_time() -> None:
    def seconds(count: int) -> float:
        rows = ROWS[:1] * count
        data = write(ZenginFile(DEBITS, HEADER, rows, requested(rows)))
        assert isinstance(read(data), ZenginFile)
        return cost_s(lambda: read(data))

    assert seconds(8000) < 8 * max(seconds(2000), 0.01)


def test_layouts_name_what_the_records_have() -> None:
    for layout in LAYOUTS.values():
        for table, record in ((layout.header, Header), (layout.data, layout.row)):
            assert [f.name for f in table if f.name] == [f.name for f in fields(record)]
        assert all(f.allowed for f in layout.data if f.kind is Kind.FIXED)
