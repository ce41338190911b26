"""The merchant's fingers on a reader's keys, every step with an eye on the display.

What a power cut or a result has changed meanwhile is left as it is: whoever called looks, and begins anew.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, Protocol

from card_reader_fw.board.desk import stripe
from card_reader_fw.rooms.order import INSTALMENTS
from card_reader_fw.rooms.state import CARD, IDLE, SALES, SENT, UNDO
from schemas.envelope import payload

if TYPE_CHECKING:
    from card_reader_fw.board.desk.board import Board
    from card_reader_fw.reader import Reader
    from hagaki.simulation.sales import Sale

LISTED_MAX: Final = 10


@cache
def flux(track2: str) -> tuple[int, ...]:
    """A card's swipe."""
    return tuple(stripe.intervals_of(track2))


class Desk(Protocol):
    """What the fingers reach: after a power cut another board and reader."""

    board: Board
    reader: Reader

    async def ring(self) -> None:
        """Let both ends run for a moment."""


class Fingers:
    """At one reader."""

    def __init__(self, desk: Desk) -> None:
        self._at = desk

    async def sell(self, sale: Sale) -> None:
        """From wherever the reader is: the card, the amount, the condition."""
        self._put("CANCEL", "CANCEL")
        self._swipe(sale)
        self._put(*str(sale.amount_minor), "ENTER", *str(sale.condition), "ENTER")
        self._put(*(("3", "ENTER") if sale.condition in INSTALMENTS else ()))
        await self._at.ring()

    async def give_back(self, back: Sale) -> None:
        """From the list of sales: 1 void, or 2 refund and its amount; then the card."""
        assert back.of is not None
        if not await self._find(back.of.ksn):
            return
        await self._press(*(["1"] if back.kind == payload.VOID else ["2", *str(back.amount_minor), "ENTER"]))
        order = self._at.reader.state.order
        asked = None if order is None else (order.original, order.amount_minor)
        if self._at.reader.state.name == CARD and asked == (back.of.ksn, back.amount_minor):
            self._swipe(back)
            await self._at.ring()

    async def cancel(self, ksn: bytes) -> None:
        """That sale: CANCEL where the reader waits for its answer, else 1 in the list; and yes."""
        if self._at.reader.state.name == SENT and self._at.reader.state.ksn == ksn:
            await self._press("CANCEL")
        elif await self._find(ksn):
            await self._press("1")
        if self._at.reader.state.name == UNDO and self._at.reader.state.order.original == ksn:
            await self._press("ENTER")

    async def send_again(self, ksn: bytes) -> None:
        """From the list of sales."""
        if await self._find(ksn):
            await self._press("TRANSFER")

    async def _find(self, ksn: bytes) -> bool:
        """The list of sales, as far back as that one; -> whether it is shown."""
        for _ in range(LISTED_MAX):
            if self._at.reader.state.name == IDLE:
                break
            await self._press("CANCEL")  # what has come is seen; what is still awaited is not to be undone
        await self._press("ENTER", "2")
        for _ in range(LISTED_MAX):
            if self._is_shown(ksn) or self._at.reader.state.name != SALES:
                break
            await self._press("ENTER")
        return self._is_shown(ksn)

    def _is_shown(self, ksn: bytes) -> bool:
        state = self._at.reader.state
        return bool(state.name == SALES and state.sales[0].ksn == ksn)

    def _swipe(self, sale: Sale) -> None:
        self._at.board.head.put([list(flux(sale.card))])

    async def _press(self, *keys: str) -> None:
        self._put(*keys)
        await self._at.ring()

    def _put(self, *keys: str) -> None:
        for key in keys:
            self._at.board.keypad.put(key)
