"""The teller: takes out the hooks that are due, has them posted, writes down what became of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.hook import SIGNATURE, is_webhook, signature
from mail_gateway.outbox.schedule import wait_s
from mail_gateway.store import hooks
from mail_gateway.store.hooks import Mark
from mail_gateway.store.sheet import Stale
from mail_gateway.waker import Waker

if TYPE_CHECKING:
    from collections.abc import Callable

    from mail_gateway.ports import Ports
    from mail_gateway.settings import OrderSettings
    from mail_gateway.store.hooks import Claimed, HookRow

IN_HAND_MAX: Final = 32
OF_ONE_MERCHANT_MAX: Final = 8
"""A server that does not answer holds up its own shop's hooks, and nobody else's."""

CLAIM_MAX: Final = 4
IDLE_MAX_S: Final = 60
OTHERS_S: Final = 0.05
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Post:
    """One request: where to, what, and the headers, one of which proves whose it is."""

    url: str
    body: bytes
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """taken: the server said 2xx. remark: its status, or the kind of error; no word of its own."""

    taken: bool
    remark: str


class Store(Protocol):
    """What the teller needs of the store."""

    async def run(self, unit: Callable[..., Any], /, *args: Any, **more: Any) -> Any: ...


class Caller(Protocol):
    """Posts one body."""

    async def post(self, post: Post) -> Told: ...
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """open_secret: a merchant's number and the wrapped secret -> the secret; raises GatewayError. mine: which
    of many nodes this is; None: the only one. caller: made when the first hook is due."""

    store: Store
    caller: Callable[[], Caller]
    open_secret: Callable[[int, bytes], bytes]
    ports: Ports
    mine: Callable[[], int | None] = lambda: None


class Teller:
    """Tells shops' servers for as long as it runs: in order within an order, several orders at once."""

    def __init__(self, settings: OrderSettings, tools: Tools) -> None:
        self._life_ms = settings.hooks_days * _DAY_MS
        self._tools = tools
        self._caller: Caller | None = None
        self._woken = Waker()
        self._in_hand: Counter[int] = Counter()
        self._working: set[asyncio.Task[None]] = set()
        self._failures = 0

    def wake(self) -> None:
        """Something may be due."""
        self._woken.wake()

    async def run(self) -> None:
        """Tell until cancelled; a try under way then is made again in the next life."""
        try:
            while True:
                self._woken.clear()
                await self._woken.sleep(await self.look())
        finally:
            await self.close()

    async def look(self) -> float:
        """Begin to tell what is due; -> seconds until there is reason to look again, unless woken."""
        try:
            while self._in_hand.total() < IN_HAND_MAX:
                claimed = await self._claim()
                for row in claimed.rows:
                    self._begin(row)
                if len(claimed.rows) < CLAIM_MAX:
                    return self._until_s(claimed.next_ms)
        except Stale:
            return OTHERS_S
        except GatewayError as error:
            return self._stumbled(error)
        return IDLE_MAX_S

    async def close(self) -> None:
        """End what is under way: it is told again after the guard."""
        for task in self._working:
            task.cancel()
        if self._caller is not None:
            await self._caller.close()

    async def drain(self) -> None:
        """Wait for all that is in hand."""
        while self._working:
            await asyncio.wait(self._working)

    async def _claim(self) -> Claimed:
        full = [merchant for merchant, count in self._in_hand.items() if count >= OF_ONE_MERCHANT_MAX]
        now_ms = self._tools.ports.now_ms()
        claimed: Claimed = await self._tools.store.run(
            hooks.claim, now_ms, CLAIM_MAX, self._tools.mine(), full
        )
        self._failures = 0
        return claimed

    def _until_s(self, next_ms: int | None) -> float:
        if next_ms is None:
            return IDLE_MAX_S
        return min(max(next_ms - self._tools.ports.now_ms(), 0) / 1000, IDLE_MAX_S)

    def _begin(self, row: HookRow) -> None:
        self._in_hand[row.merchant] += 1
        task = asyncio.create_task(self._tell(row))
        self._working.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._working.discard(task)
            self._in_hand[row.merchant] -= 1
            self.wake()  # there is room, and the next of its order may be due

        task.add_done_callback(ended)

    async def _tell(self, row: HookRow) -> None:
        mark = await self._try(row)
        try:
            await self._tools.store.run(hooks.settle, row, mark)
        except GatewayError as error:
            self._stumbled(error)  # after the guard it is told again; the shop knows it by its id
            return
        facts: dict[str, str | int | None] = {
            "merchant": row.merchant,
            "order": row.order,
            "event": row.event,
            "said": mark.remark,
        }
        if mark.done_ms is not None:
            self._tools.ports.tell("hook.sent", **facts)
        elif mark.due_ms is None:
            self._tools.ports.tell("alarm.hook", slug="hook-given-up", **facts)
        elif row.attempts == 1:
            self._tools.ports.tell("hook.failed", **facts)

    async def _try(self, row: HookRow) -> Mark:
        now_ms = self._tools.ports.now_ms()
        if not row.url or row.secret is None:
            return Mark(None, now_ms, "no webhook any more")
        told = await self._post(row, row.secret, now_ms // 1000)
        now_ms = self._tools.ports.now_ms()
        if told.taken:
            return Mark(None, now_ms, told.remark)
        due_ms = now_ms + wait_s(row.attempts, now_ms - row.since_ms) * 1000
        is_over = due_ms > row.since_ms + self._life_ms
        return Mark(None if is_over else due_ms, None, told.remark)

    async def _post(self, row: HookRow, wrapped: bytes, at_s: int) -> Told:
        if not is_webhook(row.url):
            return Told(taken=False, remark="address not allowed")
        try:
            secret = self._tools.open_secret(row.merchant, wrapped)
        except GatewayError as error:
            return Told(taken=False, remark=error.slug)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Hagaki",
            SIGNATURE: signature(secret, at_s, row.body),
        }
        self._caller = self._caller or self._tools.caller()
        return await self._caller.post(Post(row.url, row.body, headers))

    def _stumbled(self, error: GatewayError) -> float:
        """Quiet retry: said once, when it begins."""
        self._failures += 1
        if self._failures == 1:
            self._tools.ports.tell("alarm.hook", slug=error.slug, error=error.detail)
        return wait_s(self._failures, 0)
