"""A hand that swipes a card: track 2 text becomes the flux intervals that a head would hear."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from card_reader_fw.board.desk.reader_error import ReaderError
from card_reader_fw.track.track2 import ALPHABET, CHARACTERS_MAX

BIT_UM = 339  # 75 bits per inch
LEAD_BITS = 30


@dataclass(frozen=True, slots=True)
class Hand:
    """speed_mm_s at the first bit; speed_end_mm_s at the last (None: the same); jitter_percent of a bit by
    which a flux change stands off its place, at most; backward: the card's end comes first; seed of the
    jitter."""

    speed_mm_s: int = 400
    speed_end_mm_s: int | None = None
    jitter_percent: int = 0
    backward: bool = False
    seed: int = 0


STEADY = Hand()


def bits_of(text: str) -> list[int]:
    """Text between the sentinels -> bits, with clocking zeros, parity and LRC. Raises ReaderError."""
    if len(text) > CHARACTERS_MAX - 3 or not set(text) <= set(ALPHABET) - set(";?"):
        raise ReaderError("stripe-text")
    values = [ALPHABET.index(c) for c in f";{text}?"]
    lrc = 0
    for value in values:
        lrc ^= value
    bits = [0] * LEAD_BITS
    for value in [*values, lrc]:
        four = [value >> n & 1 for n in range(4)]
        bits += [*four, 1 - sum(four) % 2]
    return bits + [0] * LEAD_BITS


def intervals_of(text: str, hand: Hand = STEADY) -> list[int]:
    """Text between the sentinels -> flux intervals in microseconds."""
    return flux(bits_of(text), hand)


def flux(bits: list[int], hand: Hand = STEADY) -> list[int]:
    """Bits -> flux intervals in microseconds, under that hand."""
    if hand.backward:
        bits = bits[::-1]
    end = hand.speed_mm_s if hand.speed_end_mm_s is None else hand.speed_end_mm_s
    chance = random.Random(hand.seed)
    now_ns, edges = 0, [0]
    for place, bit in enumerate(bits):
        speed = hand.speed_mm_s + (end - hand.speed_mm_s) * place // len(bits)
        bit_ns = BIT_UM * 1_000_000 // speed
        off = [chance.randint(-hand.jitter_percent, hand.jitter_percent) * bit_ns // 100 for _ in range(2)]
        if bit:
            edges.append(now_ns + bit_ns // 2 + off[0])
        now_ns += bit_ns
        edges.append(now_ns + off[1])
    return [(after - before) // 1000 for before, after in pairwise(edges)]


def read_flux(path: Path) -> list[int]:
    """A file of whole microseconds between white space -> intervals. Raises ReaderError flux-format."""
    try:
        return [int(word) for word in path.read_text(encoding="ascii").split()]
    except ValueError:
        raise ReaderError("flux-format") from None
