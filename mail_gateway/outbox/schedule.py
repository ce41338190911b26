"""When a letter that was not taken is tried again: a table, no end."""

from __future__ import annotations

from typing import Final

FIRST_WAITS_S: Final = (10, 30, 60, 120, 300, 600, 900)
"""After the first, second, ... attempt; the last one repeats."""

_DAY_MS: Final = 86_400_000
_HOUR_S: Final = 3600


def wait_s(attempts: int, age_ms: int) -> int:
    """Seconds until the next attempt. attempts: made so far, from 1. age_ms: since the letter was written.
    After a day it is once an hour, for ever: a letter about money is never given up."""
    if age_ms >= _DAY_MS:
        return _HOUR_S
    return FIRST_WAITS_S[min(max(attempts, 1), len(FIRST_WAITS_S)) - 1]
