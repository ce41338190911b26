"""A shop whose customer pays from a bank account: the real debit adapter over its book, and the bank."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

from heart_acquirer import virtual_loop
from heart_world import Life
from orders_world import OrderWorld, Shop
from sqlalchemy import update

from acquirer_sdk.account import BankAccount
from acquirer_sdk.port import Ports
from bank_debit import bank, cutting
from bank_debit.adapter import BankDebit
from bank_debit.bench import SETTINGS
from bank_debit.book import Book
from bank_debit.room import in_one_unit
from bank_debit.settings import contract_of
from bank_debit.zengin import ZenginFile
from mail_gateway.domain.customer import MeansKind
from mail_gateway.domain.order import OrderKind, OrderState
from mail_gateway.domain.placing import Placed, Wish
from mail_gateway.envelope.means import wrap_account
from mail_gateway.store import order_tables as t
from mail_gateway.work.kit import Kit

T = TypeVar("T")

COLLECTED, NO_FUNDS, NO_MANDATE = 1200, 1901, 1904
"""Amounts, and what the bank makes of them (bank_debit/triggers.py)."""


class Desk:
    """A room without a thread: the book is a file, and another process has it open too."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._book: Book | None = None

    async def open(self) -> None:
        self._book = self._book or Book(self._path)

    async def do(self, work: Callable[[Book], T]) -> T:
        assert self._book is not None
        return in_one_unit(self._book, work)

    async def close(self) -> None:
        if self._book is not None:
            self._book.close()
        self._book = None


class DebitShop(OrderWorld):
    """The customer is asked first, and pays by debit."""

    def __init__(self, folder: Path, shop: Shop | None = None, **more: Any) -> None:
        super().__init__(folder, shop, **more)
        self.contract = contract_of(SETTINGS)

    def adapter(self) -> BankDebit:
        """One more adapter over the same book."""
        return BankDebit(self.contract, Desk(self.folder / "debit.db"), Ports(self.now_ms, bytes, self.tell))

    async def start(self) -> Life:
        self.acquirer = self.adapter()
        return await super().start()

    def _stock(self, conn: Any, kit: Kit) -> None:
        super()._stock(conn, kit)
        account = BankAccount("0001001", "7654321", holder="ハナコ", customer="M-1")
        own = {
            "kind": MeansKind.ACCOUNT.value,
            "shown": "0001-001",
            "wrapped": wrap_account(kit.keys, 1, account),
        }
        conn.execute(update(t.means).values(own))

    async def sell(self, minor: int, number: int = 1) -> None:
        """An order of that amount, placed, agreed to and accepted for collection."""
        placed = await self.place(f"D-{number}", lines=(Wish(name="Jam", unit_minor=minor),))
        assert isinstance(placed, Placed)
        await self.until(OrderState.ASKED, number=number)
        await self.say(OrderKind.YES, number)
        await self.until(OrderState.CAPTURED, number=number)

    def cut(self) -> bytes:
        """The request file of what is due, as `hagaki debit cut --early --day` writes it."""

        def work(book: Book) -> bytes:
            day = max(one.day for one in book.sums())
            return cutting.cut(book, self.contract, day, self.now_ms()).request

        return self._elsewhere(work)

    def read(self, answer: bytes) -> cutting.Reading:
        """As `hagaki debit read` does it."""
        file = cutting.answer_of(answer)
        assert isinstance(file, ZenginFile)
        now = (self.now_ms(), self._today())
        return self._elsewhere(lambda book: cutting.take_answer(book, answer, file, now))

    def bank_says(self) -> bytes:
        """The file goes to the bank and its answer comes back; -> the answer."""
        answer = bank.answer(self.cut())
        self.read(answer)
        return answer

    def untold(self) -> int:
        """Uncollected debits that the gateway is not known to have on its disk."""
        return len(self._elsewhere(lambda book: book.untold_after([], 10)))

    def _today(self) -> date:
        return datetime.fromtimestamp(self.now_ms() // 1000, UTC).astimezone(self.contract.zone).date()

    def _elsewhere(self, work: Callable[[Book], T]) -> T:
        """One transaction of another process."""
        book = Book(str(self.folder / "debit.db"))
        try:
            return in_one_unit(book, work)
        finally:
            book.close()


def tell(
    folder: Path, story: Callable[[DebitShop], Awaitable[None]], shop: Shop | None = None, **more: Any
) -> DebitShop:
    """Run one story in a world of its own."""
    with virtual_loop() as loop:
        world = DebitShop(folder, shop and replace(shop), **more)

        async def whole() -> None:
            await world.start()
            try:
                await story(world)
            finally:
                await world.stop()
                await world.acquirer.close()

        loop.run_until_complete(whole())
    return world
