"""What a piece of work costs, told so that neither other processes nor the collector of garbage count."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CHEAPEST_OF = 3


def cost_s(work: Callable[[], object], *, enough_s: float = 0.0) -> float:
    """CPU seconds, the cheapest of a few runs; at most enough_s is asked no further."""
    best = float("inf")
    for _ in range(CHEAPEST_OF):
        collecting = gc.isenabled()
        gc.disable()
        begun = time.process_time()
        try:
            work()
        finally:
            best = min(best, time.process_time() - begun)
            if collecting:
                gc.enable()
        if best <= enough_s:
            break
    return best
