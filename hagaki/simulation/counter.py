"""A shop's counter: the real firmware and the real phone on one line, and the merchant's hand."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

from card_reader_fw import vault
from card_reader_fw.board.desk.board import Board
from card_reader_fw.board.desk.device import Device
from card_reader_fw.journal import Journal
from card_reader_fw.open_sale import View
from card_reader_fw.reader import Reader
from card_reader_fw.rooms.state import READY, SEALING, SENDING, WAITING
from hagaki.simulation.carrier import Box
from hagaki.simulation.faults import Fault
from hagaki.simulation.fingers import Fingers
from hagaki.simulation.history import History
from hagaki.simulation.loop import START_MS, Process, VirtualLoop
from hagaki.simulation.sales import Sale
from hagaki.simulation.shelves import Shelves
from hagaki.simulation.town import SALES_BOX, Flash, merchant_mail
from handset.courier import Courier
from handset.phone import Phone
from handset.ports import Ports
from handset.settings import HandsetSettings
from handset.spool import Spool
from handset.waiting import heard
from schemas.envelope import armour, cose, outcome

PHONE_PORT: Final = 2587
POLL_S: Final = 20
LOOK_S: Final = 2
ROUNDS_MAX: Final = 200
TRIES: Final = 5
NOISY_S: Final = 900
"""So long after the start the line may be noisy."""


class _Line:
    """Two byte queues; noise damages one byte of what goes over it, now and then."""

    def __init__(self, dice: random.Random, *, noisy: bool) -> None:
        self.to_reader = b""
        self.to_phone = b""
        self._dice = dice
        self.noisy = noisy
        self.damaged = 0

    def read(self) -> bytes:
        """All that came for the reader."""
        data, self.to_reader = self.to_reader, b""
        return data

    def write(self, data: bytes) -> None:
        """For the phone."""
        self.to_phone += self._through(data)

    def give(self, data: bytes) -> None:
        """For the reader."""
        self.to_reader += self._through(data)

    def take(self) -> bytes:
        """All that came for the phone."""
        data, self.to_phone = self.to_phone, b""
        return data

    def _through(self, data: bytes) -> bytes:
        if not self.noisy or not data or self._dice.random() > 0.05:
            return data
        self.damaged += 1
        at = self._dice.randrange(len(data))
        kept = b"" if self._dice.random() < 0.5 else bytes([data[at] ^ 1 << self._dice.randrange(8)])
        return data[:at] + kept + data[at + 1 :]


@dataclass(frozen=True, slots=True)
class Shop:
    """What a counter is made of."""

    number: int
    loop: VirtualLoop
    flash: Flash
    box: Box
    history: History
    seed: str
    faults: frozenset[Fault]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the reader says of one sale, by what it has accepted on its own keys. outcome 0: nothing yet, or
    that a cancel of it waits for its answer."""

    amount_minor: int
    outcome: int
    version: int

    @property
    def is_open(self) -> bool:
        """Whether another word follows: nothing is said, or more wanted, or in doubt."""
        return self.outcome in (0, outcome.MORE_WANTED, outcome.IN_DOUBT)


class Counter:
    """One reader, one phone, one merchant. shelves: the phone's disk."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._dice = random.Random(f"{shop.seed}/counter/{shop.number}")
        self.shelves = Shelves()
        self.line = _Line(self._dice, noisy=Fault.LINE_NOISE in shop.faults)
        self.sealed: list[Sale] = []
        self._in_hand: Sale | None = None
        self.process: Process | None = None
        self._free = asyncio.Lock()
        self._bell = asyncio.Event()
        self._phone: Phone | None = None
        self._fingers = Fingers(self)
        self.power_on()
        shop.loop.spawn(Process(f"reader{shop.number}"), self._talk())

    def power_on(self) -> None:
        """The reader begins anew, from its flash alone."""
        name = f"reader{self._shop.number}"
        device = Device(cast("Any", self._shop.flash))
        self.board = Board(device, self.line, self._tell_of(name), self._ms)
        self.board.beeper = None
        self.reader = Reader(self.board)
        self._knows_time = False

    def start_phone(self) -> None:
        """The phone's program begins anew, from its shelves alone."""
        self.stop_phone()
        process = self.process = Process(f"phone{self._shop.number}")
        settings = HandsetSettings(
            port="line",
            spool="phone",
            mail_from=merchant_mail(self._shop.number),
            mail_to=SALES_BOX,
            smtp_port=PHONE_PORT,
            fetch="maildir:box",
            poll_ms=POLL_S * 1000,
        )
        ports = Ports(lambda: START_MS + self._ms(), self._dice.randbytes, self._tell_of(process.name))
        self._spool = Spool(Path("phone"), self.shelves)
        self._courier = Courier(settings, self._spool, ports, self._bell.set)
        self._phone = Phone(self._spool, ports, self._courier.wake)
        self.line.to_phone = b""
        self._bell.set()
        for work in (self._courier.run_post(), self._courier.run_fetch(self._shop.box)):
            self._shop.loop.spawn(process, work)

    def stop_phone(self) -> None:
        """The phone's program dies."""
        process, self.process = self.process, None
        self._phone = None
        if process is not None:
            self._shop.loop.kill(process)

    async def sell(self, sale: Sale) -> None:
        """Swipe, key in, transfer; until the reader has handed it over, however often it takes."""
        async with self._free:
            self._in_hand = sale
            while not sale.ksn:
                await self._fingers.sell(sale)
            await self._hand_over()
            self._in_hand = None

    async def give_back(self, back: Sale) -> None:
        """From the reader's list; the merchant gives up where the reader does not take it."""
        async with self._free:
            self._in_hand = back
            for _ in range(TRIES):
                if back.ksn or not self.has_approved(back.of.ksn if back.of else b""):
                    break
                await self._fingers.give_back(back)
            if back.ksn:
                await self._hand_over()
            self._in_hand = None

    async def cancel(self, asked: Sale) -> None:
        """The sale that it names, if its end is not known. A cancel that is sealed has to be sent."""
        assert asked.of is not None
        async with self._free:
            self._in_hand = asked
            for _ in range(TRIES):
                if asked.ksn or not self._waits_for(asked.of.ksn):
                    break
                await self._fingers.cancel(asked.of.ksn)
            self._in_hand = None
            while asked.ksn in self.shown():
                await self._hand_over()
                if self.has_posted(asked.ksn):
                    break
                await self._fingers.send_again(asked.ksn)

    def has_approved(self, ksn: bytes) -> bool:
        """Whether the reader shows that sale as approved."""
        shown = self.shown().get(ksn) if ksn else None
        return shown is not None and shown.outcome == outcome.APPROVED

    def ask_again(self) -> None:
        """The merchant sends once more every sale whose last word is not there."""
        waiting = {ksn for ksn, shown in self.shown().items() if shown.is_open}
        for name in self._spool.posted.names():
            text = self._spool.posted.read(name).decode()
            if ksn_of(text) in waiting:
                self._spool.put(text)
        self._courier.wake()

    def has_posted(self, ksn: bytes) -> bool:
        """Whether the phone has that sale, waiting or gone."""
        folders = (self._spool.sales, self._spool.posted, self._spool.refused)
        return any(ksn_of(folder.read(name).decode()) == ksn for folder in folders for name in folder.names())

    def shown(self) -> dict[bytes, Shown]:
        """KSN -> what the reader says, read from its flash."""
        kept = vault.load(Journal(self._shop.flash))
        return {bytes(view.ksn): _shown(view) for view in map(kept.view, kept.sales)}

    def _waits_for(self, ksn: bytes) -> bool:
        shown = self.shown().get(ksn)
        return shown is not None and shown.is_open

    async def _hand_over(self) -> None:
        """Until the phone has it. A power cut before that ends it: nobody sends the sale, so it never was."""
        for _ in range(1000):
            name = self.reader.state.name
            if name == READY:
                self.board.keypad.put("TRANSFER")
            elif name not in (WAITING, SENDING, SEALING):
                return
            await self.ring()

    async def ring(self) -> None:
        """Let both ends run for a moment."""
        self._bell.set()
        await asyncio.sleep(LOOK_S)

    async def _talk(self) -> None:
        while True:
            self._bell.clear()
            self._exchange()
            deadlines = [self.reader.deadline_ms]
            if self._phone is not None:
                deadlines.append(self._phone.deadline_ms())
            due = [one for one in deadlines if one is not None]
            wait_s = max(min(due) - self._ms(), 1) / 1000 if due else None
            await heard(self._bell, wait_s)

    def _exchange(self) -> None:
        """Let both ends run until neither has anything to say at this moment."""
        if self._ms() > NOISY_S * 1000:
            self.line.noisy = False
        for _ in range(ROUNDS_MAX):
            self.reader.poll()
            self._knows_time = self._knows_time or self.reader.state.permitted
            from_reader = self.line.take()
            if self._phone is not None:
                self._phone.step(from_reader, self._ms())
                self.line.give(self._phone.outgoing())
            if not (self.line.to_reader or self.line.to_phone or self.board.hand.doings):
                return

    def _ms(self) -> int:
        return int(self._shop.loop.time() * 1000)

    def _tell_of(self, who: str) -> Any:
        process = self.process if who.startswith("phone") else None
        note = self._shop.history.note

        def tell(verb: str, /, **facts: Any) -> None:
            if process is not None and not process.alive:
                return
            if verb == "reader.sealed" and self._in_hand is not None:
                self._in_hand.ksn = bytes.fromhex(facts["ksn"])
                self._in_hand.sealed_s = self._shop.loop.time()
                self._in_hand.is_dated = self._knows_time
                self.sealed.append(self._in_hand)
            note(who, verb, **facts)

        return tell

    def mails(self) -> Iterator[bytes]:
        """All that lies on the phone's disk."""
        for shelf in self.shelves.by_path.values():
            yield from shelf.files.values()


def _shown(view: View) -> Shown:
    return Shown(view.amount_minor, 0 if view.is_waiting() else view.outcome, view.version)


@lru_cache(maxsize=1000)
def ksn_of(text: str) -> bytes:
    """A sale's armour text or block -> its KSN."""
    _, body = armour.find(text, armour.SALE) if "BEGIN" in text else armour.from_text(text)
    return bytes(cose.unpack(body)[0])
