"""Asking in the background whether the processor is there: echoes, and pauses that grow while it is not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from acquirer_sdk.port import Ports
from json_adapter import answers, build
from json_adapter.answers import Answer
from json_adapter.breaker import Breaker, Phase, Signal
from json_adapter.talk import Said, Talk


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between echoes; the first and the longest pause, in ms, while something is wrong."""

    echo_interval_s: float
    first_ms: int
    longest_ms: int


def pause_ms(pace: Pace, failures: int, random: bytes) -> int:
    """Before the next echo: doubling up to the longest, its upper half random (two bytes)."""
    longest = min(pace.longest_ms, pace.first_ms << min(failures, 20))
    return longest // 2 + (longest - longest // 2) * int.from_bytes(random, "big") // 65536


class Keeper:
    """Runs beside the requests. A request without an answer wakes it."""

    def __init__(self, talk: Talk, breaker: Breaker, pace: Pace, ports: Ports) -> None:
        self._talk = talk
        self._breaker = breaker
        self._pace = pace
        self._ports = ports
        self._failures = 0
        self._reason = ""
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to ask, and return at once."""
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._ended)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def moved(self, before: Phase, reason: str = "") -> None:
        """The breaker was given a signal; before is its phase until then."""
        phase = self._breaker.phase
        if phase is Phase.UP:
            self._failures = 0
        if phase is not before or (phase is Phase.DOWN and reason not in ("", self._reason)):
            self._ports.tell(f"line.{phase.value}", reason=reason or None)
        self._reason = reason or self._reason

    def wake(self) -> None:
        """Somebody got no answer: look now. What is down already keeps to its pauses."""
        if self._breaker.phase is not Phase.DOWN:
            self._woken.set()

    async def echo(self) -> Said:
        """Ask once."""
        said = await self._talk.say(build.echoing(), lambda *_: None)
        good = isinstance(said, Answer) and answers.is_echo(said)
        reason = "" if good else _reason(said)
        self.moved(self._breaker.signal(Signal.ECHO if good else Signal.NO_ECHO, reason), reason)
        return said

    async def _run(self) -> None:
        while True:
            if self._breaker.phase is Phase.OPEN:
                await asyncio.sleep(self._pause_s())
            self._woken.clear()
            await self.echo()
            await self._rest(
                self._pause_s() if self._breaker.phase is Phase.DOWN else self._pace.echo_interval_s
            )

    async def _rest(self, pause_s: float) -> None:
        try:
            async with asyncio.timeout(pause_s):
                await self._woken.wait()
        except TimeoutError:
            pass

    def _pause_s(self) -> float:
        """The next pause while something is wrong; each is longer than the one before."""
        pause = pause_ms(self._pace, self._failures, self._ports.random_bytes(2))
        self._failures += 1
        return pause / 1000

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._ports.tell("alarm.line-stopped")


def _reason(said: Said) -> str:
    return f"status-{said.status}" if isinstance(said, Answer) else said.reason
