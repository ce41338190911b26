"""Memory for each sale that waits at the host."""

from __future__ import annotations

import statistics
import time
from typing import Final

from bench.ground import Ground
from bench.load import CannotMeasure, How
from bench.machine import memory_bytes
from bench.rounds import ROUNDS, Better, Figure

WAITING: Final = 10_000
BAR_BYTES: Final = 20 * 1024
ARRIVE_LIMIT_S: Final = 300
SETTLE_S: Final = 1.0


def memory(ground: Ground) -> Figure:
    """What a gateway grew by, with so many waiting; a fresh one for each round. A ratio to 20 KB."""
    each = statistics.median(_grown(ground) / WAITING for _ in range(ROUNDS))
    words = f"{each / 1024:.1f} KB a sale, {WAITING:,} waiting"
    title = "memory per sale waiting at the host / 20 KB"
    return Figure("memory", title, 1, Better.LESS, each / BAR_BYTES, words)


def _grown(ground: Ground) -> int:
    with ground.gateway() as gateway:
        before = memory_bytes(gateway.pid)
        ground.load.hold(-1)
        try:
            ground.load.send([gateway.port], gateway.mails(WAITING), How(letters=False, limit_s=300))
            _wait_until_all_wait(ground)
            grown = memory_bytes(gateway.pid) - before
        finally:
            gateway.kill()  # nobody is to be answered: what waits is not part of the figure
            ground.load.hold(0)
    ground.say(f"{grown / WAITING / 1024:.1f} KB a sale")
    return grown


def _wait_until_all_wait(ground: Ground) -> None:
    ends = time.monotonic() + ARRIVE_LIMIT_S
    waiting = ground.load.hold(-1)
    while waiting < WAITING:
        time.sleep(SETTLE_S)
        before, waiting = waiting, ground.load.hold(-1)
        if waiting == before or time.monotonic() > ends:
            raise CannotMeasure(f"Only {waiting} sales wait at the host at once: the gateway sends no more.")
    time.sleep(SETTLE_S)
