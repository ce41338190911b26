"""The adapter over a real book: what was accepted is collected once, and what was undone is not."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from debit_world import COLLECTION, CUTTING_MS, TAKING_MS, World, account, debit, reference, void

from acquirer_sdk.conformance import Verdict, run_quickly
from acquirer_sdk.port import BadRequest, SettingsError
from acquirer_sdk.values import (
    Approved,
    CardData,
    Declined,
    InDoubt,
    LateAnswer,
    NotCollected,
    NotFound,
    NotSent,
    Ready,
    Reconciled,
    ReturnKind,
    Reversal,
    ReversalAccepted,
    ReversalOpen,
    Totals,
    Unsupported,
)
from bank_debit import bank
from bank_debit.adapter import BankDebit
from bank_debit.bench import bench
from bank_debit.debit import State
from bank_debit.settings import contract_of

DAY_MS = 24 * 3_600_000


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "var" / "debit.db")


@asynccontextmanager
async def running(world: World) -> AsyncIterator[tuple[BankDebit, list[LateAnswer]]]:
    late: list[LateAnswer] = []
    adapter = world.adapter()
    await adapter.start(late.append)
    await until(lambda: isinstance(adapter.ready(), Ready))
    try:
        yield adapter, late
    finally:
        await adapter.close()


async def until(holds) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


def test_it_conforms() -> None:
    failed = [finding for finding in run_quickly(bench) if finding.verdict is Verdict.FAIL]
    assert not failed, "\n".join(f"{finding.check}: {finding.sentence}" for finding in failed)


async def test_what_was_accepted_is_in_the_next_file_once(world: World) -> None:
    async with running(world) as (adapter, _):
        assert await adapter.authorise(debit(1)) == Approved("000001", 1200)
        assert await adapter.authorise(debit(2, 5000)) == Approved("000002", 5000)
        assert await adapter.authorise(debit(1)) == Approved("000001", 1200)
        world.now_ms = CUTTING_MS
        batch = world.cut()
    assert batch.day == COLLECTION
    assert batch.request.count(b"\r\n2") == 2
    assert world.find(reference(1)).state is State.AT_BANK


async def test_it_is_on_the_disk_before_it_is_approved_and_for_its_owner_alone(world: World) -> None:
    async with running(world) as (adapter, _):
        await adapter.authorise(debit(1))
        copy = sqlite3.connect(world.path)
        assert copy.execute("SELECT count(*) FROM debits").fetchone() == (1,)
        copy.close()
        for file in world.path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


async def test_after_the_last_day_it_goes_to_the_next_collection(world: World) -> None:
    async with running(world) as (adapter, _):
        world.now_ms = TAKING_MS + 11 * 3_600_000  # 23:00 in Japan
        await adapter.authorise(debit(1))
        world.now_ms += 2 * 3_600_000
        await adapter.authorise(debit(2))
    assert world.find(reference(1)).day == COLLECTION
    assert world.find(reference(2)).day == COLLECTION + timedelta(days=31)


async def test_what_comes_after_an_early_cut_goes_to_the_next_collection(world: World) -> None:
    async with running(world) as (adapter, _):
        await adapter.authorise(debit(1))
        world.cut(early=True)
        await adapter.authorise(debit(2))
    assert world.find(reference(2)).day > COLLECTION


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"account": None}, "account"),
        ({"account": account(1, holder="山田太郎")}, "account.holder"),
        ({"account": account(1, holder="")}, "account.holder"),
        ({"account": account(1, kind=4)}, "account.kind"),
        ({"account": account(1, customer="")}, "account.customer"),
        ({"currency": 840}, "currency"),
        ({"condition": 61}, "condition"),
        ({"amount_minor": 10_000_000_000}, "amount_minor"),
    ],
)
def test_what_no_file_can_hold_is_refused_before_dispatch(world: World, changes, where: str) -> None:
    with pytest.raises(BadRequest) as raised:
        world.adapter().prepare(replace(debit(1), **changes))
    assert raised.value.where == where
    assert "山" not in str(raised.value)


async def test_a_void_before_the_cut_takes_it_out(world: World) -> None:
    async with running(world) as (adapter, _):
        sale, other = debit(1), debit(2)
        await adapter.authorise(sale)
        await adapter.authorise(other)
        assert await adapter.void(void(sale, 3)) == Approved("000001", 1200)
        assert await adapter.void(void(sale, 3)) == Approved("000001", 1200)
        assert isinstance(await adapter.void(void(sale, 4)), Declined)
        world.now_ms = CUTTING_MS
        assert world.cut().request.count(b"\r\n2") == 1
    assert world.find(reference(1)).state is State.VOIDED


async def test_after_the_cut_a_void_is_declined_and_a_reversal_stays_open(world: World) -> None:
    async with running(world) as (adapter, _):
        sale = debit(1)
        await adapter.authorise(sale)
        world.now_ms = CUTTING_MS
        batch = world.cut()
        assert await adapter.void(void(sale, 2)) == Declined("G80")
        reversal = adapter.prepare(sale)
        assert await adapter.reverse(reversal, transmission=1) == ReversalOpen("at-bank")
        assert world.find(reference(1)).wanted_back
        world.take_answer(bank.answer(batch.request))
        assert await adapter.reverse(reversal, transmission=2) == ReversalOpen("collected")


async def test_a_reversal_of_what_the_bank_did_not_collect_is_done(world: World) -> None:
    async with running(world) as (adapter, _):
        sale = debit(1, 1901)
        await adapter.authorise(sale)
        world.now_ms = CUTTING_MS
        world.take_answer(bank.answer(world.cut().request))
        reversal = adapter.prepare(sale)
        assert await adapter.reverse(reversal, transmission=1) == ReversalAccepted("00")
        assert await adapter.inquire(reversal) == Declined("Z1")


async def test_a_reversal_that_comes_before_its_debit_holds(world: World) -> None:
    async with running(world) as (adapter, _):
        sale = debit(1)
        assert await adapter.reverse(adapter.prepare(sale), transmission=1) == ReversalAccepted("25")
        assert await adapter.authorise(sale) == Declined("05")
        assert await adapter.inquire(adapter.prepare(debit(9))) == NotFound()


async def test_a_void_taken_back_after_the_cut_is_collected_later(world: World) -> None:
    async with running(world) as (adapter, _):
        sale, back = debit(1), void(debit(1), 2)
        await adapter.authorise(sale)
        await adapter.authorise(debit(3))
        await adapter.void(back)
        world.now_ms = CUTTING_MS
        world.cut()
        assert await adapter.reverse(adapter.prepare(back), transmission=1) == ReversalAccepted("00")
    found = world.find(reference(1))
    assert found.state is State.OPEN
    assert found.day > COLLECTION


async def test_a_refund_is_plainly_not_there(world: World) -> None:
    back = replace(void(debit(1), 2), kind=ReturnKind.REFUND)
    async with running(world) as (adapter, _):
        assert await adapter.refund(back) == Unsupported("refund")
    with pytest.raises(BadRequest, match="refund-unsupported"):
        adapter.prepare(back)


async def test_uncollected_debits_are_reported_late_also_after_a_restart(world: World) -> None:
    async with running(world) as (adapter, late):
        for number, amount in ((1, 1200), (2, 1901), (3, 1904)):
            await adapter.authorise(debit(number, amount))
        world.now_ms = CUTTING_MS
        world.take_answer(bank.answer(world.cut().request))
        await until(lambda: len(late) >= 2)
        assert late[:2] == [
            LateAnswer(reference(2), 2, NotCollected("Z1"), "Z1"),
            LateAnswer(reference(3), 3, NotCollected("Z4"), "Z4"),
        ]
        await until(lambda: not world.do(lambda book: book.untold_after([], 10)))
        assert len(late) == 2, "told twice by one life"
    async with running(world) as (adapter, late):
        await adapter.authorise(debit(4))  # the book's thread has looked before it comes to this
        assert not late


async def test_what_a_life_told_and_could_not_mark_is_told_by_the_next(world: World) -> None:
    world.table["look_s"] = 3600
    async with running(world) as (adapter, _):
        await adapter.authorise(debit(1, 1901))
        world.now_ms = CUTTING_MS
        world.take_answer(bank.answer(world.cut().request))
    for _ in range(2):
        async with running(world) as (_, late):
            await until(lambda late=late: bool(late))


async def test_what_the_gateway_could_not_keep_is_told_until_it_can(world: World) -> None:
    said: list[asyncio.Future[bool]] = []

    def late(_: LateAnswer) -> asyncio.Future[bool]:
        said.append(asyncio.get_running_loop().create_future())
        return said[-1]

    adapter = world.adapter()
    await adapter.start(late)
    await until(lambda: isinstance(adapter.ready(), Ready))
    await adapter.authorise(debit(1, 1901))
    world.now_ms = CUTTING_MS
    world.take_answer(bank.answer(world.cut().request))
    await until(lambda: len(said) == 1)
    await asyncio.sleep(0.1)  # five looks
    assert len(said) == 1, "nobody asks again while the gateway is at it"
    said[0].set_result(False)
    await until(lambda: len(said) == 2)
    said[1].set_exception(OSError())
    await until(lambda: len(said) == 3)
    said[2].cancel()
    await until(lambda: len(said) == 4)
    assert world.do(lambda book: len(book.untold_after([], 10))) == 1
    said[3].set_result(True)
    await until(lambda: not world.do(lambda book: book.untold_after([], 10)))
    await adapter.close()
    assert len(said) == 4


async def test_totals_of_a_day_leave_out_what_was_reversed(world: World) -> None:
    async with running(world) as (adapter, _):
        sale, gone = debit(1), debit(2)
        await adapter.authorise(sale)
        await adapter.authorise(gone)
        await adapter.authorise(debit(3, 500))
        await adapter.reverse(adapter.prepare(gone), transmission=1)
        await adapter.void(void(sale, 4))
        ours = Totals("2026-11-19", 392, 2, 1700, 1, 1200)
        assert await adapter.reconcile(ours) == Reconciled(ours, agrees=True)
        wrong = replace(ours, sales_minor=1701)
        assert await adapter.reconcile(wrong) == Reconciled(ours, agrees=False)


async def test_a_busy_book_holds_up_nobody_else_and_a_damaged_one_takes_nothing(world: World) -> None:
    async with running(world) as (adapter, _):
        other = sqlite3.connect(world.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(adapter.authorise(debit(1)))
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert not waiting.done()
        other.execute("ROLLBACK")
        assert await waiting == Approved("000001", 1200)
        other.execute("DROP TABLE declined")
        other.close()
        assert await adapter.authorise(debit(2)) == NotSent("book-fault")
        assert "alarm.debit-book" in world.told


async def test_a_reversal_that_was_never_made_here_is_open_and_told(world: World) -> None:
    async with running(world) as (adapter, _):
        for wire in (b"", b"[]", b"{}", b'{"kind": "sale", "reference": "1"}', b"\xff"):
            strange = Reversal(reference(1), 1, wire)
            assert await adapter.reverse(strange, transmission=1) == ReversalOpen("wire-unreadable")
            assert await adapter.inquire(strange) == InDoubt("wire-unreadable")
        assert "alarm.reversal-unreadable" in world.told


def test_no_account_is_in_a_reversal(world: World) -> None:
    wire = world.adapter().prepare(debit(1)).wire
    assert b"1000001" not in wire
    assert "ﾔﾏﾀﾞ".encode() not in wire


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("originator_code", "123"),
        ("originator_name", "葉書"),
        ("bank", "00A1"),
        ("account_kind", 3),
        ("account", "１２３４５６７"),
        ("collection_days", ["0"]),
        ("collection_days", []),
        ("closed_days", ["27 November"]),
        ("time_zone", "Asia/Edo"),
        ("customer_number", "name"),
        ("no_such_key", 1),
    ],
)
def test_wrong_settings_are_named(world: World, key: str, value: object) -> None:
    with pytest.raises(SettingsError) as raised:
        contract_of({**world.table, key: value})
    assert raised.value.key == key


def test_a_card_is_refused(world: World) -> None:
    with pytest.raises(BadRequest):
        world.adapter().prepare(replace(debit(1), account=None, card=CardData("4111111111111111=2712")))
