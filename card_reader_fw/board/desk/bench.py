"""A reader and a phone on one desk, joined by memory: the whole firmware in one call, without waiting."""

from __future__ import annotations

from typing import Any

from card_reader_fw.board.desk.board import Board
from card_reader_fw.board.desk.device import Device
from card_reader_fw.reader import Reader
from schemas.link import events, session

ROUNDS_MAX = 300


class Wire:
    """Two byte queues; the reader holds this end."""

    def __init__(self) -> None:
        self.to_reader = b""
        self.to_phone = b""

    def read(self) -> bytes:
        """All that came for the reader."""
        data, self.to_reader = self.to_reader, b""
        return data

    def write(self, data: bytes) -> None:
        """For the phone."""
        self.to_phone += data

    def take(self) -> bytes:
        """All that came for the phone."""
        data, self.to_phone = self.to_phone, b""
        return data


class Taken:
    """A slot whose card can be taken out by a program, although it still lies in the real one."""

    def __init__(self, slot: Any):
        self._slot = slot
        self.inside = True
        self.on, self.send, self.off = slot.on, slot.send, slot.off

    def present(self) -> bool:
        """Is a card in it."""
        return bool(self.inside and self._slot.present())


class Bench:
    """The real firmware on `device`; the phone gives `now_s` as its clock and stores every sale.

    slot: a chip slot (see `card_reader_fw.reader`), or None; sale: armour text of the last sale stored;
    verdict: of the last result; told: facts of the last event per verb.
    """

    def __init__(self, device: Device, now_s: int, slot: Any = None):
        self._now_s = now_s
        self._wire = Wire()
        self._phone = session.Session(session.PHONE)
        self.sale = ""
        self.verdict = ""
        self.told: dict[str, dict[str, Any]] = {}
        self._board = Board(device, self._wire, self._tell, lambda: 0)
        self._board.slot = self._slot = Taken(slot) if slot is not None else None
        self.reader = Reader(self._board)
        self.settle()

    @property
    def lcd(self) -> list[str]:
        """What the display shows."""
        return self._board.lcd.lines

    def swipe(self, *stripes: list[int]) -> None:
        """One pass of a card: flux intervals, for each head that heard some."""
        self._board.head.put(list(stripes))
        self.settle()

    def keys(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self._board.keypad.put(key)
            self.settle()

    def remove(self) -> None:
        """The customer takes the card out of the slot."""
        if self._slot is not None:
            self._slot.inside = False
        self.settle()

    def show_result(self, text: str) -> None:
        """The phone hands over a result (armour text)."""
        self._phone.result(text)
        self.settle()

    def settle(self) -> None:
        """Let both ends run until neither has anything to say."""
        for _ in range(ROUNDS_MAX):
            self.reader.poll()
            self._wire.to_reader += self._phone.outgoing()
            for event in self._phone.receive(self._wire.take(), 0):
                self._on_phone(event)
            self._wire.to_reader += self._phone.outgoing()
            if not (self._wire.to_reader or self.reader.reading):
                return

    def _tell(self, verb: str, /, **facts: Any) -> None:
        self.told[verb] = facts

    def _on_phone(self, event: Any) -> None:
        if isinstance(event, events.Hello):
            self._phone.permission(self._now_s)
        elif isinstance(event, events.SaleArrived):
            self.sale = event.text
            self._phone.stored()
        elif isinstance(event, events.Verdict):
            self.verdict = event.code
