"""The sums of a Zengin file: what its trailer has to say of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bank_debit.layout import Debit, Payout, Trailer

ROWS_MAX: Final = 999_999
SUM_MAX: Final = 999_999_999_999

_COLUMN_COUNT, _COLUMN_SUM, _COLUMN_RESULTS = 2, 8, 20

Rows = Sequence[Debit] | Sequence[Payout]


def requested(rows: Rows) -> Trailer:
    """The trailer of a request. Raises OverflowError where a trailer cannot hold the count or the sum."""
    sum_minor = sum(row.amount_minor for row in rows)
    if len(rows) > ROWS_MAX or sum_minor > SUM_MAX:
        raise OverflowError("more than one file can hold")
    return Trailer(len(rows), sum_minor)


def answered(rows: Sequence[Debit]) -> Trailer:
    """The trailer of the bank's answer."""
    paid = [row.amount_minor for row in rows if row.result == 0]
    whole = requested(rows)
    return Trailer(
        whole.count,
        whole.sum_minor,
        len(paid),
        sum(paid),
        whole.count - len(paid),
        whole.sum_minor - sum(paid),
    )


def is_answered(trailer: Trailer) -> bool:
    """Whether a file of type 91 is the bank's answer: a request counts neither collected nor unpaid."""
    return bool(trailer.collected or trailer.unpaid)


def total_faults(rows: Rows, trailer: Trailer) -> Iterator[tuple[int, str]]:
    """What the trailer says wrongly, as (column, slug)."""
    if trailer.count != len(rows):
        yield _COLUMN_COUNT, "zengin-count"
    if trailer.sum_minor != sum(row.amount_minor for row in rows):
        yield _COLUMN_SUM, "zengin-sum"
    debits = [row for row in rows if isinstance(row, Debit)]
    if debits and _results(trailer) not in _fitting(debits, trailer):
        yield _COLUMN_RESULTS, "zengin-results"


def _results(trailer: Trailer) -> tuple[int, int, int, int]:
    return trailer.collected, trailer.collected_minor, trailer.unpaid, trailer.unpaid_minor


def _fitting(rows: Sequence[Debit], trailer: Trailer) -> Iterator[tuple[int, int, int, int]]:
    if not any(row.result for row in rows):
        yield 0, 0, 0, 0
    yield _results(answered(rows)) if trailer.count == len(rows) else _results(trailer)
