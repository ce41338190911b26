"""Debits by file behind the acquirer port. Approved means: accepted for collection, and on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any, Final, TypeVar

from acquirer_sdk.base import Unsupporting
from acquirer_sdk.port import BadRequest, Late, Ports
from acquirer_sdk.values import (
    Approved,
    AuthoriseOutcome,
    AuthoriseRequest,
    Capabilities,
    Declined,
    InDoubt,
    LateAnswer,
    NotCollected,
    NotFound,
    NotReady,
    NotSent,
    Ready,
    Reconciled,
    ReturnRequest,
    Reversal,
    ReversalOpen,
    ReversalOutcome,
    Totals,
    Unsupported,
)
from bank_debit import asked, decide
from bank_debit.book import Book, BookError, BookUnsure
from bank_debit.results import results
from bank_debit.room import Room, ThreadRoom
from bank_debit.settings import Contract, contract_of

T = TypeVar("T")

TELL_MAX: Final = 500
"""Uncollected debits reported at one look."""


class BankDebit(Unsupporting):
    """One originator's book of debits."""

    name = "bank_debit"
    capabilities = Capabilities(
        void=True,
        inquire=True,
        reconcile=True,
        return_without_card=True,
        collects_later=True,
        card=False,
        account=True,
        conditions=(asked.LUMP_SUM,),
    )

    def __init__(self, contract: Contract, room: Room, ports: Ports) -> None:
        self._contract = contract
        self._room = room
        self._ports = ports
        self._late: Late | None = None
        self._open = False
        self._looking: asyncio.Task[None] | None = None
        self._doing: set[asyncio.Future[Any]] = set()
        self._told: dict[str, asyncio.Future[bool] | None] = {}

    async def start(self, late: Late) -> None:
        self._late = late
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_for_ever())

    async def close(self) -> None:
        self._open, self._late, self._told = False, None, {}
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        await self._room.close()
        for doing in self._doing:
            doing.cancel()

    def ready(self) -> Ready | NotReady:
        return Ready() if self._open else NotReady("book-closed")

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        asked.assert_writable(request, self._contract)
        return asked.reversal_of(request)

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        try:
            new = asked.new_debit(request, self._ports.now_ms(), self._contract)
        except BadRequest as error:
            return NotSent(error.slug)
        amount_max = self._contract.settings.debit_max
        late = partial(self._answered_late, request)
        return await self._safely(lambda book: decide.take(book, new, self._days(), amount_max), late)

    async def void(self, request: ReturnRequest) -> AuthoriseOutcome:
        late = partial(self._answered_late, request)
        return await self._safely(lambda book: decide.void(book, request, self._today()), late)

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:  # noqa: ARG002
        if not self._readable(reversal):
            return ReversalOpen("wire-unreadable")
        done = await self._safely(lambda book: decide.reverse(book, reversal, self._days()))
        return ReversalOpen(done.reason) if isinstance(done, InDoubt) else done

    async def inquire(self, reversal: Reversal) -> AuthoriseOutcome | NotFound | Unsupported:
        if not self._readable(reversal):
            return InDoubt("wire-unreadable")
        return await self._safely(lambda book: decide.inquire(book, reversal))

    async def reconcile(self, ours: Totals) -> Reconciled | InDoubt | NotSent | Unsupported:
        return await self._safely(lambda book: decide.reconcile(book, ours))

    def _readable(self, reversal: Reversal) -> bool:
        try:
            asked.kind_of(reversal)
        except ValueError:
            self._ports.tell("alarm.reversal-unreadable", reference=reversal.reference)
            return False
        return True

    async def _safely(
        self, work: Callable[[Book], T], late: Callable[[asyncio.Future[T]], None] | None = None
    ) -> T | NotSent | InDoubt:
        """The work's answer, or what became of it: NotSent where the book surely did not change."""
        ready = self.ready()
        if isinstance(ready, NotReady):
            return NotSent(ready.reason)
        try:
            answer: T = await self._within_time(work, late or _forget)
            return answer
        except BookError as error:
            self._ports.tell("alarm.debit-book", fault=str(error))
            return NotSent("book-fault")
        except BookUnsure as error:
            self._ports.tell("alarm.debit-book", fault=str(error))
            return InDoubt("book-unsure")
        except TimeoutError:
            return InDoubt("no-answer")

    async def _within_time(self, work: Callable[[Book], T], late: Callable[[asyncio.Future[T]], None]) -> T:
        """Raises TimeoutError; the work goes on all the same, and late gets its end."""
        doing = asyncio.ensure_future(self._room.do(work))
        self._doing.add(doing)
        doing.add_done_callback(self._doing.discard)
        await asyncio.wait({doing}, timeout=self._contract.settings.answer_timeout_s)
        if doing.cancelled():
            raise TimeoutError
        if doing.done():
            done: T = doing.result()
            return done
        doing.add_done_callback(late)
        raise TimeoutError

    def _answered_late(self, request: AuthoriseRequest, done: asyncio.Future[AuthoriseOutcome]) -> None:
        if self._late is None or done.cancelled() or done.exception():
            return
        outcome = done.result()
        code = outcome.code if isinstance(outcome, Approved | Declined) else ""
        self._late(LateAnswer(request.reference, request.stan, outcome, code))

    async def _look_for_ever(self) -> None:
        """Have the book open, and report what the bank did not collect."""
        while True:
            try:
                await self._room.open()
                self._open = True
                await self._look()
            except (BookError, BookUnsure) as error:
                self._ports.tell("alarm.debit-book", fault=str(error))
            await asyncio.sleep(self._contract.settings.look_s)

    async def _look(self) -> None:
        """Tell of uncollected debits. Marked, at the look after, is only what the gateway has on its disk:
        what it could not keep or not judge yet, and what died with it, is told again."""
        kept = [one for one, said in self._told.items() if said is None or _is_kept(said)]
        self._told = {one: said for one, said in self._told.items() if said is not None and not said.done()}
        for debit in await self._room.do(lambda book: book.untold_after(kept, TELL_MAX)):
            code = results()[debit.result or 0].code
            if self._late is not None and debit.reference not in self._told:
                answer = LateAnswer(debit.reference, debit.stan, NotCollected(code), code)
                self._told[debit.reference] = self._late(answer)

    def _today(self) -> date:
        return asked.local_day(self._ports.now_ms(), self._contract)

    def _days(self) -> Iterator[date]:
        return self._contract.plan.from_day(self._today())


def _is_kept(said: asyncio.Future[bool]) -> bool:
    return said.done() and not said.cancelled() and said.exception() is None and said.result()


def _forget(done: asyncio.Future[Any]) -> None:
    """Nobody waits any more; its exception was seen."""
    if not done.cancelled():
        done.exception()


def create(settings: Mapping[str, object], ports: Ports) -> BankDebit:
    """The entry point. Raises SettingsError for a key that is unknown or wrong."""
    contract = contract_of(settings)
    return BankDebit(contract, ThreadRoom(ports.place(contract.settings.book)), ports)
