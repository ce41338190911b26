"""A recording of the head (mono PCM) to flux intervals, and the other way round for trying it."""

from __future__ import annotations

import math
import wave
from array import array
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from card_reader_fw.board.desk.reader_error import ReaderError

SECONDS_MAX = 30
SWING_SHARE = 3  # a turn counts when it goes back by a third of the swing before
FLOOR_SHARE = 20  # and by a twentieth of the whole recording's range


def read_wav(path: Path) -> list[int]:
    """8- or 16-bit mono PCM -> flux intervals in microseconds. Raises ReaderError wav-format."""
    try:
        with wave.open(str(path), "rb") as recording:
            shape = (recording.getnchannels(), recording.getsampwidth())
            rate = recording.getframerate()
            if shape not in ((1, 1), (1, 2)) or recording.getnframes() > rate * SECONDS_MAX:
                raise ReaderError("wav-format")
            data = recording.readframes(recording.getnframes())
    except (wave.Error, EOFError):
        raise ReaderError("wav-format") from None
    samples = [byte - 128 for byte in data] if shape[1] == 1 else list(array("h", data[: len(data) & ~1]))
    return intervals_of(samples, rate)


def intervals_of(samples: list[int], rate: int) -> list[int]:
    """Samples and their rate per second -> microseconds from peak to peak."""
    times = [round(place * 1_000_000 / rate) for place in peaks(samples)]
    return [after - before for before, after in pairwise(times)]


def peaks(samples: list[int]) -> list[float]:
    """Places of the alternating maxima and minima, between samples by a parabola.

    How far the signal must turn back follows the swing before, for a fast hand is louder than a slow one.
    """
    if not samples:
        return []
    floor = (max(samples) - min(samples)) / FLOOR_SHARE + 1
    found: list[float] = []
    sign, best, turn, last = 1, 0, floor, samples[0]
    for at, sample in enumerate(samples):
        if sample * sign >= samples[best] * sign:
            best = at
        elif (samples[best] - sample) * sign > turn:
            found.append(_vertex(samples, best))
            turn = max(floor, abs(samples[best] - last) / SWING_SHARE)
            last, sign, best = samples[best], -sign, at
    return found


def _vertex(samples: list[int], at: int) -> float:
    if not 0 < at < len(samples) - 1:
        return at
    before, here, after = samples[at - 1 : at + 2]
    bend = before - 2 * here + after
    return at + (before - after) / (2 * bend) if bend else at


def write_wav(path: Path, intervals: Iterable[int], *, rate: int = 44100, width: int = 2) -> None:
    """Flux intervals (microseconds) -> a recording with a peak of alternating sign at each flux change."""
    half = 100 if width == 1 else 28000
    samples = [0] * (rate // 50)
    edge, sign, now = 0.0, 1, 0
    for interval in intervals:
        length = interval * rate / 1_000_000
        while now < edge + length:
            samples.append(round(sign * half * math.cos(math.pi * (now - edge) / length)))
            now += 1
        edge, sign = edge + length, -sign
    samples += [0] * (rate // 50)
    data = bytes(s + 128 for s in samples) if width == 1 else array("h", samples).tobytes()
    with wave.open(str(path), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(width)
        recording.setframerate(rate)
        recording.writeframes(data)
