"""The shops and customers of one world at work: orders placed by mail and over HTTP, and answered by mail."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Final

from hagaki.simulation import backs, buys
from hagaki.simulation.bank import Office
from hagaki.simulation.buyer import Buyer
from hagaki.simulation.people import message_id_of
from hagaki.simulation.returning import Returner
from hagaki.simulation.shop import Outfit, Shop
from hagaki.simulation.town import SALES_BOX

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from hagaki.simulation.world import World

DAY_S: Final = 86_400
"""A daily shop's order may be captured so much later."""


class Fair:
    """Nobody is here in a world without orders. shops, buyers, returners: one of each for every order."""

    def __init__(self, world: World) -> None:
        self._world = world
        used = [one.amount_minor // 1000 for one in (*world.sales, *world.returns)]
        lasts_s = 60 * max(world.payments, world.orders)
        self.buys = buys.plan(world.seed, world.orders, lasts_s, world.faults, used)
        totals = [buy.total_minor // 1000 for buy in self.buys]
        self.backs = backs.plan(world.seed, self.buys, world.faults, (*used, *totals))
        self.shops = [Shop(buy, self._outfit(buy)) for buy in self.buys]
        people = world.town.market.people
        self.buyers = [
            Buyer(buy, people[buy.person], world.carrier, self._dice("buyer", buy)) for buy in self.buys
        ]
        self.returners = [Returner(shop, self._dice("returner", shop.buy)) for shop in self.shops]
        self.office = Office(world.gateway, world.history, random.Random(f"{world.seed}/office"))
        self._placing: list[asyncio.Task[None]] = []
        self._others: list[asyncio.Task[None]] = []

    @property
    def takes_s(self) -> int:
        """How much longer than sales it may take until all is settled, virtual seconds."""
        return DAY_S if self.buys else 0

    def host_rules(self) -> str:
        """The path of the host's rules file, or an empty text."""
        text = buys.rules(self.buys) + backs.rules(self.buys, self.backs)
        if not text:
            return ""
        path = self._world.folder / "host-rules.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def begin(self) -> None:
        """All set to work."""
        self._placing = [self._do(work) for shop in self.shops for work in (shop.place(), shop.withdraw())]
        self._others = [self._do(shop.hand_over()) for shop in self.shops]
        self._others += [self._do(buyer.live()) for buyer in self.buyers]
        for returner, buy in zip(self.returners, self.buys, strict=True):
            for back in self.backs.get(buy.number, ()):
                later = self._others if back.waits else self._placing
                later.append(self._do(returner.give_back(back)))
        if self.buys:
            self._others.append(self._do(self.office.work()))

    def is_over(self) -> bool:
        """Whatever anybody has in mind is done: who was not asked has nothing in mind."""
        is_placed = all(task.done() for task in self._placing)
        is_answered = all(buyer.is_done or not buyer.is_asked for buyer in self.buyers)
        is_busy = any(one.is_handing_over for one in self.shops) or any(one.is_busy for one in self.returners)
        return is_placed and is_answered and not is_busy

    def is_paid(self) -> bool:
        """Nothing is at the bank any more, and the gateway knows what was not collected."""
        return not self.buys or self.office.is_idle()

    def end(self) -> None:
        """Nobody waits any more."""
        for task in (*self._placing, *self._others):
            task.cancel()

    def accepted(self) -> set[str]:
        """Message-IDs of the mails of shops and customers that the gateway answered 250."""
        acked = self._world.carrier.acked
        return {message_id_of(mail.raw) for mail in acked if mail.sender and mail.recipient != SALES_BOX}

    def _outfit(self, buy: buys.Buy) -> Outfit:
        market, world = self._world.town.market, self._world
        store, person = market.stores[buy.store], market.people[buy.person]
        return Outfit(store, person, world.carrier, world.history, self._dice("shop", buy))

    def _dice(self, who: str, buy: buys.Buy) -> random.Random:
        return random.Random(f"{self._world.seed}/{who}/{buy.number}")

    def _do(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(work)
