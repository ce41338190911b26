"""The sender: takes the letters that are due, hands them over, writes down what became of them."""

from __future__ import annotations

import asyncio
from collections import deque
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Protocol

from mail_gateway.domain.errors import GatewayError
from mail_gateway.outbox.cap import Cap
from mail_gateway.outbox.schedule import wait_s
from mail_gateway.outbox.smarthost import Fate, Handed, Smarthost, SmarthostDown
from mail_gateway.store import handover
from mail_gateway.store.handover import Mark
from mail_gateway.store.record import Stale
from mail_gateway.waker import Waker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mail_gateway.ports import Ports
    from mail_gateway.settings import SmarthostSettings
    from mail_gateway.store.handover import Claimed
    from mail_gateway.store.letters import LetterRow

HELD_MAX: Final = 64
"""Letters in memory: few, so that an "in doubt" written meanwhile soon goes first."""

HELD_LOW: Final = 24
CONNECTIONS: Final = 4
"""Letters on their way at once; one that hangs holds up none but the one that was said behind it."""

IDLE_MAX_S: Final = 60
OTHERS_S: Final = 0.05
"""How soon it looks again when another node has just taken out the same letters."""

HELD_BACK: Final = "held back: too many letters to this address"
_STATES: Final = {
    Fate.SENT: "sent",
    Fate.REFUSED: "refused",
    Fate.UNCERTAIN: "uncertain",
    Fate.LATER: "due",
}


class Store(Protocol):
    """What the sender needs of the store."""

    async def run(self, unit: Callable[..., Any], /, *args: Any, **more: Any) -> Any: ...


class Signed(Protocol):
    """What makes of a letter the bytes that leave, with our signatures where there are keys."""

    async def look(self, now_ms: int) -> None: ...

    def content(self, letter: LetterRow) -> bytes: ...


class Sender:
    """Sends for as long as it runs. There may be any number of letters; there are a few connections.

    mine: which of many nodes this is; None: the only one. signed: None: letters leave as they were written.
    """

    def __init__(
        self,
        settings: SmarthostSettings,
        store: Store,
        ports: Ports,
        mine: Callable[[], int | None] = lambda: None,
        signed: Signed | None = None,
    ) -> None:
        own_name = settings.sender_domain or "localhost"
        content = attrgetter("raw") if signed is None else signed.content
        self._free = [
            Smarthost(settings, own_name, self._next, content, ports.ask) for _ in range(CONNECTIONS)
        ]
        self._signed = signed
        self._store = store
        self._ports = ports
        self._mine = mine
        self._cap = Cap(settings.letters_per_hour_max)
        self._woken = Waker()
        self._held: deque[LetterRow] = deque()
        self._handed: list[tuple[LetterRow, Handed]] = []
        self._working: set[asyncio.Task[None]] = set()
        self._settling: asyncio.Task[None] | None = None
        self._down: SmarthostDown | None = None
        self._broken: BaseException | None = None
        self._failures = 0

    def wake(self) -> None:
        """Something may be due."""
        self._woken.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; then the letters in hand are finished and the connections closed."""
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: self.wake())
        try:
            while not stop.is_set():
                self._woken.clear()
                await self._woken.sleep(await self._round())
        finally:
            stopping.cancel()
            await self._finish()

    async def _round(self) -> float:
        """Take out what is due; seconds until there is reason to look again, unless woken."""
        if self._broken is not None:
            raise self._broken
        try:
            if self._down is not None:
                return await self._given_up(self._down)
            if len(self._held) > HELD_LOW:
                return IDLE_MAX_S
            return await self._claim()
        except Stale:
            return OTHERS_S
        except GatewayError as error:
            return self._failed(error.slug, error.detail)

    async def _claim(self) -> float:
        if self._signed is not None:
            await self._signed.look(self._ports.now_ms())
        room = HELD_MAX - len(self._held)
        claimed: Claimed = await self._store.run(handover.claim, self._ports.now_ms(), room, self._mine())
        self._held.extend(claimed.rows)
        for _ in range(min(len(self._held), len(self._free))):
            self._start(self._free.pop())
        if claimed.next_ms is None:
            return IDLE_MAX_S
        return min(max(claimed.next_ms - self._ports.now_ms(), 0) / 1000, IDLE_MAX_S)

    def _start(self, smarthost: Smarthost) -> None:
        task = asyncio.create_task(self._work(smarthost))
        self._working.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._broken = task.exception()
            self.wake()

    async def _work(self, smarthost: Smarthost) -> None:
        """One connection takes the next letter, until none is left."""
        try:
            while (letter := smarthost.take_behind() or self._next()) is not None:
                await self._one(letter, smarthost)
        except SmarthostDown as down:
            self._down = down
        finally:
            if (behind := smarthost.take_behind()) is not None:
                self._held.appendleft(behind)
            self._free.append(smarthost)
            if not self._held or self._down is not None:
                self.wake()

    def _next(self) -> LetterRow | None:
        """Take out the next letter that may go now."""
        while self._held and self._down is None:
            letter = self._held.popleft()
            if len(self._held) == HELD_LOW:
                self.wake()
            if not self._held_back(letter):
                return letter
        return None

    def _held_back(self, letter: LetterRow) -> bool:
        """Whether its address has had its letters for this hour: then it waits its turn, and is not lost."""
        now_ms = self._ports.now_ms()
        free_ms = self._cap.free_ms(letter.recipient, now_ms)
        if free_ms <= now_ms:
            self._cap.count(letter.recipient, now_ms)
            return False
        self._write_down(letter, Handed(Fate.LATER, HELD_BACK, free_ms))
        if self._cap.is_news(letter.recipient, now_ms):
            self._ports.tell("alarm.letter", slug="letter-held-back", **_whose(letter))
        return True

    async def _one(self, letter: LetterRow, smarthost: Smarthost) -> None:
        try:
            await smarthost.connect()  # before it is an attempt
        except SmarthostDown:
            self._held.appendleft(letter)
            raise
        try:
            handed = await smarthost.hand_over(letter)
        except SmarthostDown as down:
            self._write_down(letter, Handed(Fate.LATER, str(down)))
            raise
        self._failures = 0
        self._write_down(letter, handed)

    async def _given_up(self, down: SmarthostDown) -> float:
        """No connection can be had: what is held goes back, and no letter has been tried by that."""
        while self._working:
            await asyncio.wait(self._working)
        await self._release()
        self._down = None
        self._woken.clear()  # by our own, who gave up: the pause is meant
        return self._failed(down.slug, str(down))

    def _failed(self, slug: str, detail: str) -> float:
        """Quiet retry: said once, when it begins."""
        self._failures += 1
        if self._failures == 1:
            self._ports.tell("alarm.outbox", slug=slug, error=detail)
        return min(wait_s(self._failures, 0), IDLE_MAX_S)

    async def _release(self) -> None:
        if self._held:
            ids = [letter.id for letter in self._held]
            await self._store.run(handover.release, ids, self._ports.now_ms())
            self._held.clear()

    def _write_down(self, letter: LetterRow, handed: Handed) -> None:
        """What became of it goes to the disk with what became of others meanwhile."""
        self._handed.append((letter, handed))
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._settle())

    async def _settle(self) -> None:
        while self._handed:
            handed, self._handed = self._handed, []
            now_ms = self._ports.now_ms()
            try:
                await self._store.run(handover.settle, [_mark(*one, now_ms) for one in handed], now_ms)
            except GatewayError as error:
                self._handed = handed + self._handed
                await asyncio.sleep(self._failed(error.slug, error.detail))
            else:
                self._tell_all(handed)

    def _tell_all(self, handed: Sequence[tuple[LetterRow, Handed]]) -> None:
        for letter, one in handed:
            if one.fate is Fate.SENT:
                self._tell("letter.sent", letter)
            elif one.fate is Fate.REFUSED:
                self._tell("letter.refused", letter)
                self._ports.tell("alarm.letter", slug="letter-refused", **_whose(letter))
                self.wake()  # it may go to a second address

    def _tell(self, verb: str, letter: LetterRow) -> None:
        self._ports.tell(
            verb,
            **_whose(letter),
            kind=letter.kind.value,
            version=letter.version,
            message_id=letter.message_id,
        )

    async def _finish(self) -> None:
        """What is in hand is finished; what only waited is due at once in the next life."""
        waiting = list(self._held)
        self._held.clear()
        while self._working:
            await asyncio.wait(self._working)
        self._held.extend(waiting)
        for smarthost in self._free:
            await smarthost.close()
        try:
            await self._release()
            if self._settling is not None:
                await asyncio.wait([self._settling], timeout=IDLE_MAX_S)
        except GatewayError as error:
            self._failed(error.slug, error.detail)


def _whose(letter: LetterRow) -> dict[str, int | None]:
    return {"payment": letter.payment_id} if letter.order_id is None else {"order": letter.order_id}


def _mark(letter: LetterRow, handed: Handed, now_ms: int) -> Mark:
    next_ms = handed.until_ms or now_ms + wait_s(letter.attempts + 1, now_ms - letter.created_ms) * 1000
    return Mark(letter.id, _STATES[handed.fate], handed.remark, next_ms)
