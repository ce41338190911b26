"""Keeping the line up: sign-on, echo, sign-off, and connecting again with jitter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from acquirer_sdk.port import Ports
from cafis_adapter import build
from cafis_adapter.build import Network
from cafis_adapter.codec import Message
from cafis_adapter.line import Key, Line, Phase, Signal
from cafis_adapter.link import Address, Exchanged, Link, Waiter
from cafis_adapter.wire import Wire

Make = Callable[[int, int], Message]
"""STAN and unix seconds -> a message of the line's own."""

STAN_MAX: Final = 999_999
SIGN_OFF_S: Final = 2.0
"""Nobody who stops a gateway waits longer for a host that does not even answer a sign-off."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The line's timers."""

    timeout_s: float
    echo_interval_s: float
    reconnect_first_ms: int
    reconnect_max_ms: int


def pause_ms(pace: Pace, failures: int, random: bytes) -> int:
    """Before the next attempt: doubling up to the longest, its upper half random (two bytes)."""
    longest = min(pace.reconnect_max_ms, pace.reconnect_first_ms << min(failures, 20))
    return longest // 2 + (longest - longest // 2) * int.from_bytes(random, "big") // 65536


class Keeper:
    """Runs beside the requests. What it asks has a STAN series of its own: the class differs."""

    def __init__(self, link: Link, line: Line[Waiter], wire: Wire, pace: Pace, ports: Ports) -> None:
        self._link = link
        self._line = line
        self._wire = wire
        self._pace = pace
        self._ports = ports
        self._stan = 0
        self._failures = 0
        self._task: asyncio.Task[None] | None = None

    def start(self, host: str, port: int) -> None:
        """Begin to connect, and return at once; nothing where that has begun."""
        if self._task is not None and not self._task.done():
            return
        self._task = asyncio.create_task(self._run(Address(host, port, self._pace.timeout_s)))
        self._task.add_done_callback(self._ended)

    async def close(self) -> None:
        """Sign off as far as the line still allows, then close."""
        if self._line.phase is Phase.SIGNED_ON:
            farewell = asyncio.create_task(self._ask(Network.SIGN_OFF, min(SIGN_OFF_S, self._pace.timeout_s)))
            self._line.signal(Signal.SIGNED_OFF)
            await farewell
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, to: Address) -> None:
        while True:
            try:
                await self._link.session(to, self._keep)
                self._ports.tell("line.down")
            except OSError:
                self._ports.tell("line.refused", port=to.port)
            await asyncio.sleep(pause_ms(self._pace, self._failures, self._ports.random_bytes(2)) / 1000)
            self._failures += 1

    def _keep(self) -> asyncio.Task[None]:
        return asyncio.create_task(self._sign_on_and_echo())

    async def _sign_on_and_echo(self) -> None:
        """Sign on, then echo; sign on again where the host signed off. One silence ends the connection."""
        while True:
            signing_on = self._line.phase is Phase.CONNECTED
            got = await self._ask(Network.SIGN_ON if signing_on else Network.ECHO, self._pace.timeout_s)
            if not (isinstance(got, Message) and got[39] == "00"):
                self._ports.tell(
                    "line.unanswered" if not isinstance(got, Message) else "line.sign-on-refused"
                )
                return self._link.drop()
            if signing_on and not await self._has_keys():
                return self._link.drop()
            if signing_on:
                self._line.signal(Signal.SIGN_ON_ACCEPTED)
                self._failures = 0
                self._ports.tell("line.signed-on")
            await asyncio.sleep(self._pace.echo_interval_s)

    async def _has_keys(self) -> bool:
        """Keys come before sales: what is under way while they change is answered under the old ones.

        False where the host does not even answer; where it sends none, the old keys stay.
        """
        if not self._wire.profile.keys_at_sign_on:
            return True
        got = await self._ask(Network.KEYS, self._pace.timeout_s)
        if not (isinstance(got, Message) and got[39] == "00"):
            self._ports.tell("alarm.key-refused", slug="not-given")
        return isinstance(got, Message)

    async def ask(self, make: Make) -> Exchanged:
        """Send something of the line's own, and wait for its answer. Raises MessageError and KeyFault."""
        return await self._exchange(make, self._pace.timeout_s)

    async def echo(self) -> Exchanged:
        """Ask whether the host is there."""
        return await self._ask(Network.ECHO, self._pace.timeout_s)

    async def _ask(self, code: Network, timeout_s: float) -> Exchanged:
        profile = self._wire.profile
        return await self._exchange(
            lambda stan, time_s: build.network(profile, code, stan, time_s), timeout_s
        )

    async def _exchange(self, make: Make, timeout_s: float) -> Exchanged:
        self._stan = self._stan % STAN_MAX + 1
        message = make(self._stan, self._ports.now_ms() // 1000)
        body = self._wire.pack(message)
        return await self._link.exchange(Key.of_request(message), body, timeout_s=timeout_s)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._ports.tell("alarm.line-stopped")
