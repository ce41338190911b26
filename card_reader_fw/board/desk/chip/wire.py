"""A test card behind its one wire: characters as a chip sends and takes them, T=0 and T=1, and noise.

So a desk reader goes the way of a board that owns only a UART (`emv.uart_slot`).
"""

from __future__ import annotations

import random
from collections import deque
from typing import Any

from card_reader_fw.board.desk.chip.card import Card
from card_reader_fw.board.desk.chip.faults import Removed
from card_reader_fw.emv import t1
from card_reader_fw.emv.uart_slot import UartSlot

NULL = 0x60


class T0:
    """A card that takes data in one go or, if `single`, byte by byte; `nulls` requests for time before each
    procedure byte."""

    def __init__(self, card: Card, *, single: bool = False, nulls: int = 0):
        self.card = card
        self.single = single
        self.nulls = nulls
        self.coming: deque[int] = deque()
        self._came = b""

    def power(self) -> None:
        """Reset."""
        self.coming.extend(self.card.reset())
        self._came = b""

    def take(self, data: bytes) -> None:
        """Header and data, in any pieces."""
        self._came += data
        ins = self._came[1]
        length = self._came[4]
        body = self._came[5:]
        takes = ins in (0xA4, 0xA8, 0xAE, 0x20)
        if takes and len(body) < length:
            self._say(bytes((ins ^ 0xFF if self.single else ins,)))
            return
        response = self.card.send(self._came[:5] + body if takes else self._came[:5])
        self._came = b""
        if len(response) > 2:
            given = response[:-2]
            chunks = [bytes((ins ^ 0xFF, byte)) for byte in given] if self.single else [bytes((ins,)) + given]
            for chunk in chunks:
                self._say(chunk)
        self._say(response[-2:])

    def _say(self, data: bytes) -> None:
        self.coming.extend([NULL] * self.nulls)
        self.coming.extend(data)


class T1:
    """A card that chains blocks of `size` bytes and asks for time `waits` times before each answer.

    damage: how many of a hundred blocks, either way, are lost or have a wrong bit, but never in their length,
    which only a character's own parity would guard.
    """

    def __init__(self, card: Card, *, size: int = 32, waits: int = 0, damage: int = 0, seed: int = 0):
        self.card = card
        self.size = size
        self.waits = waits
        self.damage = damage
        self.coming: deque[int] = deque()
        self.chance = random.Random(seed)
        self.blocks = 0

    def power(self) -> None:
        """Reset."""
        self.coming.extend(self.card.reset())
        self._ns = self._nr = 0
        self._command = b""
        self._chunks: list[bytes] = []
        self._information = self._request = b""
        self._waiting = 0

    def take(self, data: bytes) -> None:
        """One block."""
        self.blocks += 1
        block = self._damaged(data)
        if not block:
            return
        inside = block[3:-1]
        if block[0] or t1.lrc(block[:-1], b"") != block[-1:]:
            self._refuse(1)
        elif block[1] & 0xC0 == 0xC0:
            self._supervised(block[1], inside)
        elif block[1] & 0x80:
            self._asked_again(block[1] >> 4 & 1)
        elif block[1] >> 6 != self._nr:
            self._refuse(2)
        else:
            self._taken(inside, more=bool(block[1] & 0x20))

    def _taken(self, inside: bytes, *, more: bool) -> None:
        self._nr ^= 1
        self._command += inside
        if more:
            self._say(0x80 | self._nr << 4, b"")
            return
        response, self._command = self.card.send(self._command), b""
        if not response:
            return
        self._chunks = [response[at : at + self.size] for at in range(0, len(response), self.size)]
        self._waiting = self.waits
        self._next()

    def _refuse(self, why: int) -> None:
        if self._request:
            self._send(self._request)
        else:
            self._say(0x80 | self._nr << 4 | why, b"")

    def _supervised(self, pcb: int, inside: bytes) -> None:
        if pcb == 0xC1:
            self._say(0xE1, inside)
        elif self._request:
            self._request = b""
            self._next()

    def _asked_again(self, wanted: int) -> None:
        if wanted != self._ns:
            self._send(self._information)
        elif self._request:
            self._send(self._request)
        elif self._chunks:
            self._next()
        else:
            self._refuse(0)

    def _next(self) -> None:
        if self._waiting:
            self._waiting -= 1
            self._request = self._say(0xC3, b"\x02")
            return
        chunk = self._chunks.pop(0)
        self._information = self._say(self._ns << 6 | (0x20 if self._chunks else 0), chunk)
        self._ns ^= 1

    def _say(self, pcb: int, inside: bytes) -> bytes:
        head = bytes((0, pcb, len(inside)))
        block = head + inside + t1.lrc(head, inside)
        self._send(block)
        return block

    def _send(self, block: bytes) -> None:
        self.coming.extend(self._damaged(block))

    def _damaged(self, block: bytes) -> bytes:
        if self.chance.randrange(100) >= self.damage:
            return block
        at = self.chance.choice([at for at in range(len(block)) if at != 2])
        changed = bytes((block[at] ^ 1 << self.chance.randrange(8),))
        return b"" if self.chance.randrange(2) else block[:at] + changed + block[at + 1 :]


class Wire:
    """The port of `emv.uart_slot`: nothing takes time here, silence is an empty read.

    inside: is the card in; waits_ms: how long each read would have waited.
    """

    def __init__(self, end: T0 | T1):
        self.end = end
        self.bits_us: list[int] = []
        self.waits_ms: list[int] = []
        self.inside = True

    def present(self) -> bool:
        """Is a card in it."""
        return self.inside

    def power(self, on: Any) -> None:
        """On, with a reset, or off."""
        self.end.coming.clear()
        if on:
            self.end.power()

    def bit(self, length_us: int) -> None:
        """The length of a bit from now on."""
        self.bits_us.append(length_us)

    def write(self, data: bytes) -> None:
        """To the card, which answers into `coming`."""
        try:
            self.end.take(bytes(data))
        except Removed:
            self.inside = False

    def read(self, count: int, wait_ms: int) -> bytearray:
        """From the card, as many as are there."""
        self.waits_ms.append(wait_ms)
        coming = self.end.coming
        return bytearray(coming.popleft() for _ in range(min(count, len(coming))))


def behind_wire(card: Card) -> UartSlot:
    """A test card -> the slot of a board that has only its wire."""
    return UartSlot(Wire(T0(card) if card.profile.t0 else T1(card)))
