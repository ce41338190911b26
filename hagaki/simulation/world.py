"""One world from one seed: everything is built, runs through its storm, then has to come to rest."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from acquirer_sdk.port import Ports as HostPorts
from cafis_adapter.host.app import Host, HostSettings
from hagaki.simulation import records, sales
from hagaki.simulation.carrier import OFTEN, Carrier, Luck
from hagaki.simulation.counter import PHONE_PORT, Counter, Shop, ksn_of
from hagaki.simulation.disk import Disk
from hagaki.simulation.fair import Fair
from hagaki.simulation.faults import AT_MAILBOX, AT_SHOPS, DIGITS, KINDS, NEVER_ENDS, Fault
from hagaki.simulation.gateway import HOST_PORT, SMARTHOST_PORT, Gateway, Outside
from hagaki.simulation.history import History
from hagaki.simulation.loop import START_MS, Process, VirtualLoop
from hagaki.simulation.network import Network
from hagaki.simulation.provider import COMMON, Provider
from hagaki.simulation.shop_server import ShopServers
from hagaki.simulation.smtp import Door
from hagaki.simulation.storm import Storm
from hagaki.simulation.town import SALES_BOX, merchant_mail, town
from hagaki.simulation.ways_in import WayIn, kind, way_in
from hagaki.simulation.weather import SeededWeather
from mail_gateway.domain.errors import GatewayError

LOOK_S: Final = 30
SETTLE_S: Final = 6 * 3600
"""Virtual time within which everything has to be settled once the faults have stopped."""
LINGERS_S: Final = 3600
"""So long a customer who wants something back stays in the shop."""
PATIENCE_S: Final = (300, 900)
"""A merchant without an answer sends again after so long, from-to."""


@dataclass
class World:
    """folder: for the databases, empty. orders: how many shops place beside the readers' payments. Everything
    random comes from the seed."""

    seed: int
    payments: int
    faults: frozenset[Fault]
    folder: Path
    orders: int = 0
    strikes: dict[Fault, int] = field(default_factory=dict)
    settled_s: float | None = None
    stormy_s: float = 0.0
    logged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        text = str(self.seed)
        self.town = town(sales.readers_for(self.payments))
        self.weather = SeededWeather(text, self.faults, self.strikes)
        self.network = Network(self.weather)
        self.loop = VirtualLoop(text, self.network)
        self.history = History(self.loop.time)
        self.luck = Luck(text, self.faults, self.strikes)
        self.way_in = way_in(self.seed)
        luck = Luck(f"{text}/mailbox", self.faults, self.strikes, (AT_MAILBOX, COMMON))
        self.provider = Provider(kind(self.seed), luck, self.history)
        self.carrier = Carrier(self.luck, self.history, self.provider, self._chooser())
        self.disk = Disk()
        self.sales = sales.plan(self.seed, self.payments, self.faults)
        self.returns = sales.give_backs(self.seed, self.sales, self.faults)
        self.cancels = sales.cancels(self.seed, self.sales, self.returns)
        around = (self.loop, self.town, self.folder, self.history, self.disk, text)
        provider = self.provider if self.way_in.fetches else None
        luck = Luck(f"{text}/shops", self.faults, self.strikes, (AT_SHOPS, OFTEN))
        self.servers = ShopServers(self.town.market.stores, luck, self.history)
        own = (bool(self.orders), self.way_in.listens, provider, self.servers)
        self.gateway = Gateway(Outside(*around, *own))
        self.gateway.died = self.audit
        self.counters: list[Counter] = []
        self.missed: set[bytes] = set()
        self.missed_mails: set[str] = set()
        self.fair = Fair(self)
        self._settling = records.Settling(NEVER_ENDS)

    async def run(self) -> None:
        """Storm, calm, rest. Then `settled_s` says how long the rest took, None: it did not come."""
        await self._build()
        storm = Storm(self, random.Random(f"{self.seed}/storm"))
        selling = [self._do(self._sell(sale)) for sale in self.sales]
        selling += [self._do(self._give_back(back)) for back in self.returns]
        losing = Fault.MAIL_BOUNCED in self.faults  # else nothing gets lost, and nobody has to help
        nagging = [self._do(self._nag(counter)) for counter in self.counters if losing]
        self.fair.begin()
        await storm.pass_by()
        self._calm()
        if selling:
            await asyncio.wait(selling)
        await self._settle()
        for task in nagging:
            task.cancel()
        self.fair.end()

    def close(self) -> None:
        """The world ends: nothing in it has an effect any more."""
        self._settling.close()
        self.gateway.kill()
        self.loop.end()

    def _chooser(self) -> Callable[[], bool]:
        """Whether the next mail goes to the mailbox."""
        dice = random.Random(f"{self.seed}/ways")
        return {
            WayIn.SMTP: lambda: False,
            WayIn.MAILBOX: lambda: True,
            WayIn.BOTH: lambda: dice.random() < 0.5,
        }[self.way_in]

    def last_s(self) -> float:
        """When the last sale begins or the last order is placed, virtual seconds."""
        return max((one.at_s for one in self.sales or self.fair.buys), default=0.0)

    def count_strikes(self) -> None:
        """Add what is known only at the end: what the host did by amount and kind, and noise on the line."""
        asked = [*self.host.journal.asked("0100"), *self.host.journal.asked("0200")]
        for fault in self.faults & {*DIGITS, *KINDS}:
            digits = DIGITS.get(fault)
            self.strikes[fault] = sum(digits is None or one.amount_minor % 1000 in digits for one in asked)
        if Fault.LINE_NOISE in self.faults:
            self.strikes[Fault.LINE_NOISE] = sum(counter.line.damaged for counter in self.counters)

    def audit(self) -> None:
        """What was answered 250 is on the disk now, not only in the end: what is not goes to `missed`."""
        with suppress(GatewayError):
            self.missed |= self.accepted() - records.ksns(self.gateway.url)
            if self.orders:
                self.missed_mails |= self.fair.accepted() - records.mails(self.gateway.url)

    def accepted(self) -> set[bytes]:
        """KSNs of the sales that the gateway answered 250."""
        sales = (mail for mail in self.carrier.acked if mail.sender and mail.recipient == SALES_BOX)
        return {ksn_of(mail.raw.decode("ascii")) for mail in sales}

    async def _build(self) -> None:
        ports = HostPorts(self._now_ms, random.Random(f"{self.seed}/host").randbytes, self._host_tells)
        kind = next((fault.value for fault in KINDS if fault in self.faults), "normal")
        self.host = Host(HostSettings(port=HOST_PORT, kind=kind, rules=self.fair.host_rules()), ports)
        await self.loop.spawn(Process("host"), self.host.start())
        for port in (PHONE_PORT, SMARTHOST_PORT):
            await self.loop.spawn(Process("carrier"), self.loop.create_server(self._door, "", port))
        self.gateway.start()
        for number, flash in enumerate(self.town.flashes):
            box = self.carrier.box(merchant_mail(number))
            shop = Shop(number, self.loop, flash.copy(), box, self.history, str(self.seed), self.faults)
            self.counters.append(Counter(shop))
            self.counters[-1].start_phone()

    def _door(self) -> Door:
        return Door(self.carrier)

    def _do(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(work)

    async def _sell(self, sale: sales.Sale) -> None:
        await asyncio.sleep(max(sale.at_s - self.loop.time(), 0))
        counter = self.counters[sale.reader]
        await counter.sell(sale)
        for one in self.cancels:
            if one.of is sale:
                await asyncio.sleep(one.at_s - sale.at_s)
                await counter.cancel(one)

    async def _give_back(self, back: sales.Sale) -> None:
        """A customer comes back, and waits a while for a yes to the sale; without one nothing is done."""
        assert back.of is not None
        counter = self.counters[back.reader]
        await asyncio.sleep(max(back.at_s - self.loop.time(), 0))
        until_s = self.loop.time() + LINGERS_S
        while self.loop.time() < until_s:
            if counter.has_approved(back.of.ksn):
                await counter.give_back(back)
                return
            await asyncio.sleep(LOOK_S)

    async def _nag(self, counter: Counter) -> None:
        """A merchant who waits in vain sends once more."""
        dice = random.Random(f"{self.seed}/nag/{self.counters.index(counter)}")
        while True:
            await asyncio.sleep(dice.randint(*PATIENCE_S))
            if counter.process is not None:
                counter.ask_again()

    def _calm(self) -> None:
        """Every fault stops. What the storm has done stays done."""
        self.stormy_s = self.loop.time()
        self.history.note("world", "calm")
        self.weather.calm()
        self.luck.is_calm = True
        self.provider.calm()
        self.servers.calm()
        self.disk.make_room(self.gateway.process)
        self.disk.mend()
        self.audit()
        self.gateway.clock.jumped_ms = 0
        if self.gateway.place is not None:
            self.gateway.place.left = None
        for counter in self.counters:
            counter.line.noisy = False
            counter.start_phone()
        if self.gateway.is_stopping():
            self.gateway.kill()
        self.gateway.start()

    async def _settle(self) -> None:
        while self.loop.time() < self.stormy_s + SETTLE_S + self.fair.takes_s:
            await asyncio.sleep(LOOK_S)
            if self._is_settled():
                self.settled_s = self.loop.time() - self.stormy_s
                return

    def _is_settled(self) -> bool:
        if not self.fair.is_over() or (self.way_in.fetches and not self.provider.is_read_out()):
            return False
        for counter in self.counters:
            shown = counter.shown()
            for sale in counter.sealed:
                seen = shown.get(sale.ksn)
                is_final = seen is not None and not seen.is_open
                if not is_final and sale.digits not in NEVER_ENDS and counter.has_posted(sale.ksn):
                    return False
        try:
            return self._settling.is_settled(self.gateway.url) and self.fair.is_paid()
        except GatewayError:
            return False

    def _now_ms(self) -> int:
        return START_MS + int(self.loop.time() * 1000)

    def _host_tells(self, verb: str, /, **facts: Any) -> None:
        self.history.note("host", verb, **facts)
