"""The records of a Zengin file (全銀協規定形式) as tables: each field's name, kind and length.

Source: 全国銀行協会, 適用業務およびレコード・フォーマット, 総合振込 and 預金口座振替; pages of Gunma,
Miyazaki and Hokkoku Bank agree. A record has 120 bytes of one-byte JIS (JIS X 0201): digits right-justified
in zeros (N), texts left-justified in blanks (C).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

RECORD_BYTES: Final = 120
DEBITS: Final = "91"
PAYOUTS: Final = "21"


class Kind(StrEnum):
    """How a field is written."""

    FIXED = "fixed"  # these bytes
    BLANK = "blank"  # unused: blanks
    DIGITS = "digits"  # N, kept as text: a code whose zeros in front count
    NUMBER = "number"  # N
    DAY = "day"  # N, month and day
    TEXT = "text"  # C


@dataclass(frozen=True, slots=True)
class Field:
    """One field. name: the attribute of its record, empty for none. allowed: the values, empty for any."""

    name: str
    kind: Kind
    length: int
    allowed: tuple[str, ...] = ()
    start: int = 0

    @property
    def end(self) -> int:
        """Offset of the first byte behind it."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Header:
    """Whose file, for which day (MMDD), and the originator's own account."""

    originator: str
    name: str
    day: str
    bank: str
    bank_name: str
    branch: str
    branch_name: str
    kind: int
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Debit:
    """One account to be debited; amount_minor in yen. new: 1 the first time, 2 account changed, else 0.

    result: 0 in a request; in the bank's answer one of the codes of results.toml.
    """

    bank: str
    bank_name: str
    branch: str
    branch_name: str
    kind: int
    number: str = field(repr=False)
    holder: str = field(repr=False)
    amount_minor: int
    new: int
    customer: str = field(repr=False)
    result: int = 0


@dataclass(frozen=True, slots=True)
class Payout:
    """One account to be paid into; amount_minor in yen. customer is an EDI text where mark is Y."""

    bank: str
    bank_name: str
    branch: str
    branch_name: str
    clearing: str
    kind: int
    number: str = field(repr=False)
    holder: str = field(repr=False)
    amount_minor: int
    new: int
    customer: str = field(repr=False)
    wire: int = 7
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Trailer:
    """Counts and sums (yen) of all rows; of those collected and not collected in the bank's answer only."""

    count: int
    sum_minor: int
    collected: int = 0
    collected_minor: int = 0
    unpaid: int = 0
    unpaid_minor: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """The records of one type of file. row: what a data record is read into."""

    code: str
    row: type[Debit] | type[Payout]
    header: tuple[Field, ...]
    data: tuple[Field, ...]
    trailer: tuple[Field, ...]
    end: tuple[Field, ...]


def _laid(*fields: Field) -> tuple[Field, ...]:
    start, laid = 0, []
    for one in fields:
        laid.append(Field(one.name, one.kind, one.length, one.allowed, start))
        start += one.length
    if start != RECORD_BYTES:
        raise ValueError(f"a record of {start} bytes")
    return tuple(laid)


def _header(file_type: str) -> tuple[Field, ...]:
    return _laid(
        Field("", Kind.FIXED, 1, ("1",)),
        Field("", Kind.FIXED, 2, (file_type,)),
        Field("", Kind.FIXED, 1, ("0",)),
        Field("originator", Kind.DIGITS, 10),
        Field("name", Kind.TEXT, 40),
        Field("day", Kind.DAY, 4),
        Field("bank", Kind.DIGITS, 4),
        Field("bank_name", Kind.TEXT, 15),
        Field("branch", Kind.DIGITS, 3),
        Field("branch_name", Kind.TEXT, 15),
        Field("kind", Kind.NUMBER, 1, ("1", "2", "9")),
        Field("number", Kind.DIGITS, 7),
        Field("", Kind.BLANK, 17),
    )


_END: Final = _laid(Field("", Kind.FIXED, 1, ("9",)), Field("", Kind.BLANK, 119))

_DEBIT: Final = _laid(
    Field("", Kind.FIXED, 1, ("2",)),
    Field("bank", Kind.DIGITS, 4),
    Field("bank_name", Kind.TEXT, 15),
    Field("branch", Kind.DIGITS, 3),
    Field("branch_name", Kind.TEXT, 15),
    Field("", Kind.BLANK, 4),
    Field("kind", Kind.NUMBER, 1, ("1", "2", "3", "9")),
    Field("number", Kind.DIGITS, 7),
    Field("holder", Kind.TEXT, 30),
    Field("amount_minor", Kind.NUMBER, 10),
    Field("new", Kind.NUMBER, 1, ("0", "1", "2")),
    Field("customer", Kind.TEXT, 20),
    Field("result", Kind.NUMBER, 1, ("0", "1", "2", "3", "4", "8", "9")),
    Field("", Kind.BLANK, 8),
)

_PAYOUT: Final = _laid(
    Field("", Kind.FIXED, 1, ("2",)),
    Field("bank", Kind.DIGITS, 4),
    Field("bank_name", Kind.TEXT, 15),
    Field("branch", Kind.DIGITS, 3),
    Field("branch_name", Kind.TEXT, 15),
    Field("clearing", Kind.TEXT, 4),
    Field("kind", Kind.NUMBER, 1, ("1", "2", "4", "9")),
    Field("number", Kind.DIGITS, 7),
    Field("holder", Kind.TEXT, 30),
    Field("amount_minor", Kind.NUMBER, 10),
    Field("new", Kind.NUMBER, 1, ("0", "1", "2")),
    Field("customer", Kind.TEXT, 20),
    Field("wire", Kind.NUMBER, 1, ("7", "8")),
    Field("mark", Kind.TEXT, 1, ("", "Y")),
    Field("", Kind.BLANK, 7),
)

_TOTALS: Final = (
    Field("", Kind.FIXED, 1, ("8",)),
    Field("count", Kind.NUMBER, 6),
    Field("sum_minor", Kind.NUMBER, 12),
)
_RESULTS: Final = (
    Field("collected", Kind.NUMBER, 6),
    Field("collected_minor", Kind.NUMBER, 12),
    Field("unpaid", Kind.NUMBER, 6),
    Field("unpaid_minor", Kind.NUMBER, 12),
)

LAYOUTS: Final = {
    DEBITS: Layout(
        DEBITS,
        Debit,
        _header(DEBITS),
        _DEBIT,
        _laid(*_TOTALS, *_RESULTS, Field("", Kind.BLANK, 65)),
        _END,
    ),
    PAYOUTS: Layout(
        PAYOUTS, Payout, _header(PAYOUTS), _PAYOUT, _laid(*_TOTALS, Field("", Kind.BLANK, 101)), _END
    ),
}
"""Type code -> its records. 91: 預金口座振替, request and result alike. 21: 総合振込."""
