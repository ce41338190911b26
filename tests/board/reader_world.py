"""The whole firmware on a board of queues, with the phone's end of the link beside it, on its own clock."""

import random

from reader_centre import INITIAL_KEY, KEY_ID, SWIPE, Memory, open_sale, seal_result

from card_reader_fw import vault
from card_reader_fw.board.desk.bench import Wire
from card_reader_fw.board.desk.board import Board
from card_reader_fw.board.desk.device import cipher
from card_reader_fw.crypto import dukpt
from card_reader_fw.journal import Journal
from card_reader_fw.reader import Reader
from schemas.envelope import armour
from schemas.link import events, session

NOW_S = 1_750_000_000


class Flashed:
    """What the desk's board wants of a device."""

    def __init__(self, flash):
        self.flash = flash


class World:
    """A reader and a phone; `loss`: how likely a byte is spoilt on the way; `ports`: the board's others."""

    def __init__(self, *, keys=True, language="en", loss=0.0, seed=1, pin_on=False, **ports):
        self.flash = Memory()
        if keys:
            store = dukpt.load(cipher, KEY_ID, INITIAL_KEY)
            vault.create(Journal(self.flash), store, language, pin_on=pin_on)
        self.now_ms = 0
        self.ports = ports
        self.loss, self.chance = loss, random.Random(seed)
        self.phone, self.phone_is_there = session.Session(session.PHONE), True
        self.refuse_with = ""
        self.sales, self.verdicts, self.told, self.beeps = [], [], [], []
        self.switch_on()

    def switch_on(self):
        self.wire = Wire()
        self.board = Board(Flashed(self.flash), self.wire, self._tell, lambda: self.now_ms)
        for name, port in self.ports.items():
            setattr(self.board, name, port)
        self.reader = Reader(self.board)

    def _tell(self, verb, **facts):
        if verb == "reader.beep":
            self.beeps.append(facts["code"])
        else:
            self.told.append((verb, facts))

    @property
    def lcd(self):
        return self.board.lcd.lines

    @property
    def state(self):
        return self.reader.state.name

    def keys(self, *keys):
        for key in keys:
            self.board.keypad.put(key)
            self.run(20)

    def swipe(self, intervals=SWIPE):
        self.board.head.put([intervals])
        self.run(20)

    def sell(self, amount=1200):
        """Up to READY or WAITING."""
        self.swipe()
        self.keys(*str(amount), "ENTER", "ENTER")

    def run(self, for_ms, until=lambda: False):
        """Time passes in steps of 10 ms."""
        end = self.now_ms + for_ms
        while self.now_ms < end and not until():
            self.now_ms += 10
            self.reader.poll()
            if self.phone_is_there:
                self._phone()

    def until(self, condition):
        self.run(120_000, condition)
        assert condition()

    def link_up(self):
        self.until(lambda: self.reader.state.permitted)

    def _phone(self):
        for event in self.phone.receive(self._spoilt(self.wire.take()), self.now_ms):
            self._on_phone(event)
        self.phone.tick(self.now_ms)
        self.wire.to_reader += self._spoilt(self.phone.outgoing())

    def _on_phone(self, event):
        if isinstance(event, events.Hello):
            self.hello = event
            self.phone.permission(NOW_S)
        elif isinstance(event, events.SaleArrived) and self.refuse_with:
            self.phone.again(self.refuse_with)
        elif isinstance(event, events.SaleArrived):
            self.sales.append(event.text)
            self.phone.stored()
        elif isinstance(event, events.Verdict):
            self.verdicts.append(event.code)

    def _spoilt(self, data):
        return bytes(b ^ 0x15 if self.chance.random() < self.loss else b for b in data)

    def answer(self, number, *, sale=-1, **more):
        """The centre's result for one of the sales, over the phone."""
        ksn, said = open_sale(self.sales[sale])
        self.phone.result(armour.to_text(armour.RESULT, seal_result(ksn, number, said.amount_minor, **more)))
        before = len(self.verdicts)
        self.until(lambda: len(self.verdicts) > before)
