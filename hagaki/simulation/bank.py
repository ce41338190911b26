"""The bank at the other end of a debit: its office cuts files and reads answers, days made hours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bank_debit import bank, cutting
from bank_debit.book import Book, BookError, BookUnsure
from bank_debit.debit import State
from bank_debit.room import in_one_unit
from bank_debit.settings import contract_of
from bank_debit.zengin import ZenginFile
from hagaki.simulation.loop import START_MS
from mail_gateway.domain.errors import GatewayError

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable

    from hagaki.simulation.gateway import Gateway
    from hagaki.simulation.history import History

T = TypeVar("T")

BOOK: Final = "debit.db"
TABLE: Final[dict[str, object]] = {
    "originator_code": "1234567890",
    "originator_name": "ハガキ",
    "bank": "0001",
    "branch": "001",
    "account": "0000001",
    "collection_days": [str(day) for day in range(1, 32)],
    "cutoff_days": 0,
    "look_s": 300,
}
"""Collected is every day, so that one file may follow another within hours."""

CUT_S: Final = (300, 5400)
ANSWER_S: Final = (60, 5400)
AGAIN: Final = 0.3
"""Of so many answers the office reads the file twice."""

_UNDER_WAY: Final = frozenset({State.OPEN, State.AT_BANK})


class Desk:
    """A room whose work the gateway's own mortal thread does: a death may come before or just after it."""

    def __init__(self, path: Path, place: Callable[[Callable[[], Any]], Awaitable[Any]]) -> None:
        self._path = path
        self._place = place
        self._book: Book | None = None

    async def open(self) -> None:
        self._book = self._book or Book(str(self._path))

    async def do(self, work: Callable[[Book], T]) -> T:
        done: T = await self._place(lambda: in_one_unit(self._book, work))
        return done

    async def close(self) -> None:
        book, self._book = self._book, None
        if book is not None:
            book.close()


class Office:
    """Whoever takes the files to the bank and back, on the disk that the gateway has at that moment."""

    def __init__(self, gateway: Gateway, history: History, dice: random.Random) -> None:
        self._gateway = gateway
        self._history = history
        self._dice = dice
        self._contract = contract_of(TABLE)

    async def work(self) -> None:
        """For ever: what is due goes to the bank, and some time later its answer is read."""
        while True:
            await asyncio.sleep(self._dice.uniform(*CUT_S))
            request = self._with_book(self._cut)
            if request:
                await asyncio.sleep(self._dice.uniform(*ANSWER_S))
                answer = bank.answer(request)
                for _ in range(1 + (self._dice.random() < AGAIN)):
                    self._with_book(partial(self._read, answer))

    def is_idle(self) -> bool:
        """Nothing is to be cut or answered any more, and the gateway has all that was not collected."""
        return not self._with_book(_waiting)

    def net_minor(self) -> dict[str, int]:
        """Reference -> yen that the customer pays for it in the end."""
        return self._with_book(Book.net_minor) or {}

    def states(self) -> dict[str, State]:
        """Reference -> where the debit stands."""
        return self._with_book(_states) or {}

    def _cut(self, book: Book) -> bytes:
        due = [one.day for one in book.sums() if one.state is State.OPEN]
        days = [day for day in due if not book.is_cut(day)]
        if not days:
            return b""
        self._history.note("bank", "debit.cut", day=f"{max(days)}")
        return cutting.cut(book, self._contract, max(days), self._now_ms()).request

    def _read(self, answer: bytes, book: Book) -> None:
        file = cutting.answer_of(answer)
        assert isinstance(file, ZenginFile)
        today = datetime.fromtimestamp(self._now_ms() // 1000, UTC).astimezone(self._contract.zone).date()
        reading = cutting.take_answer(book, answer, file, (self._now_ms(), today))
        self._history.note("bank", "debit.read", unpaid=reading.unpaid, again=reading.again)

    def _with_book(self, work: Callable[[Book], T]) -> T | None:
        """One transaction of another program; None: there is no book yet."""
        path = self._gateway.folder / BOOK
        if not path.exists():
            return None
        book = Book(str(path))
        try:
            return in_one_unit(book, work)
        finally:
            book.close()

    def _now_ms(self) -> int:
        return START_MS + int(asyncio.get_running_loop().time() * 1000)


def kept(work: Callable[[], T]) -> T | None:
    """What a dying program still writes may fail: nobody hears of it."""
    with suppress(GatewayError, BookError, BookUnsure):
        return work()
    return None


def _waiting(book: Book) -> bool:
    return any(one.state in _UNDER_WAY for one in book.sums()) or bool(book.untold_after([], 1))


def _states(book: Book) -> dict[str, State]:
    return {debit.reference: debit.state for batch in book.batches() for debit in book.of(batch.day)}
