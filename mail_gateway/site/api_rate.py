"""How often a key may ask: a bucket that fills again steadily. Pure but for what it remembers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_MINUTE_MS: Final = 60_000
_WHOLE: Final = 60_000
"""One request, in parts: so many a minute fill in exactly as many parts each ms as are allowed."""


@dataclass(slots=True)
class _Bucket:
    parts: int
    at_ms: int


class Rate:
    """per_minute: requests of one key, all of which may come at once. It remembers known keys only."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: dict[int, _Bucket] = {}

    def wait_s(self, key: int, now_ms: int) -> int:
        """Count one request; -> 0, or after how many seconds to come again; then it is not counted."""
        full = self._per_minute * _WHOLE
        bucket = self._buckets.setdefault(key, _Bucket(full, now_ms))
        gone_ms = min(max(now_ms - bucket.at_ms, 0), _MINUTE_MS)
        bucket.parts = min(bucket.parts + gone_ms * self._per_minute, full)
        bucket.at_ms = now_ms
        if bucket.parts < _WHOLE:
            missing_ms = -(-(_WHOLE - bucket.parts) // self._per_minute)
            return -(-missing_ms // 1000)
        bucket.parts -= _WHOLE
        return 0
