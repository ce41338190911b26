"""The lookout knows what stands in the way of a dispatch, and asks the disk again when that is too old."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.standing import Standing
from mail_gateway.store import holds

if TYPE_CHECKING:
    from mail_gateway.store.engine import Store

LOOK_S: Final = 0.5
"""A hold counts so soon: a stolen reader is the case. Under load it is one question in that time."""


class Lookout:
    """Of one gateway."""

    def __init__(self) -> None:
        self._known = Standing()
        self._read_s: float | None = None

    async def standing(self, store: Store) -> Standing:
        """What stands in the way, at most LOOK_S old. Raises GatewayError(retry): nothing is dispatched."""
        now_s = asyncio.get_running_loop().time()
        if self._read_s is None or now_s - self._read_s > LOOK_S:
            self._known = await store.read(holds.standing)
            self._read_s = now_s
        return self._known
