"""At the end of each merchant's day: one letter, if something is open, or was sold and the merchant asks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from mail_gateway.domain.day import LATE_MS, begin_of, end_of_day
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.takings import Closing
from mail_gateway.store import digest, notices

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from mail_gateway.domain.day import Day
    from mail_gateway.domain.notice import Notice
    from mail_gateway.work.kit import Kit

LOOK_S: Final = 600
"""How often the clock is looked at: a digest may be so late."""


class Digest:
    """in_words: a day, its date and the time zone -> the notice of it."""

    def __init__(self, kit: Kit, in_words: Callable[[Day | Closing, date, ZoneInfo], Notice]) -> None:
        self._store = kit.store
        self._in_words = in_words
        self._notices = kit.notices
        self._ports = kit.ports
        self._at = kit.settings.digest_at
        self._zone = ZoneInfo(kit.settings.time_zone)
        self._queued = kit.letter_queued
        self._done: date | None = None

    async def run(self) -> None:
        """Look at the clock until cancelled; at once, then every LOOK_S."""
        while self._at:
            await self.look()
            await asyncio.sleep(LOOK_S)
        await asyncio.Event().wait()  # no digest is wanted; a part of the gateway must not end

    async def look(self) -> None:
        """If a day has ended, write its letters; what is open is left out where that is long ago."""
        now_ms = self._ports.now_ms()
        when, ended_ms = end_of_day(now_ms, self._zone, self._at)
        if when == self._done:
            return
        begun_ms, is_late = begin_of(when, self._zone, self._at), now_ms - ended_ms > LATE_MS
        try:
            for day in await self._store.read(digest.of_all, now_ms, begun_ms, ended_ms):
                if isinstance(day, Closing) or not is_late:
                    await self._put(day, when, now_ms)
        except GatewayError as error:
            self._ports.tell("digest.failed", slug=error.slug)
            return
        self._done = when
        self._queued()

    async def _put(self, day: Day | Closing, when: date, now_ms: int) -> None:
        notice = self._in_words(day, when, self._zone)
        composed = self._notices.compose(notice, now_ms)
        await self._store.run(notices.put, notice.merchant.id, notice.kind, composed, now_ms)
