"""A backup is restored: what happened since is forgotten, and still nobody pays twice or is told wrongly."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import pytest
from heart_acquirer import Habits, virtual_loop
from heart_world import World, kinds, tell_story, told

from acquirer_sdk.values import Approved, Declined, InDoubt
from mail_gateway.admin import recovering, shunts
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import ENDED, State
from mail_gateway.domain.reconcile import Booked, ChargeList, Line
from mail_gateway.store import audit, backup, letters, recovery
from mail_gateway.store.backend import guest

SEEDS = int(os.environ.get("HAGAKI_RESTORE_SEEDS", "40"))
SALES = 12
NO = {Letter.DECLINED, Letter.CANCELLED, Letter.EXPIRED, Letter.REFUSED, Letter.RE_ENTER}


def copy(world: World, name: str = "copy.db") -> int:
    """A backup of the world's database, now. -> now."""
    backup.copy(world.gateway.database, world.folder / name)
    return world.now_ms()


async def back(world: World, backup_ms: int, name: str = "copy.db") -> None:
    """The disk is lost; the backup is put in its place; the gateway starts."""
    if world.life is not None:
        await world.kill()
    for ending in ("", "-wal", "-shm"):
        (world.folder / f"hagaki.db{ending}").unlink(missing_ok=True)
    (world.folder / "hagaki.db").write_bytes((world.folder / name).read_bytes())
    with guest(world.gateway.database, write=True) as conn:
        recovery.begin(conn, backup_ms, world.now_ms(), world.gateway.freshness_s * 1000)
    await world.start()


def listed(world: World) -> ChargeList:
    """The acquirer's list, as it now is."""
    lines = []
    for reference, amounts in world.acquirer.charges.items():
        way = Booked.RETURNED if sum(amounts) < 0 else Booked.CHARGED
        state = way if amounts else Booked.REVERSED
        line = Line(reference, "00000001", 0, abs(sum(amounts)) or 1, 392, "123456" if amounts else "", state)
        lines.append(line)
    return ChargeList(0, 10**15, tuple(lines))


def sale(world: World, amount_minor: int, **more: Any) -> bytes:
    given = {"amount_minor": amount_minor, "reader_time_s": world.now_ms() // 1000}
    return world.envelope(**{**given, **more})


async def newest(world: World) -> dict[int, letters.LetterRow]:
    found: dict[int, letters.LetterRow] = {}
    for letter in sorted(await world.letters(), key=lambda one: one.version):
        found[letter.payment_id] = letter
    return found


def test_a_sale_charged_after_the_backup_is_not_charged_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        taken_ms = copy(world)
        envelope = sale(world, 1200)
        await world.post(envelope)
        await world.reach(1, State.APPROVED)
        await back(world, taken_ms)
        kept = await world.post(envelope)
        await asyncio.sleep(60)
        assert kept.payment_id is not None and kept.payment_id > 1_000_000, "no reference is used twice"
        payment = await world.payment(kept.payment_id)
        assert (payment.state, payment.shunted) == (State.RECEIVED, 1)
        assert await told(world) == [Letter.UNCLEAR]
        assert world.writer.news[-1].version > 1, "its key has sealed version 1 before"
        assert len(world.acquirer.requests) == 1
        found = recovering.reconcile(world.gateway, listed(world))
        assert found["ghosts"] == 1
        recovering.finish(world.gateway)
        await asyncio.sleep(120)
        assert (await world.payment(kept.payment_id)).shunted, "a charge like it is in the list"
        with pytest.raises(GatewayError, match="perhaps-charged"):
            shunts.drop(world.gateway, kept.payment_id, "gone")
        recovering.settle(world.gateway, "000000000001", kept.payment_id, "the merchant has the slip")
        approved = await world.reach(kept.payment_id, State.APPROVED)
        assert approved.approval_number == "123456"
        assert (await newest(world))[kept.payment_id].kind is Letter.APPROVED
        assert len(world.acquirer.requests) == 1

    tell_story(tmp_path, story)


def test_after_the_list_a_sale_of_the_lost_time_ends_and_a_new_one_goes_on(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        taken_ms = copy(world)
        await asyncio.sleep(60)
        await back(world, taken_ms)
        lost = await world.post(sale(world, 1200))  # sealed before anybody can know that it was not taken
        await asyncio.sleep(400)
        fresh = await world.post(sale(world, 1300))
        await asyncio.sleep(30)
        assert world.acquirer.requests == {}, "nothing is authorised"
        assert [one.kind for one in (await newest(world)).values()] == [Letter.UNCLEAR]
        with pytest.raises(GatewayError, match="not-reconciled"):
            recovering.finish(world.gateway)
        with pytest.raises(GatewayError, match="not-reconciled"):
            shunts.retry(world.gateway, lost.payment_id or 0, "")
        recovering.reconcile(world.gateway, listed(world))
        recovering.finish(world.gateway)
        await world.reach(lost.payment_id or 0, State.REFUSED)
        assert (await newest(world))[lost.payment_id or 0].kind is Letter.REFUSED, (
            "it may have got a no before"
        )
        await world.reach(fresh.payment_id or 0, State.APPROVED)

    tell_story(tmp_path, story)


def test_a_sale_sealed_after_the_restore_waits_while_it_is_fresh(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        taken_ms = copy(world)
        await back(world, taken_ms)
        await asyncio.sleep(400)
        kept = await world.post(sale(world, 1200))
        await asyncio.sleep(60)
        assert (await world.payment(kept.payment_id or 0)).state is State.READY
        assert await told(world) == []
        await world.reach(kept.payment_id, State.EXPIRED)
        assert world.acquirer.requests == {}

    tell_story(tmp_path, story)


@pytest.mark.parametrize("since", ["approved", "declined", "silent"])
@pytest.mark.parametrize("stood", ["received", "dispatched"])
def test_what_was_open_in_the_backup_ends_as_the_list_says(stood: str, since: str, tmp_path: Path) -> None:
    outcome = {
        "approved": Approved("123456", 1200),
        "declined": Declined("51"),
        "silent": InDoubt("no-answer"),
    }

    async def story(world: World) -> None:
        world.acquirer.gate = asyncio.Event()
        if stood == "received":
            world.acquirer.habits.not_ready = 100

        async def script(request: Any) -> Any:
            assert world.acquirer.gate is not None
            await world.acquirer.gate.wait()
            if since == "approved":
                world.acquirer.charge(request.reference, 1200)
            return outcome[since]

        world.acquirer.script = script
        kept = await world.post(sale(world, 1200))
        await asyncio.sleep(3)
        taken_ms = copy(world)
        world.acquirer.habits.not_ready = 0
        world.acquirer.gate.set()
        await world.reach(1, State.APPROVED, State.DECLINED, State.REVERSED)
        before = await told(world)
        await back(world, taken_ms)
        await asyncio.sleep(200)
        payment = await world.payment(1)
        assert payment.shunted
        assert payment.state is (State.DISPATCHED if stood == "dispatched" else State.READY)
        assert (await newest(world))[1].kind is Letter.UNCLEAR
        assert len(world.acquirer.requests) == 1
        again = await world.post(sale(world, 1200, counter=1))
        recovering.reconcile(world.gateway, listed(world))
        payment = await world.reach(1, State.APPROVED, State.REFUSED, State.REVERSED)
        if since == "approved":
            assert payment.state is State.APPROVED
            assert before[-1] is (await newest(world))[1].kind is Letter.APPROVED, "told the same truth"
            assert not world.acquirer.reversed
        else:
            assert (await newest(world))[1].kind in NO
        assert world.acquirer.net(payment.reference) == (1200 if since == "approved" else 0)
        assert max(world.acquirer.requests.values()) == 1
        assert kept.payment_id == 1
        assert again.payment_id is not None
        assert "dispatched" not in (await kinds(world, again.payment_id))

    tell_story(tmp_path, story)


def test_a_list_that_does_not_cover_the_lost_time_settles_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        taken_ms = copy(world)
        await back(world, taken_ms)
        for period in ((taken_ms, 10**15), (0, taken_ms - 1)):
            with pytest.raises(GatewayError, match="list-too-short"):
                recovering.reconcile(world.gateway, ChargeList(*period, ()))

    tell_story(tmp_path, story)


def test_numbers_used_after_the_backup_never_come_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        taken_ms = copy(world)
        for number in range(1, 6):
            await world.post(sale(world, 1000 + number))
            await world.reach(number, State.APPROVED)
        stans, node = set(world.acquirer.stans), world.life.kit.node  # type: ignore[union-attr]
        await back(world, taken_ms)
        recovering.reconcile(world.gateway, ChargeList(0, 10**15, ()))
        recovering.finish(world.gateway)
        await asyncio.sleep(2 * 86_400)
        kept = await world.post(sale(world, 1500))
        await world.reach(kept.payment_id, State.APPROVED)
        assert world.acquirer.stans[-1] not in stans
        assert world.life is not None
        assert world.life.kit.node > node + 1000

    tell_story(tmp_path, story)


class Story:
    """A day with a backup in it: sales before, across and after; then the restore, and every mail again."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.rng = random.Random(seed)
        names = ("lose_answer", "late_answer", "not_ready", "decline", "lose_reversal")
        habits = Habits(**{name: self.rng.choice((0, 30)) for name in names})
        self.world = World(folder, seed=seed, habits=habits)
        self.sent: dict[int, bytes] = {}
        self.taken_ms = 0

    async def run(self) -> None:
        world = self.world
        await world.start()
        when = self.rng.randint(20, 400)
        phones = {asyncio.create_task(self.phone(number)) for number in range(SALES)}
        world.phones |= phones
        await asyncio.sleep(when)
        self.taken_ms = copy(world)
        await asyncio.gather(*phones)
        await asyncio.sleep(self.rng.choice((0, 1, 5, 40, 300)))
        await back(world, self.taken_ms)
        world.acquirer.habits = Habits()
        await self.replay()
        await asyncio.sleep(self.rng.randint(1, 600))
        recovering.reconcile(world.gateway, listed(world))
        await asyncio.sleep(self.rng.choice((0, 300)))
        recovering.finish(world.gateway)
        await self.replay()
        await asyncio.sleep(1200)

    async def phone(self, number: int) -> None:
        await asyncio.sleep(self.rng.randint(0, 420))
        amount_minor = 1000 + number
        clock = {} if self.rng.random() < 0.8 else {"reader_time_s": 0}
        self.sent[amount_minor] = sale(self.world, amount_minor, **clock)
        await self.world.post(self.sent[amount_minor])

    async def replay(self) -> None:
        envelopes = list(self.sent.values()) * 2
        self.rng.shuffle(envelopes)
        for envelope in envelopes:
            await self.world.post(envelope)

    async def check(self) -> None:
        world = self.world
        assert world.verbs("alarm.stumbled") == []
        told = await newest(world)
        assert world.life is not None
        with guest(world.gateway.database) as conn:
            assert audit.verify(conn, (), lambda _: None).faults == []
        for amount_minor in self.sent:
            net = sum(sum(found) for found in world.acquirer.charges.values() if amount_minor in found)
            assert net in (0, amount_minor), "charged twice"
        for number, letter in told.items():
            await self._check_one(number, letter)

    async def _check_one(self, number: int, letter: letters.LetterRow) -> None:
        payment = await self.world.payment(number)
        charges = self.world.acquirer.charges.values()
        net = sum(sum(found) for found in charges if payment.amount_minor in found)
        if letter.kind is Letter.APPROVED:
            assert net == payment.amount_minor, "told approved, and nobody paid"
        elif letter.kind in NO:
            assert net == 0, f"told {letter.kind}, and it was charged"
        else:
            assert letter.kind is Letter.UNCLEAR and payment.shunted
        assert payment.shunted or payment.state in ENDED


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nobody_pays_twice_and_nobody_is_told_wrongly(seed: int, tmp_path: Path) -> None:
    with virtual_loop(seed) as loop:
        story = Story(tmp_path, seed)
        try:
            loop.run_until_complete(story.run())
            loop.run_until_complete(story.check())
        finally:
            loop.run_until_complete(story.world.kill())


def test_the_check_finds_a_gateway_that_does_not_recover(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: the database is put back and nothing else is done."""
    monkeypatch.setattr(recovery, "begin", lambda *_: 0)
    monkeypatch.setattr(recovering, "reconcile", lambda *_: {})
    monkeypatch.setattr(recovering, "finish", lambda *_: {})
    for seed in range(SEEDS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            test_nobody_pays_twice_and_nobody_is_told_wrongly(seed, folder)
        except AssertionError:
            return
    pytest.fail("not found")


async def sold(world: World) -> bytes:
    kept = await world.post(sale(world, 1200))
    assert kept.payment_id is not None
    return (await world.reach(kept.payment_id, State.APPROVED)).ksn


def test_a_refund_of_the_lost_time_is_not_given_twice(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        ksn = await sold(world)
        taken_ms = copy(world)
        refund = sale(world, 500, kind=3, original_ksn=ksn)
        await world.post(refund)
        await world.reach(2, State.APPROVED)
        await back(world, taken_ms)
        kept = await world.post(refund)
        await asyncio.sleep(60)
        assert kept.payment_id is not None
        assert (await newest(world))[kept.payment_id].kind is Letter.RETURN_IN_DOUBT
        assert recovering.reconcile(world.gateway, listed(world))["ghosts"] == 1
        recovering.finish(world.gateway)
        await asyncio.sleep(120)
        assert (await world.payment(kept.payment_id)).shunted, "a return like it is in the list"
        with pytest.raises(GatewayError, match="ghost-differs"):
            recovering.settle(world.gateway, "000000000002", 1, "that is the sale")
        recovering.settle(world.gateway, "000000000002", kept.payment_id, "the list shows it")
        given = await world.reach(kept.payment_id, State.APPROVED)
        assert (given.original, given.returned_minor) == (1, 500)
        assert (await world.payment(1)).returned_minor == 500, "the rest can still be given back"
        assert (await newest(world))[kept.payment_id].kind is Letter.RETURNED

    world = tell_story(tmp_path, story)
    assert sum(map(world.acquirer.net, world.acquirer.charges)) == 700
    with guest(world.gateway.database) as conn:
        assert audit.verify(conn, (), lambda _: None).faults == []


@pytest.mark.parametrize("was_done", [True, False])
def test_a_void_that_was_at_the_acquirer_ends_as_its_list_says(was_done: bool, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        ksn = await sold(world)
        world.acquirer.habits = Habits(lose_answer=100) if was_done else Habits(lose_request=100)
        await world.post(sale(world, 1200, kind=2, original_ksn=ksn))
        await world.reach(2, State.DISPATCHED)
        taken_ms = copy(world)
        await asyncio.sleep(3)
        await world.kill()
        world.acquirer.habits = Habits()
        await back(world, taken_ms)
        found = recovering.reconcile(world.gateway, listed(world))
        assert found["charged" if was_done else "uncharged"] == 1
        recovering.finish(world.gateway)
        await world.reach(2, State.APPROVED if was_done else State.REVERSED)
        assert (await world.payment(1)).returned_minor == (1200 if was_done else 0)
        letter = Letter.RETURNED if was_done else Letter.NOT_RETURNED
        assert (await newest(world))[2].kind is letter

    world = tell_story(tmp_path, story)
    assert sum(map(world.acquirer.net, world.acquirer.charges)) == (0 if was_done else 1200)
    with guest(world.gateway.database) as conn:
        assert audit.verify(conn, (), lambda _: None).faults == []
