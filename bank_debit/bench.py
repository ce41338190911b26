"""The conformance kit's bench: the adapter over a book in memory whose room can be slow, mute and broken."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from typing import Final, TypeVar

from acquirer_sdk.bench import Bench, Case, Outside
from bank_debit import bank
from bank_debit.adapter import BankDebit
from bank_debit.asked import YEN, local_day
from bank_debit.book import Book, BookUnsure
from bank_debit.cutting import answer_of, cut, take_answer
from bank_debit.debit import Batch, Booked, NewDebit
from bank_debit.room import in_one_unit
from bank_debit.settings import Contract, contract_of
from bank_debit.zengin import ZenginFile

T = TypeVar("T")

SETTINGS: Final[Mapping[str, object]] = {
    "originator_code": "1234567890",
    "originator_name": "ハガキ",
    "bank": "0001",
    "branch": "001",
    "account": "0000001",
    "debit_max": 1_000_000,
}

AMOUNTS: Final = {
    Case.APPROVE: 1200,
    Case.LARGE: 90_200,
    Case.DECLINE: 1_000_001,
    Case.SLOW: 1904,
    Case.SILENT: 1901,
    Case.UNTOUCHED: 1902,
    Case.LATE: 1903,
    Case.CUT: 1910,
    Case.REVERSAL_SILENT_ONCE: 1922,
    Case.REVERSAL_SILENT: 1923,
    Case.REVERSAL_REFUSED: 1924,
    Case.NOT_COLLECTED: 1909,
}
"""What nobody can provoke here: the book answers itself, over no cable, and never says two things. DECLINE is
over the largest debit, so it is larger than LARGE."""

_NEVER: Final = {AMOUNTS[case] for case in (Case.SILENT, Case.REVERSAL_SILENT, Case.REVERSAL_SILENT_ONCE)}
_SLOW_S: Final = 2
_LATE_S: Final = 31


class _Nothing(Exception):
    """The book was not touched, and nobody says so."""


class _Book(Book):
    """Remembers which debit was asked about last."""

    touched: Booked | NewDebit | None = None

    def find(self, reference: str) -> Booked | None:
        self.touched = super().find(reference)
        return self.touched

    def put(self, new: NewDebit, days: Iterable[date]) -> Booked:
        self.touched = new
        if new.amount_minor == AMOUNTS[Case.UNTOUCHED]:
            raise _Nothing
        return super().put(new, days)


class _Room:
    """A room whose trouble is in the amounts. It keeps its book when it is closed: there is no other copy."""

    def __init__(self, contract: Contract, now_ms: Callable[[], int]) -> None:
        self.book = _Book(":memory:")
        self._contract = contract
        self._now_ms = now_ms
        self._asked: Counter[str] = Counter()

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def do(self, work: Callable[[Book], T]) -> T:
        try:
            done = in_one_unit(self.book, work)
        except _Nothing:
            await asyncio.Event().wait()
            raise
        touched, self.book.touched = self.book.touched, None
        if touched is not None:
            self._asked[touched.reference] += 1
            await self._trouble(touched.amount_minor, self._asked[touched.reference])
        return done

    async def _trouble(self, amount_minor: int, times: int) -> None:
        """times: 1 for the sale, more for what is asked about it later."""
        mute = times == 1 and amount_minor in _NEVER
        mute |= times == 2 and amount_minor == AMOUNTS[Case.REVERSAL_SILENT_ONCE]
        if mute or amount_minor == AMOUNTS[Case.REVERSAL_SILENT]:
            await asyncio.Event().wait()
        if times > 1:
            return
        if amount_minor == AMOUNTS[Case.REVERSAL_REFUSED]:
            self._cut()
        if amount_minor == AMOUNTS[Case.NOT_COLLECTED]:
            self._answer(self._cut())
        if amount_minor in (AMOUNTS[Case.CUT], AMOUNTS[Case.REVERSAL_REFUSED]):
            raise BookUnsure("a commit of which nobody knows")
        await asyncio.sleep({AMOUNTS[Case.SLOW]: _SLOW_S, AMOUNTS[Case.LATE]: _LATE_S}.get(amount_minor, 0))

    def _cut(self) -> list[Batch]:
        """What is due leaves for the bank at once."""
        days = sorted({one.day for one in self.book.sums()})
        way = partial(cut, contract=self._contract, now_ms=self._now_ms())
        return [in_one_unit(self.book, partial(way, day=day)) for day in days]

    def _answer(self, batches: list[Batch]) -> None:
        """The bank answers, as the last digits of each amount say."""
        now = (self._now_ms(), local_day(self._now_ms(), self._contract))
        for batch in batches:
            data = bank.answer(batch.request)
            file = answer_of(data)
            assert isinstance(file, ZenginFile)
            in_one_unit(self.book, partial(take_answer, data=data, file=file, now=now))


@asynccontextmanager
async def bench(outside: Outside) -> AsyncIterator[Bench]:
    """See `acquirer_sdk/bench.py`."""
    contract = contract_of(SETTINGS)
    room = _Room(contract, outside.ports.now_ms)
    yield Bench(BankDebit(contract, room, outside.ports), AMOUNTS, room.book.net_minor, currencies=(YEN,))
    room.book.close()
