"""Shops' servers, to which hooks are posted: what one took stays taken, and they have bad days."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hagaki.simulation.faults import Fault
from hagaki.simulation.loop import PROCESS, START_MS
from mail_gateway.outbox.hooking import Told

if TYPE_CHECKING:
    from hagaki.simulation.carrier import Luck
    from hagaki.simulation.history import History
    from hagaki.simulation.market import Store
    from mail_gateway.outbox.hooking import Post

TIMEOUT_S: Final = 10
SOON_S: Final = 0.3
GOOD: Final = 200
BAD: Final = (302, 404, 429, 500, 503)


@dataclass(frozen=True, slots=True)
class Heard:
    """One post that a server answered 200. old_s: how long ago it was signed, by the world's clock."""

    ident: str
    members: dict[str, Any]
    is_genuine: bool
    old_s: int


class ShopServers:
    """All of them. heard: in the order in which they came. is_away: nobody answers now."""

    def __init__(self, stores: tuple[Store, ...], luck: Luck, history: History) -> None:
        self.heard: list[Heard] = []
        self.is_away = False
        self.luck = luck
        self._history = history
        self._stores = {store.hooks_url: store for store in stores}

    def take(self, post: Post, status: int) -> int:
        """The server's answer; what it does not like it forgets."""
        store = self._stores.get(post.url)
        if store is None or status != GOOD:
            return 404 if store is None else status
        facts = dict(part.split("=", 1) for part in post.headers["Hagaki-Signature"].split(","))
        wanted = hmac.new(store.hook_secret, facts["t"].encode() + b"." + post.body, hashlib.sha256)
        members = json.loads(post.body)
        now_s = START_MS // 1000 + int(asyncio.get_running_loop().time())
        is_genuine = hmac.compare_digest(wanted.hexdigest(), facts["v1"])
        self.heard.append(Heard(members["id"], members, is_genuine, now_s - int(facts["t"])))
        self._history.note("shop-server", "hook.taken", id=members["id"])
        return status

    def calm(self) -> None:
        """No more faults."""
        self.luck.is_calm = True
        self.is_away = False


class ServerCaller:
    """What mail_gateway/outbox/hooking.py:Caller asks for, of one life."""

    def __init__(self, servers: ShopServers, dice: random.Random) -> None:
        self._servers = servers
        self._dice = dice

    async def post(self, post: Post) -> Told:
        await asyncio.sleep(self._dice.random() * SOON_S)
        servers = self._servers
        is_lost = servers.luck.strikes(Fault.HOOK_LOST)
        if servers.is_away or not PROCESS.get().alive:
            return Told(taken=False, remark="ClientConnectorError")
        if is_lost and self._dice.random() < 0.5:
            return await self._silence()
        bad = servers.luck.strikes(Fault.HOOK_REFUSED)
        status = servers.take(post, self._dice.choice(BAD) if bad else GOOD)
        if is_lost:
            return await self._silence()
        await asyncio.sleep(self._dice.random() * SOON_S)
        return Told(taken=status == GOOD, remark=f"HTTP {status}")

    async def close(self) -> None:
        """Nothing is held open."""

    async def _silence(self) -> Told:
        await asyncio.sleep(TIMEOUT_S)
        return Told(taken=False, remark="timeout")
