"""The sender: takes the letters that are due, hands them over, writes down what became of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol, assert_never

from mail_gateway.domain.errors import GatewayError
from mail_gateway.outbox.schedule import wait_s
from mail_gateway.outbox.smarthost import Fate, Handed, Smarthost, SmarthostDown
from mail_gateway.store import letters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mail_gateway.ports import Ports
    from mail_gateway.settings import SmarthostSettings

BATCH: Final = 16
"""Letters taken at once: few, so that an "in doubt" written meanwhile does not wait behind a long queue."""

CONNECTIONS: Final = 4
"""Letters on their way at once; their marks share commits."""

IDLE_MAX_S: Final = 60


class Store(Protocol):
    """What the sender needs of the store."""

    async def run(self, unit: Callable[..., Any], /, *args: Any, **more: Any) -> Any: ...

    async def read(self, unit: Callable[..., Any], /, *args: Any, **more: Any) -> Any: ...


class Sender:
    """Sends for as long as it runs. There may be any number of letters; there are a few connections."""

    def __init__(self, settings: SmarthostSettings, store: Store, ports: Ports) -> None:
        own_name = settings.sender_domain or "localhost"
        self._smarthosts = [Smarthost(settings, own_name) for _ in range(CONNECTIONS)]
        self._store = store
        self._ports = ports
        self._woken = asyncio.Event()
        self._failures = 0

    def wake(self) -> None:
        """Something may be due."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; then the letter in hand is finished and the connection closed."""
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: self.wake())
        try:
            while not stop.is_set():
                self._woken.clear()
                await self._pause(await self._round(stop))
        finally:
            stopping.cancel()
            for smarthost in self._smarthosts:
                await smarthost.close()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _round(self, stop: asyncio.Event) -> float:
        """Send what is due; seconds until there is reason to look again, unless woken."""
        try:
            due: list[letters.LetterRow] = await self._store.read(letters.due, self._ports.now_ms(), BATCH)
            await self._all(due, stop)
            self._failures = 0
            return await self._until_next()
        except SmarthostDown as down:
            return self._down("smarthost-down", str(down))
        except GatewayError as error:
            return self._down(error.slug, error.detail)

    async def _all(self, due: Sequence[letters.LetterRow], stop: asyncio.Event) -> None:
        """Each connection takes the next letter, so the first go first. Raises what ended any of them."""
        waiting = iter(due)

        async def work(smarthost: Smarthost) -> None:
            for letter in waiting:
                if not stop.is_set():
                    await self._one(letter, smarthost)

        working = (work(smarthost) for smarthost in self._smarthosts[: len(due)])
        for ended in await asyncio.gather(*working, return_exceptions=True):
            if ended is not None:
                raise ended

    def _down(self, slug: str, detail: str) -> float:
        """Quiet retry: said once, when it begins."""
        self._failures += 1
        if self._failures == 1:
            self._ports.tell("alarm.outbox", slug=slug, error=detail)
        return min(wait_s(self._failures, 0), IDLE_MAX_S)

    async def _until_next(self) -> float:
        moment: int | None = await self._store.read(letters.next_due_ms)
        if moment is None:
            return IDLE_MAX_S
        return min(max(moment - self._ports.now_ms(), 0) / 1000, IDLE_MAX_S)

    async def _one(self, letter: letters.LetterRow, smarthost: Smarthost) -> None:
        await smarthost.connect()  # before the mark: a smarthost that is down is no attempt
        await self._store.run(letters.mark_sending, letter.id, self._ports.now_ms())
        try:
            handed = await smarthost.hand_over(letter)
        except SmarthostDown as down:
            await self._write_down(letter, Handed(Fate.LATER, str(down)))
            raise
        await self._write_down(letter, handed)

    async def _write_down(self, letter: letters.LetterRow, handed: Handed) -> None:
        now_ms = self._ports.now_ms()
        match handed.fate:
            case Fate.SENT:
                await self._store.run(letters.mark_sent, letter.id, now_ms, handed.remark)
                self._tell("letter.sent", letter)
            case Fate.REFUSED:
                await self._store.run(letters.mark_refused, letter.id, now_ms, handed.remark)
                self._tell("letter.refused", letter)
                self._ports.tell("alarm.letter", slug="letter-refused", payment=letter.payment_id)
            case Fate.LATER | Fate.UNCERTAIN:
                next_ms = now_ms + wait_s(letter.attempts + 1, now_ms - letter.created_ms) * 1000
                uncertain = handed.fate is Fate.UNCERTAIN
                await self._store.run(
                    letters.mark_later, letter.id, next_ms, uncertain=uncertain, reason=handed.remark
                )
            case _:
                assert_never(handed.fate)

    def _tell(self, verb: str, letter: letters.LetterRow) -> None:
        self._ports.tell(
            verb,
            payment=letter.payment_id,
            kind=letter.kind.value,
            version=letter.version,
            message_id=letter.message_id,
        )
