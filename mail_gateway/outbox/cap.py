"""How many letters one address may get in an hour: a circle of robots, or a reader gone mad, ends here."""

from __future__ import annotations

from collections import deque
from typing import Final

HOUR_MS: Final = 3_600_000
ADDRESSES_MAX: Final = 10_000
"""With more of them in memory, those that got nothing for an hour are dropped."""


class Cap:
    """Counts what this process sends, by address. most: letters in any hour."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._sent: dict[str, deque[int]] = {}
        self._told_ms: dict[str, int] = {}

    def free_ms(self, address: str, now_ms: int) -> int:
        """When the address may get its next letter, unix milliseconds UTC; `now_ms` at the earliest."""
        times = self._sent.get(address.lower(), ())
        return max(now_ms, times[-self._most] + HOUR_MS) if len(times) >= self._most else now_ms

    def is_news(self, address: str, now_ms: int) -> bool:
        """Whether in this hour nobody was told yet that the address has to wait."""
        self._told_ms = {one: at_ms for one, at_ms in self._told_ms.items() if at_ms > now_ms - HOUR_MS}
        if address.lower() in self._told_ms:
            return False
        self._told_ms[address.lower()] = now_ms
        return True

    def count(self, address: str, now_ms: int) -> None:
        """One more letter leaves for it."""
        if len(self._sent) > ADDRESSES_MAX:
            self._sent = {one: times for one, times in self._sent.items() if times[-1] > now_ms - HOUR_MS}
        self._sent.setdefault(address.lower(), deque(maxlen=self._most)).append(now_ms)
