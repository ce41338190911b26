"""A Zengin file: bytes -> typed records or every fault in them, and records -> bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, Final

from bank_debit.layout import (
    LAYOUTS,
    RECORD_BYTES,
    Debit,
    Field,
    Header,
    Kind,
    Layout,
    Payout,
    Trailer,
)
from bank_debit.totals import ROWS_MAX, total_faults

CRLF: Final = b"\r\n"
SIZE_MAX: Final = (ROWS_MAX + 3) * (RECORD_BYTES + len(CRLF))
FAULTS_MAX: Final = 100

TEXT_BYTES: Final = bytes(
    [*b" 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ()-./,\\", 0xA2, 0xA3, 0xA6, *range(0xB1, 0xE0)]
)
"""What may stand in a text: the widest list of any bank's page (¥ is 0x5C). Names that are written here have
fewer, see kana.py. No small kana, no ｰ, no ･ anywhere."""

SENTENCES: Final[Mapping[str, str]] = {
    "zengin-empty": "the file is empty",
    "zengin-too-big": f"the file is larger than {SIZE_MAX} bytes, more than a trailer can count",
    "zengin-length": "the file does not consist of whole records of 120 bytes, or of 120 and CR LF",
    "zengin-line-end": "a record ends neither as the first one does nor with CR LF",
    "zengin-order": "records stand in the order 1, 2 (one or more), 8, 9",
    "zengin-several": "a second header: one file holds one collection here, split it",
    "zengin-type": "a type of file other than 91 (debits) and 21 (payouts)",
    "zengin-ebcdic": "the file says that it is EBCDIC: have it sent in JIS",
    "zengin-fixed": "another character than this place always has",
    "zengin-blank": "something stands in an unused place",
    "zengin-digits": "not all digits",
    "zengin-range": "a value that this field cannot have",
    "zengin-date": "not a day of the year, as MMDD",
    "zengin-character": "a character that these files may not hold",
    "zengin-amount": "an amount of 0",
    "zengin-count": "the trailer counts another number of records",
    "zengin-sum": "the trailer has another sum",
    "zengin-results": "the counts and sums of collected and not collected do not fit the results above",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong where: line is the record, column the byte in it, both from 1. Never shows content."""

    line: int
    column: int
    slug: str
    field: str = ""

    @property
    def sentence(self) -> str:
        """For a person."""
        return f"{self.field}: {SENTENCES[self.slug]}" if self.field else SENTENCES[self.slug]


@dataclass(frozen=True, slots=True)
class Faulty:
    """Why bytes are no Zengin file: the first FAULTS_MAX faults, in the order of the file."""

    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class ZenginFile:
    """One header, its rows, the trailer. line_breaks: CR LF behind every record."""

    type: str
    header: Header
    rows: tuple[Debit, ...] | tuple[Payout, ...]
    trailer: Trailer
    line_breaks: bool = True


class ZenginError(Exception):
    """A value that cannot be written. field is its name; the value is not shown."""

    def __init__(self, field: str, slug: str) -> None:
        super().__init__(f"{field}: {SENTENCES[slug]}")
        self.field = field
        self.slug = slug


def read(data: bytes) -> ZenginFile | Faulty:
    """A file's bytes -> its records, all of them checked, or what is wrong. Linear in the size."""
    whole = _whole_fault(data)
    if whole:
        return Faulty((Fault(1, 1, whole),))
    line_breaks = data[RECORD_BYTES : RECORD_BYTES + 2] == CRLF
    step = RECORD_BYTES + 2 * line_breaks
    if len(data) % step:
        return Faulty((_length_fault(data),))
    lines = [data[start : start + RECORD_BYTES] for start in range(0, len(data), step)]
    layout = LAYOUTS[data[1:3].decode("ascii")]
    faults = _framed(data, lines, step) or tuple(islice(_faults(layout, lines), FAULTS_MAX))
    if faults:
        return Faulty(faults)
    found = _values(layout, lines, line_breaks=line_breaks)
    wrong = total_faults(found.rows, found.trailer)
    totals = tuple(Fault(len(lines) - 1, column, slug) for column, slug in wrong)
    return Faulty(totals) if totals else found


def write(file: ZenginFile) -> bytes:
    """Records -> bytes that `read` takes. Raises ZenginError for a value that does not fit its field."""
    layout = LAYOUTS[file.type]
    records = [
        _written(layout.header, file.header),
        *(_written(layout.data, row) for row in file.rows),
        _written(layout.trailer, file.trailer),
        _written(layout.end, None),
    ]
    end = CRLF if file.line_breaks else b""
    return b"".join(record + end for record in records)


def _length_fault(data: bytes) -> Fault:
    """Where records are not whole: the first line that is not as long as it must be, else the file's end."""
    if CRLF in data:
        for at, line in enumerate(data.split(CRLF), 1):
            if len(line) != RECORD_BYTES:
                return Fault(at, min(len(line), RECORD_BYTES) + 1, "zengin-length")
    return Fault(len(data) // RECORD_BYTES + 1, len(data) % RECORD_BYTES + 1, "zengin-length")


def _whole_fault(data: bytes) -> str:
    if not data:
        return "zengin-empty"
    if len(data) > SIZE_MAX:
        return "zengin-too-big"
    if data[:1] != b"1" or len(data) < RECORD_BYTES:
        return "zengin-order" if len(data) >= RECORD_BYTES else "zengin-length"
    if data[3:4] == b"1":
        return "zengin-ebcdic"
    return "" if data[1:3] in {kind.encode() for kind in LAYOUTS} else "zengin-type"


def _framed(data: bytes, lines: Sequence[bytes], step: int) -> tuple[Fault, ...]:
    """Faults of the order of the records and of what stands between them."""
    ends = range(RECORD_BYTES, len(data), step) if step > RECORD_BYTES else ()
    broken = [n for n, end in enumerate(ends, 1) if data[end : end + 2] != CRLF]
    if broken:
        return tuple(Fault(n, RECORD_BYTES + 1, "zengin-line-end") for n in broken[:FAULTS_MAX])
    wanted = b"1" + b"2" * max(len(lines) - 3, 1) + b"89"
    kinds = b"".join(line[:1] for line in lines)
    if kinds == wanted:
        return ()
    second = kinds.find(b"1", 1)
    if second > 0:
        return (Fault(second + 1, 1, "zengin-several"),)
    differing = (n for n, pair in enumerate(zip(kinds, wanted, strict=False)) if pair[0] != pair[1])
    return (Fault(next(differing, len(kinds) - 1) + 1, 1, "zengin-order"),)


def _tables(layout: Layout, lines: Sequence[bytes]) -> Iterator[tuple[int, tuple[Field, ...], bytes]]:
    last = len(lines) - 1
    special = {0: layout.header, last - 1: layout.trailer, last: layout.end}
    return ((n + 1, special.get(n, layout.data), line) for n, line in enumerate(lines))


def _faults(layout: Layout, lines: Sequence[bytes]) -> Iterator[Fault]:
    for number, fields, line in _tables(layout, lines):
        for field in fields:
            raw = line[field.start : field.end]
            slug = _fault(field, raw)
            if slug:
                yield Fault(number, field.start + _offset(field, raw) + 1, slug, field.name)


def _fault(field: Field, raw: bytes) -> str:
    """The slug of what is wrong in a field's bytes, or an empty text."""
    match field.kind:
        case Kind.FIXED:
            return "" if raw == field.allowed[0].encode("ascii") else "zengin-fixed"
        case Kind.BLANK:
            return "zengin-blank" if raw.strip(b" ") else ""
        case Kind.TEXT:
            slug = "zengin-character" if raw.translate(None, TEXT_BYTES) else ""
        case _:
            slug = "" if raw.isdigit() else "zengin-digits"
    if slug:
        return slug
    if field.kind is Kind.DAY:
        return "" if _is_day(raw) else "zengin-date"
    if field.name == "amount_minor" and not int(raw):
        return "zengin-amount"
    return "zengin-range" if field.allowed and raw.decode("ascii").strip() not in field.allowed else ""


def _offset(field: Field, raw: bytes) -> int:
    """Where in the field the first wrong byte is; 0 where the field is wrong as a whole."""
    good = {Kind.BLANK: b" ", Kind.TEXT: TEXT_BYTES}.get(field.kind, b"0123456789")
    return next((n for n, byte in enumerate(raw) if byte not in good), 0)


def _is_day(raw: bytes) -> bool:
    try:
        date(2000, int(raw[:2]), int(raw[2:]))  # a leap year: the 29th of February is a day
    except ValueError:
        return False
    return True


def _values(layout: Layout, lines: Sequence[bytes], *, line_breaks: bool) -> ZenginFile:
    read_rows: Any = tuple(layout.row(**_row(layout.data, line)) for line in lines[1:-2])
    return ZenginFile(
        layout.code,
        Header(**_row(layout.header, lines[0])),
        read_rows,
        Trailer(**_row(layout.trailer, lines[-2])),
        line_breaks,
    )


def _row(fields: Sequence[Field], line: bytes) -> dict[str, Any]:
    return {field.name: _value(field, line[field.start : field.end]) for field in fields if field.name}


def _value(field: Field, raw: bytes) -> str | int:
    if field.kind is Kind.NUMBER:
        return int(raw)
    text = raw.decode("shift_jis")
    return text.rstrip(" ") if field.kind is Kind.TEXT else text


def _written(fields: Sequence[Field], record: Header | Debit | Payout | Trailer | None) -> bytes:
    return b"".join(_bytes(field, getattr(record, field.name) if field.name else None) for field in fields)


def _bytes(field: Field, value: str | int | None) -> bytes:
    if value is None:
        return (field.allowed[0] if field.allowed else "").ljust(field.length).encode("ascii")
    text = str(value)
    raw = text.encode("shift_jis", "replace")
    raw = raw.ljust(field.length) if field.kind is Kind.TEXT else raw.rjust(field.length, b"0")
    slug = "zengin-range" if len(raw) != field.length else _fault(field, raw)
    if slug or (field.kind is Kind.TEXT and text.endswith(" ")):
        raise ZenginError(field.name, slug or "zengin-character")
    return raw
