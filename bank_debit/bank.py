"""The simulated bank: a request file in, its answer out, as the amounts' last digits say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bank_debit.layout import DEBITS, RECORD_BYTES, Debit, Trailer
from bank_debit.totals import answered, is_answered
from bank_debit.triggers import Mischief, Trigger, trigger
from bank_debit.zengin import CRLF, Faulty, ZenginFile, read, write


class NotARequest(Exception):
    """The bank does not take this. faulty: what is wrong with the bytes; None: another kind of file."""

    def __init__(self, faulty: Faulty | None = None) -> None:
        super().__init__("not a request file of debits")
        self.faulty = faulty


def answer(request: bytes) -> bytes:
    """A request file -> the answer, with all the mischief that its amounts ask for. Raises NotARequest."""
    asked = read(request)
    if isinstance(asked, Faulty):
        raise NotARequest(asked)
    if asked.type != DEBITS or is_answered(asked.trailer):
        raise NotARequest
    debits = [row for row in asked.rows if isinstance(row, Debit)]
    rows = [row for debit in debits for row in _answers(debit)]
    if not rows:
        raise NotARequest
    mischiefs = {trigger(debit.amount_minor).mischief for debit in debits}
    data = write(ZenginFile(DEBITS, asked.header, tuple(rows), _spoilt(rows, mischiefs), asked.line_breaks))
    return _strange(data, rows, asked) if Mischief.STRANGE_RESULT in mischiefs else data


def _answers(debit: Debit) -> Iterator[Debit]:
    wanted: Trigger = trigger(debit.amount_minor)
    row = replace(debit, result=wanted.result)
    match wanted.mischief:
        case Mischief.LEFT_OUT:
            return
        case Mischief.TWICE:
            yield row
        case Mischief.OTHER_ACCOUNT:
            row = replace(row, number=f"{(int(row.number) + 1) % 10_000_000:07d}")
        case Mischief.OTHER_AMOUNT:
            row = replace(row, amount_minor=row.amount_minor + 1)
        case Mischief.OTHER_CUSTOMER:
            row = replace(row, customer="9" * 20)
        case _:
            pass
    yield row


def _spoilt(rows: Sequence[Debit], mischiefs: set[Mischief]) -> Trailer:
    trailer = answered(rows)
    if Mischief.WRONG_COUNT in mischiefs:
        trailer = replace(trailer, count=trailer.count + 1)
    if Mischief.WRONG_SUM in mischiefs:
        trailer = replace(trailer, sum_minor=trailer.sum_minor + 1)
    if Mischief.WRONG_RESULTS in mischiefs and trailer.collected:
        trailer = replace(trailer, collected=trailer.collected - 1, unpaid=trailer.unpaid + 1)
    return trailer


def _strange(data: bytes, rows: Sequence[Debit], asked: ZenginFile) -> bytes:
    """A writer writes no code that it does not know, so the byte is put in afterwards."""
    step = RECORD_BYTES + (len(CRLF) if asked.line_breaks else 0)
    spoilt = bytearray(data)
    for number, row in enumerate(rows, 1):
        if trigger(row.amount_minor).mischief is Mischief.STRANGE_RESULT:
            spoilt[number * step + 111] = ord("7")
    return bytes(spoilt)
