"""Crashes, losses and delays from a seed: nothing lost, nothing twice, nothing untrue, nothing leaked."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from heart_acquirer import CARD, Habits, virtual_loop
from heart_world import World
from sqlalchemy import select

from acquirer_sdk.values import AuthoriseOutcome
from mail_gateway.domain import decide
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import Event, Kind, State
from mail_gateway.store import books, letters
from mail_gateway.store.payments import Payment
from mail_gateway.store.tables import payments as table
from mail_gateway.work import clerk, runner
from mail_gateway.work.kit import Kit

SEEDS = int(os.environ.get("HAGAKI_SEEDS", "60"))
SALES = 8
SEEDS_TO_FIND = 600
SETTLED = {State.APPROVED, State.DECLINED, State.REVERSED, State.EXPIRED}
CHARGED = {Letter.APPROVED}


def bad_habits(rng: random.Random) -> Habits:
    """Swarm: each fault is on or off."""

    def some(most: int) -> int:
        return rng.choice((0, most))

    return Habits(
        lose_request=some(20),
        delay_request=some(20),
        lose_answer=some(30),
        late_answer=some(30),
        lose_reversal=some(40),
        not_sent=some(20),
        not_ready=some(30),
        decline=some(20),
        forgets_early_reversals=rng.random() < 0.5,
    )


class Story:
    """Phones that send until they are told 250, and a gateway that dies again and again."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.rng = random.Random(seed)
        self.world = World(folder, seed=seed, habits=bad_habits(self.rng))
        self.acked: set[int] = set()
        self.deaths = 0

    async def run(self) -> None:
        await self.world.start()
        phones = {asyncio.create_task(self.phone()) for _ in range(SALES)}
        self.world.phones |= phones
        for _ in range(self.rng.randint(0, 6)):
            await self.die_once()
        await asyncio.gather(*phones)
        self.world.acquirer.habits = Habits()
        await self.settle()

    async def phone(self) -> None:
        """One sale, mailed until it is taken, and sometimes once more."""
        await asyncio.sleep(self.rng.randint(0, 240))
        envelope = self.world.envelope(amount_minor=self.rng.randint(1, 900) * 10)
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            self.acked.add(await self.mail_until_taken(envelope))
            await asyncio.sleep(self.rng.randint(0, 200))

    async def mail_until_taken(self, envelope: bytes) -> int:
        while True:
            try:
                async with asyncio.timeout(60):
                    return await self.mail(envelope)
            except (TimeoutError, ConnectionError, GatewayError):
                await asyncio.sleep(self.rng.randint(1, 30))

    async def mail(self, envelope: bytes) -> int:
        if self.world.life is None:
            raise ConnectionError
        kept = await self.world.post(envelope)
        assert kept.payment_id is not None
        return kept.payment_id

    async def die_once(self) -> None:
        """Let it live for a number of database calls, then kill it before or just after a commit."""
        life = self.world.life
        assert life is not None
        life.place.after = self.rng.random() < 0.5
        life.place.left = self.rng.randint(0, 25)
        try:
            async with asyncio.timeout(self.rng.randint(1, 400)):
                await life.place.dead.wait()
        except TimeoutError:
            pass
        await self.world.kill()
        self.deaths += 1
        await asyncio.sleep(self.rng.randint(0, 100))
        await self.world.start()

    async def settle(self) -> None:
        for _ in range(400):
            states = {(await self.world.payment(number)).state for number in self.acked}
            if states <= SETTLED:
                return
            await asyncio.sleep(10)
        raise AssertionError(f"not settled: {states}")

    async def check(self) -> None:
        world, acquirer = self.world, self.world.acquirer
        assert world.life is not None
        assert world.verbs("alarm.stumbled") == [], "a stage broke"
        everybody = set(await world.life.store.read(lambda conn: conn.scalars(select(table.c.id)).all()))
        assert self.acked <= everybody, "lost"
        assert len(everybody) == SALES, "one sale became two payments"
        assert all(count == 1 for count in acquirer.requests.values()), "asked twice"
        last = {}
        for letter in sorted(await world.letters(), key=lambda one: one.version):
            last[letter.payment_id] = letter
        for number in everybody:
            await self._check_one(number, last[number])
        assert await world.life.store.read(books.broken_at) is None
        await self._check_books()

    async def _check_one(self, number: int, letter: letters.LetterRow) -> None:
        payment = await self.world.payment(number)
        net = self.world.acquirer.net(payment.reference)
        told_charged = letter.kind in CHARGED
        assert net == (payment.amount_minor if told_charged else 0), f"untrue: {letter.kind}, charged {net}"
        assert letter.kind not in (Letter.IN_DOUBT, Letter.MORE_WANTED), "left in doubt"
        assert payment.envelope is None

    async def _check_books(self) -> None:
        assert self.world.life is not None
        balances = await self.world.life.store.read(books.balances)
        charged = sum(sum(minor) for minor in self.world.acquirer.charges.values())
        assert balances.get(("acquirer-receivable", 392, "posted"), 0) == charged
        assert not [amount for (_, _, phase), amount in balances.items() if phase == "pending" and amount]
        assert sum(balances.values()) == 0


def tell(seed: int, folder: Path) -> None:
    """One story, and the check of what is left of it."""
    with virtual_loop(seed) as loop:
        story = Story(folder, seed)
        try:
            loop.run_until_complete(story.run())
            loop.run_until_complete(story.check())
        finally:
            loop.run_until_complete(story.world.kill())


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_lost_nothing_twice_nothing_untrue(seed: int, tmp_path: Path) -> None:
    tell(seed, tmp_path)
    for file in tmp_path.iterdir():
        data = file.read_bytes()
        assert CARD.encode() not in data, f"a card in {file.name}"
        assert CARD[:16].encode() not in data, f"a card number in {file.name}"


CALLS = 16
"""Database calls of one sale from mail to letter, and some more."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", range(CALLS))
@pytest.mark.parametrize("silent", [False, True], ids=["answered", "silent"])
def test_death_at_every_point_of_one_sale(silent: bool, call: int, after: bool, tmp_path: Path) -> None:
    """Killed before or just after each database call; started again; the phone sends until it hears 250."""

    async def story(world: World) -> None:
        life = await world.start()
        life.place.left, life.place.after = call, after
        teller = Story.__new__(Story)
        teller.world, teller.rng = world, random.Random(call)
        phone = asyncio.create_task(teller.mail_until_taken(world.envelope()))
        world.phones.add(phone)
        await asyncio.sleep(40)
        await world.kill()
        await world.start()
        payment = await world.reach(await phone, *SETTLED)
        kinds = [letter.kind for letter in sorted(await world.letters(), key=lambda one: one.version)]
        net = world.acquirer.net(payment.reference)
        assert net == (1200 if kinds[-1] in CHARGED else 0)
        assert world.acquirer.requests.get(payment.reference, 0) <= 1
        assert (kinds[-1] is Letter.CANCELLED) == (State.REVERSED is payment.state)
        assert world.verbs("alarm.stumbled") == []

    with virtual_loop() as loop:
        world = World(tmp_path, habits=Habits(lose_answer=100 if silent else 0))
        try:
            loop.run_until_complete(story(world))
        finally:
            loop.run_until_complete(world.kill())


async def _sends_again(kit: Kit, payment: Payment) -> Payment | None:
    """Planted: after a restart the request is sent once more."""
    entry = clerk.draft(kit, payment, [Event(Kind.NOT_SENT)], due_ms=kit.ports.now_ms())
    return await clerk.enter_surely(kit, entry)


async def _believes_the_first(kit: Kit, payment: Payment) -> Payment | None:
    """Planted: one acknowledged reversal counts as cancelled, though the request may still be under way."""
    confirmed = Event(Kind.CONFIRMED_AGAIN)
    return await clerk.enter(kit, clerk.draft(kit, payment, [confirmed], due_ms=None))


def _declines_silence(outcome: AuthoriseOutcome, amount_minor: int) -> Event:
    """Planted: no answer is called a no."""
    event = _real_event_of(outcome, amount_minor)
    return Event(Kind.HOST_DECLINED, {"code": "05"}) if event.kind is Kind.SILENCE else event


_real_event_of = decide.event_of

PLANTED: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "sends again": lambda patch: patch.setitem(runner.STAGES, State.DISPATCHED, _sends_again),
    "no confirmation": lambda patch: patch.setitem(runner.STAGES, State.CONFIRMING, _believes_the_first),
    "silence is a no": lambda patch: patch.setattr(decide, "event_of", _declines_silence),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_the_check_finds_a_planted_bug(bug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    PLANTED[bug](monkeypatch)
    for seed in range(SEEDS_TO_FIND):
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            tell(seed, folder)
        except AssertionError:
            return
    pytest.fail(f"{bug}: not found in {SEEDS_TO_FIND} seeds")
