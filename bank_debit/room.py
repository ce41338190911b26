"""The room the book stands in: a thread of its own, so that waiting for the disk holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from bank_debit.book import Book, BookError

T = TypeVar("T")


class Room(Protocol):
    """Where the book stands."""

    async def open(self) -> None:
        """Have the book ready. Raises BookError."""

    async def do(self, work: Callable[[Book], T]) -> T:
        """Do this in one transaction. Raises what the work raises, BookError, BookUnsure."""

    async def close(self) -> None:
        """Finish what was begun and let the book go."""


class ThreadRoom:
    """A Room with one thread: works are done one after the other, in the order they came."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._book: Book | None = None
        self._thread: ThreadPoolExecutor | None = None

    async def open(self) -> None:
        self._thread = self._thread or ThreadPoolExecutor(1, "bank-debit")
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def do(self, work: Callable[[Book], T]) -> T:
        if self._thread is None:
            raise BookError("the book is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)

    async def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.get_running_loop().run_in_executor(thread, self._close)
            thread.shutdown(wait=False)

    def _open(self) -> None:
        if self._book is None:
            self._book = Book(self._path)

    def _do(self, work: Callable[[Book], T]) -> T:
        return in_one_unit(self._book, work)

    def _close(self) -> None:
        if self._book is not None:
            self._book.close()
            self._book = None


def in_one_unit(book: Book | None, work: Callable[[Book], T]) -> T:
    """The work in one transaction of an open book. Raises what `Room.do` raises."""
    if book is None:
        raise BookError("the book is closed")
    with book.unit():
        return work(book)
