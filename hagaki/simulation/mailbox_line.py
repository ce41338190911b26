"""One gateway's connection to its mailbox, in place of IMAP: a command may be lost, late, or lied about."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hagaki.simulation.faults import Fault
from hagaki.simulation.loop import PROCESS
from hagaki.simulation.provider import SETTINGS
from mail_gateway.intake.mailbox import MailboxError, Trouble

if TYPE_CHECKING:
    from hagaki.simulation.provider import Provider

T = TypeVar("T")

SOON_S: Final = 0.05
LATE_S: Final = (1.0, 8.0, 25.0, 45.0, 400.0)
"""How long a slow server takes for a command; the last are longer than anybody waits."""


class MailboxLine:
    """What mail_gateway/ports.py:Line asks for. dice: the seed's, of this life."""

    def __init__(self, provider: Provider, dice: random.Random) -> None:
        self._provider = provider
        self._dice = dice
        self._connection = 0
        self.validity = 0

    async def open(self) -> None:
        await asyncio.sleep(SOON_S)
        self._connection = self._provider.connect()
        self.validity = await self._ask(lambda: self._provider.validity)

    async def look(self) -> list[int]:
        return await self._ask(self._provider.look)

    async def weigh(self, uids: Iterable[int]) -> dict[int, int]:
        asked = tuple(uids)
        sizes = await self._ask(lambda: self._provider.weigh(asked))
        if self._says_no():
            return {uid: size for uid, size in sizes.items() if self._dice.random() < 0.5}
        return sizes

    async def fetch(self, uid: int) -> bytes | None:
        raw = await self._ask(lambda: self._provider.fetch(uid))
        return None if self._says_no() else raw

    async def move(self, uids: Iterable[int], folder: str) -> None:
        for command in self._provider.moving(tuple(uids), folder):
            await self._ask(command)
            if self._says_no():  # and has done it
                raise MailboxError(Trouble.FOLDER, "NO")

    async def wait(self, wait_ms: int, *, is_watching: bool) -> None:
        if self._strikes(Fault.MAILBOX_CUT):
            await asyncio.sleep(self._dice.random() * wait_ms / 1000)
            self._provider.drop()
        await self._provider.watch(wait_ms, self._connection, is_watching=is_watching)
        self._assert_held()

    def close(self) -> None:
        """What was sent before is still carried out."""
        self._connection = 0

    async def _ask(self, command: Callable[[], T]) -> T:
        """Send it, and wait for its answer as long as is usual. A cut comes before it is sent, instead of an
        answer, or makes no noise."""
        self._assert_held()
        is_cut = self._strikes(Fault.MAILBOX_CUT)
        ends = self._dice.choice(("before", "after", "silent")) if is_cut else ""
        answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if ends != "before":
            self._send(command, answered)
        try:
            async with asyncio.timeout(SETTINGS.timeout_s):
                await (asyncio.sleep(SOON_S) if ends == "before" else answered)
                await asyncio.sleep(SETTINGS.timeout_s if ends == "silent" else self._takes_s())
        except TimeoutError:
            raise MailboxError(Trouble.DOWN, "the server does not answer") from None
        if ends:
            self._provider.drop()
        self._assert_held()
        answer: T = answered.result()
        return answer

    def _send(self, command: Callable[[], Any], answered: asyncio.Future[Any]) -> None:
        work = partial(self._provider.carry_out, self._connection, command, answered)
        asyncio.get_running_loop().call_later(self._takes_s(), work)

    def _takes_s(self) -> float:
        most_s = self._dice.choice(LATE_S) if self._strikes(Fault.MAILBOX_SLOW) else SOON_S
        return self._dice.random() * most_s

    def _assert_held(self) -> None:
        if not PROCESS.get().alive or not self._provider.holds(self._connection):
            raise MailboxError(Trouble.DOWN, "the server has closed the connection")

    def _says_no(self) -> bool:
        return self._strikes(Fault.MAILBOX_SAYS_NO)

    def _strikes(self, fault: Fault) -> bool:
        return self._provider.luck.strikes(fault)
