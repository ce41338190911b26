"""The time that the gateway adds to a sale, at half of what it can take."""

from __future__ import annotations

import statistics
from typing import Final

from bench.ground import Ground, Seller
from bench.load import How
from bench.rounds import ROUNDS, Better, Figure

SALES: Final = 1500
ROUND_S: Final = 5
ROUND_MAX: Final = 1800
"""Sales of one round: no more mails are made beforehand."""

HOST_MS: Final = 1500


def added(ground: Ground) -> Figure:
    """From a mail's last dot to its letter taken, less what the host itself took; the 99th of a hundred."""
    with ground.gateway() as gateway:
        steady = statistics.median(Seller(ground, [gateway], SALES).rate() for _ in range(3))
        rate = max(int(steady / 2), 1)
        seller = Seller(ground, [gateway], min(rate * ROUND_S, ROUND_MAX), How(rate=rate))
        ground.load.hold(HOST_MS)
        try:
            found = [_round_ms(ground, seller) for _ in range(ROUNDS)]
        finally:
            ground.load.hold(0)
    usual, long = (statistics.median(values) for values in zip(*found, strict=True))
    words = f"{long:.1f} ms of {HOST_MS} ms, half of them under {usual:.1f} ms, at {rate} sales/s"
    title = "time added to a sale at half load, 99th percentile / the host's round trip"
    return Figure("delay", title, 0.05, Better.LESS, long / HOST_MS, words, seller.facts)


def _round_ms(ground: Ground, seller: Seller) -> tuple[float, float]:
    spread = seller.round()["added_ms"]
    ground.say(f"half under {spread['p50']} ms, 99 of 100 under {spread['p99']} ms, all {spread['max']} ms")
    return spread["p50"], spread["p99"]
