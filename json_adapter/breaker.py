"""Whether requests may start: the way to the processor as one table, without socket or clock."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from acquirer_sdk.values import NotReady, Ready


class Phase(StrEnum):
    """What is known of the processor."""

    DOWN = "down"  # it does not answer an echo
    UP = "up"
    OPEN = "open"  # it answers echoes, but request after request was left without an answer
    TRIAL = "trial"  # one request at a time, until one is answered
    CLOSED = "closed"  # this side is not started, or closed


class Signal(StrEnum):
    """What moves it from phase to phase."""

    ECHO = "echo"  # an echo was answered
    NO_ECHO = "no-echo"
    ANSWER = "answer"  # a request was answered, whatever the answer
    SILENCE = "silence"  # a request was not
    STREAK = "streak"  # the last of too many without an answer
    CLOSE = "close"  # this side closes
    START = "start"  # this side starts


TABLE: Final[Mapping[tuple[Phase, Signal], Phase]] = {
    (Phase.DOWN, Signal.ECHO): Phase.UP,
    (Phase.DOWN, Signal.NO_ECHO): Phase.DOWN,
    (Phase.DOWN, Signal.ANSWER): Phase.DOWN,
    (Phase.DOWN, Signal.SILENCE): Phase.DOWN,
    (Phase.DOWN, Signal.STREAK): Phase.DOWN,
    (Phase.DOWN, Signal.CLOSE): Phase.CLOSED,
    (Phase.DOWN, Signal.START): Phase.DOWN,
    (Phase.UP, Signal.ECHO): Phase.UP,
    (Phase.UP, Signal.NO_ECHO): Phase.DOWN,
    (Phase.UP, Signal.ANSWER): Phase.UP,
    (Phase.UP, Signal.SILENCE): Phase.UP,
    (Phase.UP, Signal.STREAK): Phase.OPEN,
    (Phase.UP, Signal.CLOSE): Phase.CLOSED,
    (Phase.UP, Signal.START): Phase.DOWN,
    (Phase.OPEN, Signal.ECHO): Phase.TRIAL,
    (Phase.OPEN, Signal.NO_ECHO): Phase.DOWN,
    (Phase.OPEN, Signal.ANSWER): Phase.UP,
    (Phase.OPEN, Signal.SILENCE): Phase.OPEN,
    (Phase.OPEN, Signal.STREAK): Phase.OPEN,
    (Phase.OPEN, Signal.CLOSE): Phase.CLOSED,
    (Phase.OPEN, Signal.START): Phase.DOWN,
    (Phase.TRIAL, Signal.ECHO): Phase.TRIAL,
    (Phase.TRIAL, Signal.NO_ECHO): Phase.DOWN,
    (Phase.TRIAL, Signal.ANSWER): Phase.UP,
    (Phase.TRIAL, Signal.SILENCE): Phase.OPEN,
    (Phase.TRIAL, Signal.STREAK): Phase.OPEN,
    (Phase.TRIAL, Signal.CLOSE): Phase.CLOSED,
    (Phase.TRIAL, Signal.START): Phase.DOWN,
    (Phase.CLOSED, Signal.ECHO): Phase.CLOSED,
    (Phase.CLOSED, Signal.NO_ECHO): Phase.CLOSED,
    (Phase.CLOSED, Signal.ANSWER): Phase.CLOSED,
    (Phase.CLOSED, Signal.SILENCE): Phase.CLOSED,
    (Phase.CLOSED, Signal.STREAK): Phase.CLOSED,
    (Phase.CLOSED, Signal.CLOSE): Phase.CLOSED,
    (Phase.CLOSED, Signal.START): Phase.DOWN,
}

_READINESS: Final[Mapping[Phase, Ready | NotReady]] = {
    Phase.DOWN: NotReady("not-connected"),
    Phase.UP: Ready(),
    Phase.OPEN: NotReady("circuit-open"),
    Phase.TRIAL: Ready(),
    Phase.CLOSED: NotReady("not-connected"),
}


class Breaker:
    """One way to one processor. failures_max: so many requests in a row without an answer open it."""

    def __init__(self, failures_max: int, outstanding_max: int) -> None:
        self.phase = Phase.CLOSED
        self._failures_max = failures_max
        self._outstanding_max = outstanding_max
        self._failures = 0
        self._outstanding = {"request": 0, "reversal": 0}
        self._down_reason = ""

    def signal(self, signal: Signal, reason: str = "") -> Phase:
        """Move along the table -> the phase before. reason: why there was no echo."""
        before, self.phase = self.phase, TABLE[self.phase, signal]
        if signal in (Signal.ANSWER, Signal.ECHO):
            self._down_reason = ""
        if signal is Signal.NO_ECHO:
            self._down_reason = reason
        return before

    def ready(self) -> Ready | NotReady:
        """May a request start now?"""
        if self.phase is Phase.TRIAL and any(self._outstanding.values()):
            return NotReady("circuit-open")
        if self.phase is Phase.DOWN and self._down_reason:
            return NotReady(self._down_reason)
        return _READINESS[self.phase]

    def begin(self, room: str) -> str | None:
        """A request starts -> None, or the slug of why not. room: request or reversal; new work never takes
        the room of reversals."""
        ready = self.ready()
        if isinstance(ready, NotReady):
            return ready.reason
        if self._outstanding[room] >= self._outstanding_max:
            return "busy"
        self._outstanding[room] += 1
        return None

    def end(self, room: str, *, answered: bool) -> Phase:
        """It ended -> the phase before."""
        self._outstanding[room] -= 1
        self._failures = 0 if answered else self._failures + 1
        if answered:
            return self.signal(Signal.ANSWER)
        return self.signal(Signal.STREAK if self._failures >= self._failures_max else Signal.SILENCE)
