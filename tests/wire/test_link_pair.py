"""A reader and a phone on one line: whole, byte by byte, with garbage, loss, doubling, damage, restarts."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from schemas.envelope import armour
from schemas.link.session import (
    PHONE,
    READER,
    Hello,
    LinkUp,
    Permission,
    ResultArrived,
    SaleArrived,
    SendAgain,
    Session,
    Stored,
    Verdict,
)
from schemas.link.table import RESULT, SALE

if TYPE_CHECKING:
    from collections.abc import Callable

SALE_TEXT = armour.to_text(armour.SALE, bytes(range(118)))
RESULT_TEXT = armour.to_text(armour.RESULT, bytes(range(90)))
LONGEST_MS = 20 * 60_000


class Reader:
    """Offers its one sale until it is stored; judges each result. What it knows survives a restart."""

    def __init__(self) -> None:
        self.session = Session(READER)
        self.stored = False
        self.results: list[str] = []

    def on(self, event: object) -> None:
        if isinstance(event, LinkUp):
            self.session.hello(42, "1.0")
        elif isinstance(event, Stored):
            self.stored = True
        elif isinstance(event, ResultArrived):
            self.results.append(event.text)
            self.session.verdict("genuine")
        if isinstance(event, Permission | SendAgain) and not self.stored and self.session.may(SALE):
            self.session.sale(SALE_TEXT)


class Phone:
    """Stores sales in a set; tells the result until a verdict comes. What it knows survives a restart."""

    def __init__(self, refusals: int = 0) -> None:
        self.session = Session(PHONE)
        self.spool: list[str] = []
        self.verdict = ""
        self.refusals = refusals

    def on(self, event: object) -> None:
        if isinstance(event, Hello):
            self.session.permission(1_700_000_000)
        elif isinstance(event, SaleArrived):
            self.keep(event.text)
        elif isinstance(event, Verdict):
            self.verdict = event.code
        if self.spool and not self.verdict and self.session.may(RESULT):
            self.session.result(RESULT_TEXT)

    def keep(self, text: str) -> None:
        if self.refusals:
            self.refusals -= 1
            self.session.again("disk-full")
            return
        if text not in self.spool:
            self.spool.append(text)
        self.session.stored()


def whole(data: bytes) -> list[bytes]:
    return [data] if data else []


class Line:
    """Both ends and what lies between them; the time jumps to the next deadline when all is quiet."""

    def __init__(self, carry: Callable[[bytes], list[bytes]] = whole, reader=None, phone=None) -> None:
        self.ends = {READER: reader or Reader(), PHONE: phone or Phone()}
        self.carry = carry
        self.now_ms = 0
        self.turn: Callable[[Line], None] = lambda line: None

    @property
    def done(self) -> bool:
        return self.ends[READER].stored and bool(self.ends[PHONE].verdict)

    def move(self, source: str, target: str) -> bool:
        data = self.ends[source].session.outgoing()
        end = self.ends[target]
        for part in self.carry(data):
            for event in end.session.receive(part, self.now_ms):
                end.on(event)
        return bool(data)

    def run(self) -> None:
        while not self.done and self.now_ms < LONGEST_MS:
            moved = [self.move(READER, PHONE), self.move(PHONE, READER)]
            self.turn(self)
            for end in self.ends.values():
                for event in end.session.tick(self.now_ms):
                    end.on(event)
            if not any(moved):
                deadlines = [
                    e.session.deadline_ms for e in self.ends.values() if e.session.deadline_ms is not None
                ]
                assert deadlines, "nobody will ever speak again"
                self.now_ms = max(self.now_ms, min(deadlines))

    def check(self) -> None:
        assert self.done
        assert self.ends[PHONE].spool == [SALE_TEXT]
        assert set(self.ends[READER].results) == {RESULT_TEXT}


def bytewise(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def with_garbage(data: bytes) -> list[bytes]:
    return [b"\xff\x00noise" + data + b"\x03\x06trailing\r\n"] if data else []


@pytest.mark.parametrize("carry", [whole, bytewise, with_garbage])
def test_a_sale_and_its_result(carry) -> None:
    line = Line(carry)
    line.run()
    line.check()
    assert line.now_ms == 0  # nobody had to wait for a time-out
    assert line.ends[READER].results == [RESULT_TEXT]


def test_a_sale_that_cannot_be_stored_is_offered_again() -> None:
    line = Line(phone=Phone(refusals=3))
    line.run()
    line.check()


def lossy(seed: int) -> Callable[[bytes], list[bytes]]:
    dice = random.Random(seed)

    def carry(data: bytes) -> list[bytes]:
        frames = [b"\x02" + part for part in data.split(b"\x02")[1:]]
        return [frame for frame in frames for _ in range(dice.choice((0, 1, 1, 2)))]

    return carry


def damaging(seed: int) -> Callable[[bytes], list[bytes]]:
    dice = random.Random(seed)

    def carry(data: bytes) -> list[bytes]:
        changed = bytearray(data)
        for i in range(len(changed)):
            if dice.random() < 0.002:
                changed[i] ^= 1 << dice.randrange(8)
        return [bytes(changed)] if changed else []

    return carry


@pytest.mark.parametrize("trouble", [lossy, damaging])
@pytest.mark.parametrize("seed", range(40))
def test_a_bad_line_only_takes_longer(trouble, seed: int) -> None:
    line = Line(trouble(seed))
    line.run()
    line.check()


def conversation_length() -> int:
    sizes: list[int] = []

    def count(data: bytes) -> list[bytes]:
        sizes.append(len(data))
        return whole(data)

    Line(count).run()
    return sum(sizes)


def at_byte(place: int, act: Callable[[bytes], bytes]) -> Callable[[bytes], list[bytes]]:
    """Acts once, on the byte that is the place-th on the line in both directions together."""
    passed = 0

    def carry(data: bytes) -> list[bytes]:
        nonlocal passed
        here, passed = place - passed, passed + len(data)
        if 0 <= here < len(data):
            return whole(data[:here] + act(data[here : here + 1]) + data[here + 1 :])
        return whole(data)

    return carry


DAMAGE = {
    "lost": lambda byte: b"",
    "doubled": lambda byte: byte * 2,
    "flipped": lambda byte: bytes([byte[0] ^ 1]),
    "high": lambda byte: bytes([byte[0] | 0x80]),
    "STX": lambda byte: b"\x02",
    "ETX": lambda byte: b"\x03",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_at_every_byte(damage: str) -> None:
    for place in range(conversation_length()):
        line = Line(at_byte(place, DAMAGE[damage]))
        line.run()
        line.check()


@pytest.mark.parametrize("role", [READER, PHONE])
@pytest.mark.parametrize("hold", [1, 7, 64])
def test_either_side_restarts_at_any_point(role: str, hold: int) -> None:
    """The session is lost with the power, what was stored is not."""
    for moment in range(40):
        line = Line(lambda data: [data[i : i + hold] for i in range(0, len(data), hold)])
        turns = iter(range(1000))

        def restart(line: Line, turns=turns, moment=moment) -> None:
            if next(turns) == moment:
                line.ends[role].session.outgoing()
                line.ends[role].session = Session(role)

        line.turn = restart
        line.run()
        line.check()


@pytest.mark.parametrize("role", [READER, PHONE])
def test_a_restart_in_the_middle_of_a_frame(role: str) -> None:
    for place in range(0, conversation_length(), 3):
        line = Line()
        passed = 0

        def carry(data: bytes, line=line, place=place) -> list[bytes]:
            nonlocal passed
            here, passed = place - passed, passed + len(data)
            if 0 <= here < len(data):
                line.ends[role].session = Session(role)
                return whole(data[:here])
            return whole(data)

        line.carry = carry
        line.run()
        line.check()


def test_a_line_that_was_cut_comes_back() -> None:
    line = Line()
    line.carry = lambda data: whole(data) if line.now_ms > 5 * 60_000 else []
    line.run()
    line.check()


def test_a_lost_stored_makes_no_second_sale() -> None:
    line = Line()
    phone = line.ends[PHONE]

    def restart_before_stored_leaves(line: Line) -> None:
        if phone.spool and not line.ends[READER].stored:
            phone.session = Session(PHONE)
            line.turn = lambda line: None

    line.turn = restart_before_stored_leaves
    line.run()
    line.check()
