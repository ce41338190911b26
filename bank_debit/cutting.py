"""From the book to a file for the bank, and from the bank's answer back into the book."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from bank_debit.book import Book
from bank_debit.days import day_near
from bank_debit.debit import Batch, Booked, Move, State
from bank_debit.layout import DEBITS, Debit, Header
from bank_debit.results import COLLECTED
from bank_debit.settings import Contract
from bank_debit.totals import ROWS_MAX, SUM_MAX, is_answered, requested
from bank_debit.zengin import Faulty, ZenginFile, read, write


class CutError(Exception):
    """No file can be cut, or no answer read. slug says why."""

    def __init__(self, slug: str, sentence: str) -> None:
        super().__init__(sentence)
        self.slug = slug
        self.sentence = sentence


def day_to_cut(book: Book, contract: Contract, today: date, asked: date | None, *, early: bool) -> date:
    """The collection day whose file is cut now: the one asked for, or the next. Raises CutError.

    early: also while debits are still taken for it; later ones go to the next day.
    """
    plan = contract.plan
    day = asked or plan.next_collection(today)
    if book.is_cut(day):
        return day
    if not plan.is_collection(day):
        raise CutError("no-collection-day", f"{day} is no collection day")
    if day < today:
        raise CutError("day-passed", f"{day} has passed: what is due goes into the file of a later day")
    if plan.last_taken(day) >= today and not early:
        sentence = f"debits for {day} are taken until {plan.last_taken(day)}; --early ends that now"
        raise CutError("too-early", sentence)
    return day


def cut(book: Book, contract: Contract, day: date, now_ms: int) -> Batch:
    """The file of a collection day: cut once, the same bytes ever after. Within one transaction.

    It holds every open debit of that day and of earlier ones that were missed, as many as a file can count.
    Raises CutError.
    """
    before = next((batch for batch in book.batches() if batch.day == day), None)
    if before is not None:
        _assert_kept(before)
        return before
    if not contract.plan.calendar.knows(day):
        raise CutError(
            "calendar-ended", f"holidays of {day.year} are not known here: list them in closed_days"
        )
    due = _fitting(book.due(day))
    if not due:
        raise CutError("nothing-due", f"no debit is due on {day}")
    batch = Batch(day, now_ms, _request(contract, day, _records(due, _known(book))), None)
    book.cut(batch, [debit.reference for debit in due])
    return batch


def _assert_kept(batch: Batch) -> None:
    if not batch.request:
        raise CutError("forgotten", f"the file of {batch.day} was wiped by hagaki debit forget")


def _fitting(due: Sequence[Booked]) -> list[Booked]:
    fitting: list[Booked] = []
    sum_minor = 0
    for debit in due[:ROWS_MAX]:
        sum_minor += debit.amount_minor
        if sum_minor > SUM_MAX:
            break
        fitting.append(debit)
    return fitting


_Known = dict[str, set[tuple[str, int, str]]]
"""mandate -> accounts"""


def _known(book: Book) -> _Known:
    """The accounts that the bank knows by each mandate."""
    known: _Known = defaultdict(set)
    for mandate, office, kind, number in book.earlier():
        known[mandate].add((office, kind, number))
    return known


def _records(due: Sequence[Booked], known: _Known) -> tuple[Debit, ...]:
    records = []
    for debit in due:
        account = (debit.office, debit.kind, debit.number)
        before = known[debit.mandate]
        new = 1 if not before else 0 if account in before else 2
        before.add(account)
        records.append(_record(debit, new))
    return tuple(records)


def _record(debit: Booked, new: int) -> Debit:
    return Debit(
        bank=debit.office[:4],
        bank_name="",
        branch=debit.office[4:],
        branch_name="",
        kind=debit.kind,
        number=debit.number,
        holder=debit.holder,
        amount_minor=debit.amount_minor,
        new=new,
        customer=debit.customer,
    )


def _request(contract: Contract, day: date, records: tuple[Debit, ...]) -> bytes:
    header = replace(contract.originator, day=f"{day:%m%d}")
    file = ZenginFile(DEBITS, header, records, requested(records), contract.settings.line_breaks)
    data = write(file)
    if read(data) != file:
        raise CutError("cut-unreadable", "the file could not be read back: nothing was cut")
    return data


class Strange(StrEnum):
    """What does not fit in the bank's answer."""

    UNKNOWN = "unknown"  # a record that was not in the request
    MISSING = "missing"  # a record of the request that the answer does not have
    CONTRADICTS = "contradicts"  # another result than an earlier answer gave


@dataclass(frozen=True, slots=True)
class Stranger:
    """line: the record in the answer, or in the request where it is missing; reference: the debit, if any."""

    why: Strange
    line: int
    reference: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What one answer said. collected, unpaid: counts new in the book; again: those it had before."""

    day: date
    collected: int
    collected_minor: int
    unpaid: int
    unpaid_minor: int
    again: int
    strangers: tuple[Stranger, ...]


def answer_of(data: bytes) -> ZenginFile | Faulty:
    """The bytes of the bank's answer -> the file. Raises CutError where it is another kind of file."""
    file = read(data)
    if isinstance(file, Faulty):
        return file
    if file.type != DEBITS or not is_answered(file.trailer):
        raise CutError("not-an-answer", "this is not the bank's answer: its trailer counts no results")
    return file


def take_answer(book: Book, data: bytes, file: ZenginFile, now: tuple[int, date]) -> Reading:
    """Book what the bank's answer says, once; now: unix ms and the day there. Within one transaction.

    What does not fit is returned, and the answer is kept as it came. Raises CutError.
    """
    now_ms, today = now
    batch = _batch_of(book, file.header, day_near(file.header.day, today))
    sent = [debit for debit in book.of(batch.day) if debit.batch == batch.day]
    found, strangers = match(sent, [row for row in file.rows if isinstance(row, Debit)])
    new = [(debit, result) for debit, result in found if debit.state is State.AT_BANK]
    differs = [
        Stranger(Strange.CONTRADICTS, debit.line or 0, debit.reference)
        for debit, result in found
        if debit.result not in (None, result)
    ]
    for debit, result in new:
        book.move(debit.reference, Move.FAIL if result else Move.COLLECT, result=result)
    book.answered(batch.day, data, now_ms)
    paid = [debit.amount_minor for debit, result in new if result == COLLECTED]
    failed = [debit.amount_minor for debit, result in new if result != COLLECTED]
    again = len(found) - len(new) - len(differs)
    return Reading(batch.day, len(paid), sum(paid), len(failed), sum(failed), again, (*strangers, *differs))


def _batch_of(book: Book, header: Header, day: date) -> Batch:
    batch = next((batch for batch in book.batches() if batch.day == day), None)
    if batch is None:
        raise CutError("no-such-file", f"no file was cut for {day}: is this the answer for somebody else?")
    _assert_kept(batch)
    asked = read(batch.request)
    if isinstance(asked, Faulty) or _whose(asked.header) != _whose(header):
        raise CutError("other-originator", "originator or account in the header are not those of the request")
    return batch


def _whose(header: Header) -> tuple[str | int, ...]:
    return header.originator, header.bank, header.branch, header.kind, header.number


_Key = tuple[str, int, str, int, str]
Found = list[tuple[Booked, int]]


def match(sent: Sequence[Booked], rows: Sequence[Debit]) -> tuple[Found, tuple[Stranger, ...]]:
    """The debits of a request and the records of its answer -> pairs (debit, result), and what does not fit.

    A record belongs to a debit if account, amount and customer number are the same; names do not count, since
    banks put their own in. Of several alike the first record belongs to the first debit.
    """
    waiting: dict[_Key, deque[Booked]] = defaultdict(deque)
    for debit in sent:
        customer = _plain(debit.customer)
        waiting[debit.office, debit.kind, debit.number, debit.amount_minor, customer].append(debit)
    found: Found = []
    strangers = []
    for line, row in enumerate(rows, 2):
        alike = waiting[row.bank + row.branch, row.kind, row.number, row.amount_minor, _plain(row.customer)]
        if alike:
            found.append((alike.popleft(), row.result))
        else:
            strangers.append(Stranger(Strange.UNKNOWN, line, ""))
    left = sorted((debit.line or 0, debit.reference) for alike in waiting.values() for debit in alike)
    strangers += [Stranger(Strange.MISSING, line, reference) for line, reference in left]
    return found, tuple(strangers)


def _plain(customer: str) -> str:
    """Banks take the customer number as a number or as a text: zeros in front may come and go."""
    return customer.lstrip("0") if customer.isdigit() else customer
