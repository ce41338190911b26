"""After each day's end every acquirer that can is asked whether it has of it what we have."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from acquirer_sdk.values import InDoubt, NotReady, Reconciled, Totals
from mail_gateway.domain import totals as rules
from mail_gateway.domain.day import end_of_day
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.totals import Compared, TotalsState
from mail_gateway.store import totals
from mail_gateway.store.totals import Day

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from acquirer_sdk.port import Acquirer
    from acquirer_sdk.values import NotSent, Unsupported
    from mail_gateway.work.kit import Kit

LOOK_S: Final = 60
ASK_MAX_S: Final = 120
GUARD_MS: Final = 10 * 60_000
"""A node that died while asking is followed by another one after so long."""

OPEN_AGAIN_MS: Final = 10 * 60_000
HOUR_MS: Final = 60 * 60_000


class DayTotals:
    """holds: whether this node may ask the acquirers now; of many nodes one asks, by a mark on disk."""

    def __init__(self, kit: Kit, holds: Callable[[], bool]) -> None:
        self._kit = kit
        self._holds = holds
        self._at = kit.settings.totals_at
        self._zone = ZoneInfo(kit.settings.time_zone)
        self._begun: dict[str, date] = {}

    async def run(self) -> None:
        """Look at the clock until cancelled; at once, then every LOOK_S."""
        while self._at and any(self._can(name) for name in self._kit.acquirers.names):
            try:
                await self.look()
            except GatewayError as error:
                self._kit.ports.tell("totals.failed", slug=error.slug)
            await asyncio.sleep(LOOK_S)
        await asyncio.Event().wait()  # nobody has to be asked; a part of the gateway must not end

    async def look(self) -> None:
        """Begin with the days that have ended, and ask what is due. Raises GatewayError(retry)."""
        if not self._holds():
            return
        for name in filter(self._can, self._kit.acquirers.names):
            await self._begin(name)
        for one in await self._kit.store.read(totals.due, self._kit.ports.now_ms()):
            if self._can(one.acquirer):
                await self._compare(one)

    def _can(self, name: str) -> bool:
        return self._kit.acquirers.named(name).capabilities.reconcile

    async def _begin(self, name: str) -> None:
        """A day ends at midnight, and is asked about from totals_at on."""
        kit, now_ms = self._kit, self._kit.ports.now_ms()
        morning, _ = end_of_day(now_ms, self._zone, self._at)
        if self._begun.get(name) == morning:
            return
        currency = kit.settings.currency
        newest = await kit.store.read(totals.newest, name, currency)
        for day in rules.days_to_ask(newest, morning - timedelta(days=1)):
            if newest or await self._has_business(self._day(name, day, currency)):
                await kit.store.run(totals.begin, name, day, currency, now_ms)
        self._begun[name] = morning

    async def _has_business(self, day: Day) -> bool:
        """The first day of all: before it there is nothing to ask about."""
        ours = await self._ours(day)
        return bool(ours.sales or ours.returns)

    def _day(self, name: str, day: str, currency: int) -> Day:
        names = (name, "") if name == self._kit.acquirers.default else (name,)
        return Day(day, currency, names, rules.span_s(day, self._zone))

    async def _ours(self, day: Day) -> Totals:
        """From the ledger, an hour at a time: nobody waits long behind it."""
        ours = Totals(day.day, day.currency, 0, 0, 0, 0)
        from_ms, until_ms = day.from_s * 1000 - HOUR_MS, self._kit.ports.now_ms() + 1
        while from_ms < until_ms:
            up_to_ms = min(from_ms + HOUR_MS, until_ms)
            part = await self._kit.store.read(totals.posted, day, from_ms, up_to_ms)
            ours, from_ms = rules.added(ours, part), up_to_ms
        return ours

    async def _compare(self, one: Compared) -> None:
        kit, now_ms = self._kit, self._kit.ports.now_ms()
        acquirer, day = kit.acquirers.named(one.acquirer), self._day(one.acquirer, one.day, one.currency)
        if isinstance(acquirer.ready(), NotReady):
            return
        is_young = now_ms < day.until_s * 1000 + rules.OPEN_WAIT_MS
        still_open = await kit.store.read(totals.open_payments, day)
        if is_young and still_open:
            await kit.store.run(totals.change, one, {"due_ms": now_ms + OPEN_AGAIN_MS})
            return
        ours, attempts = await self._ours(day), one.attempts + 1
        mark = {"due_ms": now_ms + GUARD_MS, "attempts": attempts, "ours": ours}
        if await kit.store.run(totals.change, one, mark):
            claimed = Compared(one.acquirer, one.day, one.currency, one.state, None, attempts, ours, None)
            await self._record(claimed, ours, await _ask(acquirer, ours))

    async def _record(
        self, one: Compared, ours: Totals, said: Reconciled | InDoubt | NotSent | Unsupported
    ) -> None:
        kit, state = self._kit, rules.judged(ours, said)
        due_ms = None
        if state is TotalsState.ASKING:
            due_ms = kit.ports.now_ms() + rules.pause_ms(one.attempts)
        theirs = said.theirs if isinstance(said, Reconciled) else None
        changes = {"state": state.value, "due_ms": due_ms, "theirs": theirs}
        await kit.store.run(totals.change, one, changes)
        kit.ports.tell("totals.compared", acquirer=one.acquirer, day=one.day, state=state.value)
        if state is TotalsState.DIFFERS:
            kit.ports.tell("alarm.totals-differ", acquirer=one.acquirer, day=one.day)


async def _ask(acquirer: Acquirer, ours: Totals) -> Reconciled | InDoubt | NotSent | Unsupported:
    try:
        async with asyncio.timeout(ASK_MAX_S):
            return await acquirer.reconcile(ours)
    except TimeoutError:
        return InDoubt("no-answer")
