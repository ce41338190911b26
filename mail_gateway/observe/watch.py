"""What a gateway says of itself to those who watch it: counts, what is stuck, whether it can take mail."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from mail_gateway.domain.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from mail_gateway.observe.maillog import Counted, MailLog
    from mail_gateway.ports import Ports

LOOK_MS: Final = 60_000
"""The doctor looks at most so often, however many ask."""

LOOK_SHARE: Final = 20
"""And at most this part of the time: in a large database a look takes seconds."""

LOOK_WAIT_S: Final = 5
"""Who asks waits so long for a look that has begun; then they get the one before."""

ALIVE_S: Final = 5


class Trouble(Protocol):
    """What the doctor finds; see admin/doctor.py:Trouble."""

    @property
    def slug(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def command(self) -> str: ...
    @property
    def count(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """counts: events since the process began. troubles: as of looked_ms, unix ms; 0: not looked yet.

    may_ask: whether the acquirer may be asked now.
    """

    counts: Mapping[Counted, int]
    troubles: Sequence[Trouble]
    looked_ms: int
    may_ask: bool


@dataclass(frozen=True, slots=True)
class Senses:
    """log: what counts the events. may_ask: by the lease. look: the doctor; it blocks, and may raise anything
    that a database or a disk does. alive: asks the store for something small; raises GatewayError."""

    log: MailLog
    may_ask: Callable[[], bool]
    look: Callable[[], Sequence[Trouble]]
    alive: Callable[[], Awaitable[Any]]
    ports: Ports


class Watch:
    """One for a gateway."""

    def __init__(self, senses: Senses) -> None:
        self._senses = senses
        self._troubles: Sequence[Trouble] = ()
        self._looked_ms = 0
        self._began_ms = 0
        self._pause_ms = 0
        self._looking: asyncio.Task[Sequence[Trouble]] | None = None

    async def standing(self) -> Standing:
        """How it stands. The doctor looks beside the gateway's work, in a thread of its own."""
        own = self._senses
        if self._looking is None and self._is_due():
            self._began_ms = own.ports.now_ms()
            self._looking = asyncio.create_task(asyncio.to_thread(own.look))
            self._looking.add_done_callback(self._looked)
        if self._looking is not None:
            await asyncio.wait([self._looking], timeout=LOOK_WAIT_S)
        return Standing(own.log.counts, self._troubles, self._looked_ms, own.may_ask())

    async def trouble(self) -> str:
        """Why no mail can be taken now, as a slug; empty: it can."""
        try:
            async with asyncio.timeout(ALIVE_S):
                await self._senses.alive()
        except GatewayError as error:
            return error.slug
        except TimeoutError:
            return "store-busy"
        return ""

    def _is_due(self) -> bool:
        passed_ms = self._senses.ports.now_ms() - self._began_ms
        return not 0 <= passed_ms < self._pause_ms  # a clock that was set back stops no look

    def _looked(self, task: asyncio.Task[Sequence[Trouble]]) -> None:
        self._looking = None
        if task.cancelled():
            return
        now_ms = self._senses.ports.now_ms()
        self._pause_ms = max(LOOK_MS, LOOK_SHARE * (now_ms - self._began_ms))
        error = task.exception()
        if error is not None:
            self._senses.ports.tell("alarm.doctor", slug="doctor-failed", error=type(error).__name__)
            return
        self._troubles, self._looked_ms = task.result(), now_ms
