"""The faults that strike by time: programs die, servers are away, the disk fills up, the clock jumps."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from hagaki.simulation.faults import Fault
from hagaki.simulation.gateway import HOST_PORT, SMARTHOST_PORT
from mail_gateway.intake.mailbox import Trouble

if TYPE_CHECKING:
    from hagaki.simulation.world import World

AFTER_LAST_SALE_S: Final = (30, 400)
LONG_S: Final = 1800
LONG_CHANCE: Final = 0.1
DOWN_S: Final = (60, 600, 3600, 3600, 14_400)
MAILBOX_DOWN_S: Final = (30, 120, 600, 3600, 14_400)
LONG_DOWN_S: Final = 2 * 86_400
LONG_DOWN_CHANCE: Final = 0.01
JUMPS_MS: Final = (-7_200_000, -60_000, -1_500, 2_000, 90_000, 1_200_000, 7_200_000)
COMMITS_TO_DEATH: Final = (3, 12, 40)


class Storm:
    """Works on one world until it has passed by. dice: the seed's."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self._world = world
        self._dice = dice
        longer_s = LONG_S if dice.random() < LONG_CHANCE else 0
        self._end_s = world.last_s() + dice.randint(*AFTER_LAST_SALE_S) + longer_s

    async def pass_by(self) -> None:
        """Until the storm is over; what is down then is the world's to put up again."""
        working = [
            asyncio.get_running_loop().create_task(work(self))
            for fault, work in _WORKS.items()
            if fault in self._world.faults and (self._world.counters or fault is not Fault.PHONE_CRASH)
        ]
        await asyncio.sleep(self._end_s)
        for task in working:
            task.cancel()
        if working:
            await asyncio.wait(working)
        if Fault.SMARTHOST_DOWN in self._world.faults and self._dice.random() < LONG_DOWN_CHANCE:
            self._world.weather.closed.add(SMARTHOST_PORT)
            self._world.gateway.start()
            await asyncio.sleep(self._dice.randrange(LONG_DOWN_S))

    async def _crash(self) -> None:
        """The gateway dies at a commit, before it or just after, or between two of them; and comes again."""
        gateway = self._world.gateway
        while True:
            await self._pause(5, 300)
            if gateway.place is not None:
                gateway.place.after = self._dice.random() < 0.5
                gateway.place.left = self._dice.randrange(self._dice.choice(COMMITS_TO_DEATH))
            await self._pause(1, 120)
            gateway.kill()
            self._strike(Fault.CRASH)
            await self._pause(0, self._dice.choice((2, 20, 120)))
            gateway.start()

    async def _phone_crash(self) -> None:
        while True:
            await self._pause(20, 400)
            counter = self._dice.choice(self._world.counters)
            self._strike(Fault.PHONE_CRASH)
            if self._dice.random() < 0.3:
                counter.power_on()
                continue
            counter.stop_phone()
            await self._pause(0, 60)
            counter.start_phone()

    async def _restart(self) -> None:
        """The gateway is asked to stop, ends in good order, and is started again."""
        while True:
            await self._pause(30, 500)
            self._strike(Fault.RESTART)
            await self._world.gateway.stop()
            await self._pause(0, 30)
            self._world.gateway.start()

    async def _smarthost_down(self) -> None:
        await self._away(Fault.SMARTHOST_DOWN, SMARTHOST_PORT)

    async def _host_down(self) -> None:
        await self._away(Fault.HOST_DOWN, HOST_PORT)

    async def _away(self, fault: Fault, port: int) -> None:
        """Nobody answers at that port, and the connections there are lost."""
        closed = self._world.weather.closed
        while True:
            await self._pause(0, 300)
            self._strike(fault)
            closed.add(port)
            self._world.network.cut_all(port)
            await self._pause(10, self._dice.choice(DOWN_S))
            closed.discard(port)

    async def _mailbox_down(self) -> None:
        """Its server is not there, or lets nobody in, or has lost the folder for now."""
        provider = self._world.provider
        while True:
            await self._pause(0, 300)
            self._strike(Fault.MAILBOX_DOWN)
            provider.away = self._dice.choice((Trouble.DOWN, Trouble.LOGIN, Trouble.FOLDER))
            provider.drop()
            await self._pause(10, self._dice.choice(MAILBOX_DOWN_S))
            provider.away = None

    async def _shop_down(self) -> None:
        """No shop's server answers."""
        servers = self._world.servers
        while True:
            await self._pause(0, 300)
            self._strike(Fault.SHOP_DOWN)
            servers.is_away = True
            await self._pause(10, self._dice.choice(DOWN_S))
            servers.is_away = False

    async def _mailbox_anew(self) -> None:
        while True:
            await self._pause(10, 300)
            self._strike(Fault.MAILBOX_ANEW)
            self._world.provider.number_anew()

    async def _disk_full(self) -> None:
        world = self._world
        while True:
            await self._pause(10, 300)
            self._strike(Fault.DISK_FULL)
            world.disk.fill(world.gateway.process)
            await self._pause(5, 200)
            world.disk.make_room(world.gateway.process)
            world.audit()

    async def _disk_failing(self) -> None:
        world = self._world
        while True:
            await self._pause(10, 300)
            self._strike(Fault.DISK_FAILING)
            world.disk.fail(world.gateway.database, self._dice.choice((0, 100, 5_000, 30_000)))
            await self._pause(5, 200)
            world.disk.mend()
            world.audit()

    async def _clock_jump(self) -> None:
        while True:
            await self._pause(20, 300)
            self._strike(Fault.CLOCK_JUMP)
            self._world.gateway.clock.jumped_ms = self._dice.choice(JUMPS_MS)

    async def _pause(self, least_s: int, most_s: int) -> None:
        await asyncio.sleep(self._dice.uniform(least_s, most_s))

    def _strike(self, fault: Fault) -> None:
        self._world.strikes[fault] = self._world.strikes.get(fault, 0) + 1
        self._world.history.note("storm", "strikes", fault=fault.value)


_WORKS: Final[dict[Fault, Callable[[Storm], Coroutine[Any, Any, None]]]] = {
    Fault.CRASH: Storm._crash,
    Fault.RESTART: Storm._restart,
    Fault.PHONE_CRASH: Storm._phone_crash,
    Fault.HOST_DOWN: Storm._host_down,
    Fault.SMARTHOST_DOWN: Storm._smarthost_down,
    Fault.DISK_FULL: Storm._disk_full,
    Fault.DISK_FAILING: Storm._disk_failing,
    Fault.CLOCK_JUMP: Storm._clock_jump,
    Fault.MAILBOX_DOWN: Storm._mailbox_down,
    Fault.MAILBOX_ANEW: Storm._mailbox_anew,
    Fault.SHOP_DOWN: Storm._shop_down,
}
