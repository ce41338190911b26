"""A reader under everything at once: keys, stripes, chips, a noisy line, answers, power cuts in every write.

Whatever comes: it goes on, no key seals two texts, no sale is lost once it was told as sealed, and no outcome
is shown that the centre did not seal.
"""

from __future__ import annotations

import random
from typing import Any

from dice import play, spoil
from reader_centre import CARD, SWIPE, PowerCut, open_sale, seal_result
from reader_world import World

from card_reader_fw import vault
from card_reader_fw.board.desk.chip.cards import CARDS
from card_reader_fw.board.desk.chip.choice import card_of
from card_reader_fw.board.desk.chip.faults import FAULTS
from card_reader_fw.board.desk.chip.slot import CardSlot
from card_reader_fw.board.desk.stripe import Hand, intervals_of
from card_reader_fw.journal import Journal
from card_reader_fw.open_sale import OPEN
from card_reader_fw.reader import CANCEL_ASKED
from schemas.envelope import armour, outcome, payload
from schemas.link import session

KEYS = ["1", "1", "2", "3", "0", *["ENTER"] * 6, *["TRANSFER"] * 3, "CLEAR", "CANCEL", "HELP"]
DEBIT = ["1", "1", "0"]
DOINGS_MAX = 150
CAME_TRUE = {outcome.APPROVED, outcome.CANCELLED}
POWER_MAX = 9000  # bytes of flash, about three sales


class Paper:
    """A keyboard and a picture that sometimes do not work."""

    def __init__(self, dice: random.Random):
        self._dice = dice
        self.texts: list[str] = []

    def type(self, text: str) -> None:
        if self._dice.random() < 0.1:
            raise OSError
        self.texts.append(text)

    show = type


class Shop:
    """The world, what its dice do to it, and what must hold."""

    def __init__(self, dice: random.Random):
        self.dice = dice
        self.slot, self.paper = CardSlot(), Paper(dice)
        ports: dict[str, Any] = {"typist": self.paper, "picture": self.paper}
        if dice.random() < 0.7:
            ports["slot"] = self.slot
        self.world = World(pin_on=dice.random() < 0.5, seed=dice.randrange(1 << 30), **ports)
        self.world.link_up()
        self.bodies: dict[bytes, bytes] = {}  # KSN: the one sealed text
        self.answered: dict[bytes, set[int]] = {}  # KSN: outcomes that the centre sealed
        self.cancels: set[bytes] = set()  # their KSN

    def doing(self) -> None:
        """One thing that a hand, a card, the phone, the centre or the battery does."""
        ways = [self.key] * 6 + [
            self.swipe,
            self.chip,
            self.noise,
            self.power_cut,
            self.switch_off,
            self.wait,
        ]
        self.dice.choice([*ways, *[self.sell] * 3, self.give_back, self.call_off, *[self.answer] * 3])()
        for line in self.world.lcd:
            assert len(line) <= 16
        self.collect()

    def key(self) -> None:
        self.world.keys(*(DEBIT if self.dice.random() < 0.1 else [self.dice.choice(KEYS)]))

    def sell(self) -> None:
        """A sale as it should be, but for what else is going on."""
        self.world.keys(*["CANCEL"] * self.dice.randrange(3))
        self.dice.choice([self.world.swipe, self.chip])()
        condition = self.dice.choice(["", "", "110", "61"])
        self.world.keys(*"1200", "ENTER", *condition, "ENTER", *self.dice.choice(["1234", "", "12"]), "ENTER")
        self.world.run(200)
        if self.slot.card and self.dice.random() < 0.8:
            self.chip()
        self.world.keys(self.dice.choice(["TRANSFER", "TRANSFER", "1", "2"]))

    def give_back(self) -> None:
        """One of the last sales, if it is approved."""
        self.world.keys("CANCEL", "CANCEL", "ENTER", "2", *["ENTER"] * self.dice.randrange(3))
        self.world.keys(*self.dice.choice([["1"], ["2", "7", "ENTER"]]))
        self.world.swipe()
        self.world.keys("TRANSFER")

    def call_off(self) -> None:
        """The sale that was sent last, if it has no answer: its cancel."""
        self.world.keys("CANCEL", "ENTER")
        self.world.run(200)
        self.world.keys("TRANSFER")

    def swipe(self) -> None:
        swipe = SWIPE
        if self.dice.random() < 0.3:
            swipe = intervals_of(
                CARD, Hand(jitter_percent=self.dice.randrange(30), seed=self.dice.randrange(99))
            )
            swipe = swipe[self.dice.randrange(40) :]
        self.world.swipe(swipe)

    def chip(self) -> None:
        fault = self.dice.choice(["", "", *FAULTS])
        self.slot.card = None if self.slot.card else card_of(self.dice.choice(list(CARDS)), fault)
        self.world.run(self.dice.choice([20, 200]))

    def noise(self) -> None:
        self.world.wire.to_reader += spoil(self.dice, self.dice.randbytes(self.dice.randrange(40)))
        self.world.run(50)

    def answer(self) -> None:
        """The centre's next word on a sale that it has, or somebody else's."""
        if not self.bodies or not self.world.reader.state.permitted:
            return
        ksn = self.dice.choice(list(self.bodies))
        number, version = self.dice.choice(list(outcome.NAMES)), self.dice.randrange(1, 6)
        amount = 1 if self.dice.random() < 0.2 else self.amount(ksn)
        genuine = seal_result(ksn, number, amount, version=version)
        sealed = spoil(self.dice, genuine, 2) if self.dice.random() < 0.3 else genuine
        if sealed == genuine and amount == self.amount(ksn):
            self.answered.setdefault(ksn, set()).add(number)
        if self.world.phone.may("R"):
            self.world.phone.result(armour.to_text(armour.RESULT, sealed[: armour.BODY_MAX] or b"?"))
        self.world.run(400)

    def amount(self, ksn: bytes) -> int:
        return open_sale(armour.to_text(armour.SALE, self.bodies[ksn]))[1].amount_minor

    def wait(self) -> None:
        self.world.run(self.dice.choice([100, 130_000]), lambda: self.dice.random() < 0.01)

    def switch_off(self) -> None:
        self.world.flash.cut_after = None
        self.world.switch_on()
        if self.dice.random() < 0.5:
            self.world.phone = session.Session(session.PHONE)
        self.world.run(300)
        self.nothing_is_lost()

    def power_cut(self) -> None:
        """The battery goes after so many bytes of flash, in whatever is done next."""
        flash = self.world.flash
        flash.cut_after = flash.written + self.dice.randrange(POWER_MAX)

    def collect(self) -> None:
        """All that left the reader or was told as sealed: under one key always the same bytes."""
        for text in filter(None, self.world.sales + self.paper.texts):
            ksn, _ = open_sale(text)
            body = (armour.find(text) if "BEGIN" in text else armour.from_text(text))[1]
            assert self.bodies.setdefault(ksn, body) == body
        sealed = [facts["ksn"] for verb, facts in self.world.told if verb == "reader.sealed"]
        assert len(sealed) == len(set(sealed))
        results = [facts for verb, facts in self.world.told if verb == "reader.result" and facts["outcome"]]
        assert {facts["outcome"] for facts in results} <= self.said()

    def said(self) -> set[str]:
        """What the centre has sealed so far, and what the reader makes of it where a cancel is kept."""
        said = {outcome.NAMES[number] for numbers in self.answered.values() for number in numbers}
        kept = vault.load(Journal(self.world.flash)).sales
        self.cancels |= {sale.ksn for sale in kept if sale.kind == payload.CANCEL}
        if self.cancels:
            said.add(CANCEL_ASKED)
        if any(self.answered.get(ksn, set()) & CAME_TRUE for ksn in self.cancels):
            said.add("cancelled")  # so is its sale, whatever is answered to that
        return said

    def nothing_is_lost(self) -> None:
        """What waits for an answer can be sent, and what left before is what will be sent."""
        store = vault.load(Journal(self.world.flash))
        undone = {sale.original for sale in store.sales if self.answered.get(sale.ksn, set()) & CAME_TRUE}
        for sale in store.sales:
            body = store.sealed(sale.ksn)
            if sale.ksn not in undone and not self.answered.get(sale.ksn, set()) - set(OPEN):
                assert body is not None  # no last word has ever come
            if body is not None:
                assert self.bodies.get(sale.ksn, body) == body


def _case(dice: random.Random) -> None:
    shop = Shop(dice)
    for _ in range(dice.randrange(DOINGS_MAX)):
        try:
            shop.doing()
        except PowerCut:
            shop.switch_off()
    shop.switch_off()


def test_a_reader_under_everything_at_once() -> None:
    play(40, _case)
