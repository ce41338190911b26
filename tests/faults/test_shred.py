"""After a payment's end nobody opens its card: not with the database, its log, every backup and the BDK."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from heart_acquirer import CARD
from heart_world import World, tell_story

from mail_gateway.domain.payment import ENDED, State
from mail_gateway.envelope.keys import KeyRing
from mail_gateway.envelope.open import Opened, open_envelope
from mail_gateway.envelope.root import fetch_root
from mail_gateway.store import backup, register
from mail_gateway.store.backend import guest
from schemas.envelope import cose

LONGEST = 400
HEAD = cose.pack(bytes(12), 0, bytes(40))[:6]
"""How every envelope begins, whatever its KSN."""

OPEN = (State.READY, State.DISPATCHED, State.REVERSING)


class Thief:
    """Has copies of files, and the root key: so every BDK in clear."""

    def __init__(self, world: World) -> None:
        self._ring = KeyRing(fetch_root(world.keys.root), lambda count: bytes(count))
        with guest(world.gateway.database) as conn:
            for bdk in register.bdks(conn):
                self._ring.add_bdk(bytes.fromhex(bdk.id), bdk.wrapped)

    def cards(self, files: list[bytes], masked: list[bytes]) -> set[str]:
        """Every track that can be opened: as it stands anywhere, or masked and a pad that stands anywhere."""
        found = {card for data in files for card in self._plain(data)}
        for envelope in masked:
            found |= {card for data in files for card in self._with_pad(data, envelope)}
        return found

    def _plain(self, data: bytes) -> Iterator[str]:
        for at in _places(data, HEAD):
            for length in range(60, LONGEST):
                yield from self._opened(data[at : at + length])

    def _with_pad(self, data: bytes, envelope: bytes) -> Iterator[str]:
        for at in _places(data, _xor(envelope[: len(HEAD)], HEAD)):
            yield from self._opened(_xor(data[at : at + len(envelope)], envelope))

    def _opened(self, candidate: bytes) -> Iterator[str]:
        opened = open_envelope(candidate, self._ring)
        if isinstance(opened, Opened):
            yield opened.sale.track2


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


def _places(data: bytes, what: bytes) -> Iterator[int]:
    at = data.find(what)
    while at >= 0:
        yield at
        at = data.find(what, at + 1)


def live(world: World) -> list[bytes]:
    """The database's file and its log."""
    return [path.read_bytes() for path in world.folder.glob("hagaki.db*")]


def stored(world: World) -> list[bytes]:
    """The envelopes as the rows have them."""
    with guest(world.gateway.database) as conn:
        rows = conn.exec_driver_sql("SELECT envelope FROM payments WHERE envelope IS NOT NULL").scalars()
        return [bytes(row) for row in rows]


async def opened_up(world: World, state: State) -> None:
    """One sale that stands there."""
    if state is State.READY:
        world.acquirer.habits.not_ready = 100
    if state is State.DISPATCHED:
        world.acquirer.habits.lose_request = 100
    if state is State.REVERSING:
        world.acquirer.habits.lose_request = world.acquirer.habits.lose_reversal = 100
    await world.post(world.envelope())
    await world.reach(1, state)


@pytest.mark.parametrize("state", OPEN)
def test_no_backup_opens_even_while_the_sale_is_open(state: State, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await opened_up(world, state)
        masked = stored(world)
        thief = Thief(world)
        if state is not State.REVERSING:
            assert masked
            assert thief.cards(live(world), masked) == {CARD}, "the control: with the pad it opens"
        backup.copy(world.gateway.database, tmp_path / "open.db")
        assert thief.cards([(tmp_path / "open.db").read_bytes()], masked) == set()

    tell_story(tmp_path, story)


def test_after_the_end_nothing_opens_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        copies, masked = [], []
        for number, state in enumerate(OPEN):
            world.acquirer.habits = type(world.acquirer.habits)()
            if number == 0:
                await opened_up(world, state)
            backup.copy(world.gateway.database, tmp_path / f"{number}.db")
            copies.append((tmp_path / f"{number}.db").read_bytes())
            masked += stored(world)
        await world.reach(1, *ENDED)
        for _ in range(20):
            await world.post(world.envelope())
        await asyncio.sleep(7200)
        assert Thief(world).cards([*live(world), *copies], masked) == set()

    tell_story(tmp_path, story)
