"""The backlog after an outage: how fast it is worked off, and in which order."""

from __future__ import annotations

import statistics
from typing import Final

from bench.ground import Ground, Seller
from bench.load import CannotMeasure, How
from bench.rounds import ROUNDS, Better, Figure

MAILS: Final = 10_000
STEADY: Final = 1500
OUT_OF_PLACE_MAX: Final = 512
"""Sales that one may be asked for before or after its turn: those in work at the same time."""


def drained(ground: Ground) -> Figure:
    """Ten thousand mails wait for a gateway that is down; it comes up. Against its usual rate."""
    found = [_round(ground) for _ in range(ROUNDS)]
    backlog, steady, places = (statistics.median(values) for values in zip(*found, strict=True))
    if places > OUT_OF_PLACE_MAX:
        raise CannotMeasure(f"A sale was asked for {places:.0f} places from its turn: that is no order.")
    words = f"{backlog:.0f} sales/s to {steady:.0f} sales/s; none more than {places:.0f} places from its turn"
    title = "backlog after an outage worked off / the steady rate"
    return Figure("backlog", title, 0.9, Better.MORE, backlog / steady, words)


def _round(ground: Ground) -> tuple[float, float, int]:
    with ground.gateway() as gateway:
        steady = Seller(ground, [gateway], STEADY).rate()
        gateway.stop()
        ground.load.begin([gateway.port], gateway.mails(MAILS), How(limit_s=300))
        gateway.start()
        sent = ground.load.end().complete()
    backlog = MAILS / float(sent["letters_s"])
    ground.say(f"backlog {backlog:.0f} sales/s, out of place by {sent['out_of_place']}")
    return backlog, steady, int(sent["out_of_place"])
