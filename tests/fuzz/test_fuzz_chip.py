"""Hostile cards: whatever a chip answers, the dialogue ends soon, with our amount in it or with no sale."""

from __future__ import annotations

import random
from collections import deque

from dice import play, spoil

from card_reader_fw.board.desk.chip import cards, choice, trial
from card_reader_fw.board.desk.chip.faults import FAULTS, Removed
from card_reader_fw.emv import flow, talk, tlv, values
from card_reader_fw.emv.errors import FINAL, TECHNICAL, ChipError, SlotError
from card_reader_fw.emv.uart_slot import UartSlot

NEVER = {0x56, 0x57, 0x5A, 0x5F20, 0x5F24, 0x99, 0x9F0B, 0x9F1F, 0x9F20}
OURS = {
    0x9F02: "000000001980",
    0x5F2A: "0392",
    0x9F1A: "0392",
    0x9C: "00",
    0x9F37: "a0a1a2a3",
    0x9A: "270115",
}
TAGS = [*values.CARD_TAGS, *NEVER, *OURS, 0x61, 0x6F, 0x70, 0x77, 0x80, 0xA5, 0x88, 0x50, 0x87, 0x9F38]
STATUSES = [
    "9000",
    "6100",
    "61FF",
    "6C00",
    "6C05",
    "6283",
    "6985",
    "6A81",
    "6A82",
    "6A83",
    "6F00",
    "0000",
    "FFFF",
]
NOW_S = 1_800_000_000


class Hostile:
    """A slot whose card's answers go through `change`; counts the commands."""

    def __init__(self, dice: random.Random):
        name = dice.choice(list(cards.CARDS))
        fault = dice.choice(["", "", "", *FAULTS])
        self.card = choice.card_of(name, fault)
        self.dice = dice
        self.change = dice.choice(CHANGES)
        self.percent = dice.choice([3, 10, 30, 100])
        self.commands = 0
        self.handed: list[bytearray] = []

    def on(self) -> bytes:
        return self.card.reset()

    def send(self, apdu: bytes) -> bytearray:
        self.commands += 1
        assert 5 <= len(apdu) <= 261
        try:
            response = self.card.send(bytes(apdu))
        except Removed:
            raise SlotError("chip-removed", FINAL) from None
        if self.dice.randrange(100) < self.percent:
            response = self.change(self.dice, response)
        self.handed.append(bytearray(response[:600]))
        return self.handed[-1]

    def off(self) -> None:
        pass


def _spoilt(dice: random.Random, response: bytes) -> bytes:
    return spoil(dice, response, 3)


def _noise(dice: random.Random, response: bytes) -> bytes:
    return dice.randbytes(dice.choice([0, 1, 2, 3, len(response), 258]))


def _status(dice: random.Random, response: bytes) -> bytes:
    return response[: dice.choice([0, len(response) - 2])] + bytes.fromhex(dice.choice(STATUSES))


def _objects(dice: random.Random, _: bytes) -> bytes:
    """Well-formed data objects with any tags and contents."""
    inner = b"".join(
        tlv.encode(dice.choice(TAGS), dice.randbytes(dice.choice([0, 1, 2, 3, 5, 8, 19, 40])))
        for _ in range(6)
    )
    return tlv.encode(dice.choice([0x6F, 0x70, 0x77, 0x80]), inner[:240]) + b"\x90\x00"


def _swapped(dice: random.Random, response: bytes) -> bytes:
    """One byte to a nasty value, the status as it was."""
    at = dice.randrange(max(len(response) - 2, 1))
    return (
        response[:at] + bytes((dice.choice([0, 1, 0x1F, 0x7F, 0x80, 0x81, 0x82, 0xFF]),)) + response[at + 1 :]
    )


def _fails(dice: random.Random, _: bytes) -> bytes:
    raise SlotError("chip-io", dice.choice([TECHNICAL, FINAL]))


CHANGES = [_spoilt, _noise, _status, _objects, _swapped, _swapped, _fails]


def test_hostile_dialogues() -> None:
    play(2000, dialogue)


def dialogue(dice: random.Random) -> None:
    slot = Hostile(dice)
    order = trial.sale(1980, NOW_S, lambda count: bytes(range(0xA0, 0xA0 + count)), pin=dice.random() < 0.5)
    try:
        judged(trial.trial(slot, order, lambda labels: dice.randrange(len(labels))))
    except ChipError as error:
        assert error.slug.startswith("chip-")
    assert slot.commands <= talk.APDUS_MAX
    assert not any(map(any, slot.handed)), "an answer was not wiped"


def judged(got: flow.ChipCard) -> None:
    """What a sale may look like, whoever the card is."""
    assert 0 < len(got.emv) <= 199
    objects = tlv.walk(got.emv, 0, len(got.emv))
    given = {tag: got.emv[start:end].hex() for tag, start, end in objects}
    assert len(objects) == len(given)
    assert not given.keys() & NEVER
    assert given.items() >= OURS.items()
    assert int(given[0x9F27], 16) & 0xC0 == 0x80
    assert 12 <= got.separator <= 19
    assert len(got.track2) <= 37
    assert len(got.label) <= 16
    assert all(" " <= letter <= "~" for letter in got.label)


class Noise:
    """A wire on which a card says something like an ATR, and then anything."""

    def __init__(self, dice: random.Random):
        self._dice = dice
        self._coming: deque[int] = deque()

    def present(self) -> bool:
        return self._dice.randrange(1000) > 0

    def power(self, on: bool) -> None:
        atr = choice.card_of(self._dice.choice(["jcb", "t0"])).reset()
        self._coming.extend(atr if self._dice.random() < 0.8 else spoil(self._dice, atr, 3))

    def bit(self, _: int) -> None:
        pass

    def write(self, data: bytes) -> None:
        """Answers that nearly fit: procedure bytes, blocks with a right check, or noise."""
        kind = self._dice.randrange(3)
        if kind == 0:
            body = self._dice.randbytes(self._dice.choice([0, 1, 5, 40]))
            said = (
                bytes((0, self._dice.choice([0, 0x40, 0x20, 0x80, 0x90, 0xC1, 0xC3, 0xE1, 255]), len(body)))
                + body
            )
            check = 0
            for byte in said:
                check ^= byte
            self._coming.extend(said + bytes((check,)))
        elif kind == 1:
            self._coming.extend(data[1:2] * self._dice.randrange(3) + b"\x60" * 5 + b"\x90\x00")
        else:
            self._coming.extend(self._dice.randbytes(self._dice.randrange(300)))

    def read(self, count: int, _: int) -> bytearray:
        return bytearray(self._coming.popleft() for _ in range(min(count, len(self._coming))))


def test_hostile_wires() -> None:
    play(500, wire)


def wire(dice: random.Random) -> None:
    try:
        judged(trial.trial(UartSlot(Noise(dice)), trial.sale(1980, NOW_S, bytes)))
    except ChipError as error:
        assert error.slug.startswith("chip-")
