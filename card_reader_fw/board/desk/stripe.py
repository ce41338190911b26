"""A hand that swipes a card: the text of a stripe becomes the flux intervals that a head would hear."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from card_reader_fw.board.desk.reader_error import ReaderError
from card_reader_fw.track.coding import ALPHA, JIS2, NUMERIC, Coding

LEAD_BITS = 30


@dataclass(frozen=True, slots=True)
class Track:
    """One stripe: how it is coded, how long a bit is, and how many characters go between the sentinels."""

    coding: Coding
    bit_um: int
    most: int


TRACKS = {
    "track1": Track(ALPHA, 121, 76),  # 210 bits per inch
    "track2": Track(NUMERIC, 339, 37),  # 75 bits per inch
    "track3": Track(NUMERIC, 121, 104),
    "jis2": Track(JIS2, 121, 69),
}


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


def bits_of(text: str, track: str = "track2") -> list[int]:
    """Text between the sentinels -> bits, with clocking zeros, parity and LRC. Raises ReaderError."""
    shape = TRACKS[track]
    coding = shape.coding
    values = [ord(letter) - coding.base for letter in text]
    letters = range(0x20, 0x7F) if coding is JIS2 else range(1 << coding.bits)
    is_free = all(value in letters and value not in (coding.start, coding.end) for value in values)
    if len(text) > shape.most or not is_free:
        raise ReaderError("stripe-text")
    values = [coding.start, *values, coding.end]
    lrc = 0
    for value in values[coding.lrc_from :]:
        lrc ^= value
    bits = [0] * LEAD_BITS
    for value in [*values, lrc]:
        word = [value >> n & 1 for n in range(coding.bits)]
        bits += [*word, (sum(word) + coding.odd) % 2]
    return bits + [0] * LEAD_BITS


def intervals_of(text: str, hand: Hand = STEADY, track: str = "track2") -> list[int]:
    """Text between the sentinels -> flux intervals in microseconds."""
    return flux(bits_of(text, track), hand, TRACKS[track].bit_um)


def flux(bits: list[int], hand: Hand = STEADY, bit_um: int = TRACKS["track2"].bit_um) -> list[int]:
    """Bits -> flux intervals in microseconds, under that hand."""
    if hand.backward:
        bits = bits[::-1]
    end = hand.speed_mm_s if hand.speed_end_mm_s is None else hand.speed_end_mm_s
    chance = random.Random(hand.seed)
    now_ns, edges = 0, [0]
    for place, bit in enumerate(bits):
        speed = hand.speed_mm_s + (end - hand.speed_mm_s) * place // len(bits)
        bit_ns = bit_um * 1_000_000 // speed
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
