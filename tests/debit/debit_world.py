"""A book, an adapter over it and the days around 19 November 2026, for tests of debits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

from acquirer_sdk.account import BankAccount
from acquirer_sdk.bench import sample_request
from acquirer_sdk.port import Ports
from acquirer_sdk.values import AuthoriseRequest, CardData, Original, ReturnKind, ReturnRequest
from bank_debit import cutting
from bank_debit.adapter import BankDebit, create
from bank_debit.book import Book
from bank_debit.debit import Batch, Booked
from bank_debit.room import in_one_unit
from bank_debit.settings import Contract, contract_of
from bank_debit.zengin import ZenginFile

T = TypeVar("T")

TABLE: dict[str, object] = {
    "originator_code": "1234567890",
    "originator_name": "株式会社ハガキ",
    "bank": "0001",
    "bank_name": "ミズホ",
    "branch": "001",
    "account": "7654321",
}
COLLECTION = date(2026, 11, 27)
TAKING_MS = int(datetime(2026, 11, 19, 3, tzinfo=UTC).timestamp() * 1000)
CUTTING_MS = TAKING_MS + 24 * 3_600_000
AFTER_MS = TAKING_MS + 11 * 24 * 3_600_000


class World:
    """now_ms is put by the test. told: every event."""

    def __init__(self, path: Path, **table: object) -> None:
        self.now_ms = TAKING_MS
        self.told: list[str] = []
        self.path = path
        self.table = {**TABLE, "book": str(path), "look_s": 0.02, **table}
        self.ports = Ports(lambda: self.now_ms, bytes, lambda verb, **_: self.told.append(verb))
        self.contract: Contract = contract_of(self.table)

    def adapter(self) -> BankDebit:
        return create(self.table, self.ports)

    def do(self, work: Callable[[Book], T]) -> T:
        """One transaction of another process."""
        book = Book(str(self.path))
        try:
            return in_one_unit(book, work)
        finally:
            book.close()

    def find(self, reference: str) -> Booked:
        found = self.do(lambda book: book.find(reference))
        assert found is not None
        return found

    def cut(self, day: date = COLLECTION, *, early: bool = False) -> Batch:
        today = self._today()

        def work(book: Book) -> Batch:
            chosen = cutting.day_to_cut(book, self.contract, today, day, early=early)
            return cutting.cut(book, self.contract, chosen, self.now_ms)

        return self.do(work)

    def take_answer(self, data: bytes) -> cutting.Reading:
        file = cutting.answer_of(data)
        assert isinstance(file, ZenginFile)
        return self.do(lambda book: cutting.take_answer(book, data, file, (self.now_ms, self._today())))

    def _today(self) -> date:
        from bank_debit.asked import local_day

        return local_day(self.now_ms, self.contract)


def reference(number: int) -> str:
    return f"{700_000_000_000 + number:012d}"


def account(number: int, **changes: Any) -> BankAccount:
    given = {"holder": "ヤマダ タロウ", "customer": f"C{number}", **changes}
    return BankAccount("9900058", f"{1_000_000 + number:07d}", **given)


def debit(number: int, amount_minor: int = 1200, **changes: Any) -> AuthoriseRequest:
    """A debit of its own account."""
    request = sample_request(amount_minor, stan=number, reference=reference(number))
    return replace(request, card=CardData(), **{"account": account(number), **changes})


def void(of: AuthoriseRequest, number: int, amount_minor: int = 1200) -> ReturnRequest:
    names = [name for name in AuthoriseRequest.__dataclass_fields__ if name not in ("account", "card")]
    same = {name: getattr(of, name) for name in names}
    original = Original(of.reference, of.stan, of.amount_minor, of.time_s, "000001")
    own = {"reference": reference(number), "stan": number, "amount_minor": amount_minor, "card": CardData()}
    return ReturnRequest(**{**same, **own}, kind=ReturnKind.VOID, original=original)
