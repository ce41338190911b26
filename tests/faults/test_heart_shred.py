"""A card that is wiped is gone: from the rows, from the free pages and from the database's own log."""

from __future__ import annotations

import asyncio
from pathlib import Path

from heart_world import World, answering, tell_story

from acquirer_sdk.values import Approved, InDoubt
from mail_gateway.domain.payment import State
from mail_gateway.store.engine import REST_S
from mail_gateway.store.pads import masked


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.name.startswith("hagaki.db"))


def test_the_disk_never_holds_the_envelope_and_after_the_end_neither_half_of_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        answering(world, InDoubt("no-answer"), Approved("123456", 1200))
        open_one, ended = world.envelope(), world.envelope()
        pads = [world.random_bytes(len(envelope)) for envelope in (open_one, ended)]
        await world.post(open_one, pad=pads[0])
        await world.reach(1, State.REVERSING, State.CONFIRMING)
        await world.post(ended, pad=pads[1])
        await world.reach(2, State.APPROVED)
        await asyncio.sleep(REST_S + 1)
        disk = on_disk(tmp_path)
        assert open_one not in disk
        assert ended not in disk
        assert pads[0] in disk, "the open one has both its halves, each by itself"
        assert masked(open_one, pads[0]) in disk
        assert pads[1] not in disk
        assert masked(ended, pads[1]) not in disk
        assert (await world.payment(1)).envelope == open_one
        await world.reach(1, State.REVERSED)
        await world.life.store.close()  # type: ignore[union-attr]
        disk = on_disk(tmp_path)
        assert pads[0] not in disk
        assert masked(open_one, pads[0]) not in disk
        await world.start()

    tell_story(tmp_path, story)


def test_without_its_pad_an_envelope_is_none_and_the_merchant_is_asked_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        assert world.life is not None
        world.acquirer.habits.not_ready = 100
        await world.post(world.envelope())
        await world.reach(1, State.READY)
        await world.life.store.run(lambda conn: conn.exec_driver_sql("DELETE FROM pads"))
        assert (await world.payment(1)).envelope is None

    tell_story(tmp_path, story)
