"""Payments of orders on PostgreSQL: held, taken, let go and given back, by two lives one after the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bought_world import Shop
from heart_acquirer import virtual_loop
from heart_world import World
from postgres_world import fresh_url

from acquirer_sdk.bogus import Bogus, BogusSettings
from mail_gateway.admin import keys, merchants
from mail_gateway.domain.order import OrderState
from mail_gateway.domain.payment import State
from mail_gateway.domain.route import Table
from mail_gateway.store import audit
from mail_gateway.store.backend import guest
from mail_gateway.work.switch import Switch


class Town(World):
    """The heart's world on a PostgreSQL of its own, with an acquirer that can hold."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, host_message_life_s=5)
        self.gateway = replace(self.gateway, database=fresh_url())
        self.bogus = Bogus(BogusSettings())
        keys.new_bdk(self.gateway, self.keys)
        merchants.add(self.gateway, merchants.NewMerchant("Hagaki Store", "shop@carrier.example", "en"))

    def switch(self) -> Switch:
        return Switch({self.bogus.name: self.bogus}, Table(self.bogus.name))


async def story(world: Town) -> None:
    await world.start()
    shop = Shop(world)
    await shop.open()
    kept, gone, back = [await shop.begin(await shop.order(n), hold=True) for n in (1, 2, 3)]
    for hold in (kept, gone, back):
        await shop.reach(hold, State.AUTHORISED)
    await world.stop()
    await world.start()
    taken, returned = await shop.capture(kept), await shop.capture(back)
    await shop.becomes(OrderState.LAPSED, 2, gone)
    for capture, hold in ((taken, kept), (returned, back)):
        await shop.reach(capture, State.APPROVED)
        await shop.reach(hold, State.CAPTURED)
    await shop.reach(gone, State.REVERSED)
    await shop.reach(await shop.give_back(returned), State.APPROVED)
    assert sum(world.bogus.charges().values()) == 1200
    await world.stop()


def test_holds_captures_and_returns_on_postgresql(tmp_path: Path) -> None:
    with virtual_loop() as loop:
        world = Town(tmp_path)
        loop.run_until_complete(story(world))
        with guest(world.gateway.database) as conn:
            assert audit.verify(conn, (), lambda _: None).faults == []
        assert world.verbs("alarm.") == []
