"""The processor's clock, as its own signed answers tell it: ours may be wrong, and no sale suffers."""

from __future__ import annotations

from collections.abc import Callable


class FarClock:
    """Until the processor has said what time it is, our own wall clock has to do.

    skew_s: how far an answer may be from it, and our own clock before that is told.
    """

    def __init__(self, now_ms: Callable[[], int], skew_s: int) -> None:
        self._now_ms = now_ms
        self._skew_s = skew_s
        self._ahead_s: float | None = None
        self.differs = False

    def now_s(self, loop_s: float) -> int:
        """Unix seconds. loop_s: a clock that never jumps."""
        return self._now_ms() // 1000 if self._ahead_s is None else int(loop_s + self._ahead_s)

    def set(self, far_s: int, loop_s: float) -> int:
        """An echo says what time it is -> seconds that our own clock is ahead of it."""
        self._ahead_s = far_s - loop_s
        ours_ahead_s = self._now_ms() // 1000 - far_s
        self.differs = abs(ours_ahead_s) > self._skew_s
        return ours_ahead_s

    def is_near(self, far_s: int, loop_s: float) -> bool:
        """Whether an answer was signed about now."""
        return self._ahead_s is None or abs(far_s - self.now_s(loop_s)) <= self._skew_s
