"""Seeded cases for the fuzzers: a few in the suite, many with HAGAKI_FUZZ, one line to play a bad one again.

HAGAKI_FUZZ=n: n times as many cases as the suite plays, with progress; 0: the one case of the seed.
HAGAKI_FUZZ_SEED: the first seed, 0 if it is not set.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterator

TIMES = int(os.environ.get("HAGAKI_FUZZ", "1"))
FIRST = int(os.environ.get("HAGAKI_FUZZ_SEED", "0"))
CPU_S_MAX = 1
"""One input may cost so much; looked at in long runs only, on a machine that has nothing else to do."""


def play(quick: int, case: Callable[[random.Random], None]) -> None:
    """Run the case for each seed. quick: how many seeds in the suite."""
    for seed in _seeds(quick):
        begun = time.process_time()
        try:
            case(random.Random(seed))
        except BaseException as error:
            raise AssertionError(_again(seed)) from error
        spent = time.process_time() - begun
        assert TIMES <= 1 or spent <= CPU_S_MAX, f"{spent:.1f} s; {_again(seed)}"


async def play_async(quick: int, case: Callable[[random.Random], Awaitable[None]]) -> None:
    """The same for cases that wait."""
    for seed in _seeds(quick):
        try:
            await case(random.Random(seed))
        except BaseException as error:
            raise AssertionError(_again(seed)) from error


def _seeds(quick: int) -> Iterator[int]:
    count = quick * TIMES or 1
    for number in range(count):
        if TIMES > 1 and number % max(count // 10, 1) == 0:
            sys.stderr.write(f"{_test()} {number} of {count}, seeds from {FIRST}\n")
        yield FIRST + number


def _again(seed: int) -> str:
    return f"again: HAGAKI_FUZZ=0 HAGAKI_FUZZ_SEED={seed} python -m pytest -n 0 {_test()}"


def _test() -> str:
    return os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]


def spoil(dice: random.Random, data: bytes, most: int = 8) -> bytes:
    """`data` with some bytes flipped, lost, doubled, moved, put in or cut off; sometimes as it was."""
    for _ in range(dice.randint(0, most)):
        at, to = sorted(dice.randrange(len(data) + 1) for _ in range(2))
        to = min(to, at + dice.choice((1, 2, 8, 60, 4000)))
        way = dice.randrange(7)
        if way == 0 and at < len(data):
            data = data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]
        elif way == 1:
            data = data[:at] + data[to:]
        elif way == 2:
            data = data[:to] + data[at:]
        elif way == 3:
            data = data[:at] + dice.choice(ODD) + data[at:]
        elif way == 4:
            data = data[to:] + data[at:to] + data[:at]
        elif way == 5:
            data = data[:at] + dice.randbytes(dice.randint(1, 9)) + data[at:]
        elif way == 6 and dice.random() < 0.2:
            data = data[:at]
    return data


ODD = (
    *(b"\r", b"\n", b"\r\n", b"\n\n", b"\0", b"\x1b$B", b"\x1b(B", b"\xff", b"\xe2\x80\xae", b"\xef\xbb\xbf"),
    *(b":", b";", b'"', b"\\", b"(", b"<", b">", b"=", b"=?", b"?=", b"%", b"--", b".", b" ", b"\t", b"'"),
    *(b"=0D=0A", b"&#0;", b"&", b"<!--", b"</", b"\xed\xa0\x80", b"\x80", b"\x85", b"\xe2\x80\xa8"),
)
"""What parsers stumble over."""
