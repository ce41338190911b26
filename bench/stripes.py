"""How many swipes are read: by the reader's decoder, and by a plain one with a fixed threshold."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from card_reader_fw.board.desk.stripe import TRACKS, bits_of
from card_reader_fw.track import card, f2f
from card_reader_fw.track.coding import characters
from card_reader_fw.track.f2f import StripeError

SWIPES: Final = 400
JITTERS: Final = (0, 2, 4, 5, 6, 7, 8, 10)
"""Standard deviation of a flux change's place, in hundredths of a bit."""

TEXTS: Final = {
    "track2": "4111111111111111=27122010000012345678",
    "jis2": "a90000000211111234567890122222333334444455555666667777788888999990000",
}
_LEAD: Final = 10


@dataclass(frozen=True, slots=True)
class Row:
    """Of SWIPES swipes of one track: read, and read wrongly, by the reader's decoder and by the plain one."""

    track: str
    jitter: int
    is_steady: bool
    ours: tuple[int, int]
    plain: tuple[int, int]


def table() -> Iterator[str]:
    """The lines of a table in markdown, each as soon as it is known."""
    yield "| track | hand | jitter | read | read wrongly | fixed threshold: read | read wrongly |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    cases = [(track, jitter, steady) for track in TEXTS for steady in (True, False) for jitter in JITTERS]
    with ProcessPoolExecutor() as pool:
        for row in pool.map(_row, *zip(*cases, strict=True)):
            hand = "steady" if row.is_steady else "up to 4 times faster or slower at the end"
            figures = [_share(row.ours[0]), str(row.ours[1]), _share(row.plain[0]), str(row.plain[1])]
            yield f"| {row.track} | {hand} | {row.jitter} % | {' | '.join(figures)} |"


def _share(count: int) -> str:
    return f"{100 * count / SWIPES:.1f} %"


def _row(track: str, jitter: int, is_steady: bool) -> Row:
    bits = bits_of(TEXTS[track], track)
    swipes = [_swipe(bits, TRACKS[track].bit_um, seed, jitter, is_steady=is_steady) for seed in range(SWIPES)]
    ours = _count(swipes, TEXTS[track], lambda intervals: card.stripe(intervals)[1])
    coding = TRACKS[track].coding
    plain = _count(swipes, TEXTS[track], lambda intervals: characters(plain_bits(intervals), coding))
    return Row(track, jitter, is_steady, ours, plain)


def _count(swipes: Iterable[list[int]], text: str, read: Callable[[list[int]], bytearray]) -> tuple[int, int]:
    good = wrong = 0
    for intervals in swipes:
        try:
            is_good = read(intervals).decode() == text
        except StripeError:
            continue
        good += is_good
        wrong += not is_good
    return good, wrong


def _swipe(bits: list[int], bit_um: int, seed: int, jitter: int, *, is_steady: bool) -> list[int]:
    """Flux intervals in tenths of a microsecond; every flux change is off its place by itself."""
    chance = random.Random(seed)
    speed = chance.uniform(150, 1200)
    end = speed if is_steady else speed * chance.uniform(0.25, 4)
    now, edges = 0.0, [0.0]
    for place, bit in enumerate(bits):
        length = bit_um * 10_000 / (speed + (end - speed) * place / len(bits))
        off = [chance.gauss(0, jitter / 100) * length for _ in range(2)]
        if bit:
            edges.append(now + length / 2 + off[0])
        now += length
        edges.append(now + off[1])
    return [max(1, int(after - before)) for before, after in pairwise(edges)]


def plain_bits(intervals: list[int]) -> list[int]:
    """The bit time is that of the first zeros; what is shorter than three quarters of it is half a 1."""
    clock = sum(intervals[:_LEAD]) // _LEAD
    bits: list[int] = []
    is_half = False
    for gap in intervals[: f2f.INTERVALS_MAX]:
        if gap * 4 > clock * 3:
            bits.append(0)
            is_half = False
        elif is_half:
            bits.append(1)
            is_half = False
        else:
            is_half = True
    return bits
