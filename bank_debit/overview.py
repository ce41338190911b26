"""The book for a person: collection days and debits as rows, no account or name whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from bank_debit.book import Book
from bank_debit.debit import Booked, State
from bank_debit.layout import DEBITS
from bank_debit.results import results
from bank_debit.settings import Contract
from bank_debit.totals import is_answered
from bank_debit.zengin import Faulty, ZenginFile

Row = dict[str, Any]

_SHOWN = (State.OPEN, State.AT_BANK, State.COLLECTED, State.UNPAID, State.PAID_BACK)


def days(book: Book, contract: Contract, today: date) -> list[Row]:
    """Every collection day in the book and the next one: what stands there, counts, and yen."""
    found: dict[date, dict[State, tuple[int, int]]] = {contract.plan.next_collection(today): {}}
    for one in book.sums():
        found.setdefault(one.day, {})[one.state] = (one.count, one.sum_minor)
    cut = {batch.day: batch.read_ms for batch in book.batches()}
    return [_day(contract, today, day, sums, cut) for day, sums in sorted(found.items())]


def _day(
    contract: Contract,
    today: date,
    day: date,
    sums: Mapping[State, tuple[int, int]],
    cut: Mapping[date, int | None],
) -> Row:
    last = contract.plan.last_taken(day)
    stage = "taking" if last >= today else "to cut" if day >= today else "missed"
    if day in cut:
        stage = "answered" if cut[day] is not None else "at bank"
    counts: Row = {"day": f"{day}", "stage": stage, "taken_until": f"{last}"}
    for state in _SHOWN:
        count, sum_minor = sums.get(state, (0, 0))
        name = state.value.replace("-", "_")
        counts |= {name: count, f"{name}_yen": sum_minor}
    return counts


def brief(rows: list[Row]) -> list[Row]:
    """The same for a person's screen: count and yen in one column, and no column of nothing but zeros."""
    names = [state.value.replace("-", "_") for state in _SHOWN]
    shown = [name for name in names if any(row[name] for row in rows)]
    return [
        {"day": row["day"], "stage": row["stage"], "taken until": row["taken_until"]}
        | {name: f"{row[name]} / ¥{row[f'{name}_yen']:,}" if row[name] else "" for name in shown}
        for row in rows
    ]


def debits(book: Book, day: date) -> list[Row]:
    """The debits taken for a collection day or in its file."""
    names = ("reference", "amount_minor", "account", "state", "result", "line", "wanted_back")
    return [{name: debit(one)[name] for name in names} for one in book.of(day)]


def debit(one: Booked) -> Row:
    """One debit, masked."""
    row: Row = {
        "reference": one.reference,
        "state": one.state.value,
        "amount_minor": one.amount_minor,
        "account": one.account,
        "accepted": datetime.fromtimestamp(one.accepted_ms // 1000, UTC).isoformat(),
        "collection_day": f"{one.batch or one.day}",
        "approval_number": one.approval_number,
        "line": one.line,
        "result": one.result,
        "wanted_back": one.wanted_back,
        "note": one.note,
    }
    if one.result is not None:
        row |= {"result_ja": results()[one.result].ja, "result_en": results()[one.result].en}
    return row


def file(found: ZenginFile) -> Row:
    """A file that was read: kind, originator, day, counts and sums."""
    kind = "request" if found.type == DEBITS else "payouts"
    head, trailer = found.header, found.trailer
    return {
        "kind": "answer" if is_answered(trailer) else kind,
        "originator": head.originator,
        "day": f"{head.day[:2]}-{head.day[2:]}",
        "account": f"{head.bank}-{head.branch}-****{head.number[-3:]}",
        "records": trailer.count,
        "yen": trailer.sum_minor,
        "collected": trailer.collected,
        "collected_yen": trailer.collected_minor,
        "unpaid": trailer.unpaid,
        "unpaid_yen": trailer.unpaid_minor,
    }


def faults(found: Faulty) -> Iterator[Row]:
    """What is wrong with a file, one fault a row."""
    for fault in found.faults:
        yield {
            "line": fault.line,
            "column": fault.column,
            "slug": fault.slug,
            "sentence": fault.sentence,
        }
