"""Many units in one transaction: each leaves all of its rows or none, whatever its neighbours do."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.exc import OperationalError

from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.ledger import transfers_for
from mail_gateway.domain.news import Composed
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import Event, Kind, State, step
from mail_gateway.store import books, handover, inbox, letters, nodes, payments, record
from mail_gateway.store.engine import GROUP_MAX, Store, open_store
from mail_gateway.store.tables import events, transfers
from mail_gateway.store.tables import payments as table

KEY = bytes.fromhex("AABBCCDD00000001")
TO_DISPATCHED = (Kind.OPENED, Kind.ACCEPTED, Kind.DISPATCHED)


def town(conn: Connection) -> None:
    for statement in (
        "INSERT INTO keys (id, wrapped, kcv, created_ms) VALUES ('AABBCCDD', x'00', '', 1)",
        "INSERT INTO merchants (id, name, mail, language, terminal_id, merchant_id, created_ms) "
        "VALUES (1, 'm', 'm@x', 'en', '00000001', '1', 1)",
        "INSERT INTO readers (id, key_id, bdk_id, merchant, created_ms) "
        f"VALUES (1, x'{KEY.hex()}', 'AABBCCDD', 1, 1)",
    ):
        conn.execute(text(statement))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/hagaki.db")
    await opened.run(town)
    await opened.run(nodes.begin_life, 1)
    yield opened
    await opened.close()


def arrival(number: int) -> inbox.Arrival:
    envelope = b"envelope %d" % number
    return inbox.Arrival(
        received_ms=number,
        sender="s@x",
        recipients=("sale@x",),
        message_id=f"{number}@x",
        peer="192.0.2.1",
        envelope=envelope,
        pad=bytes(range(len(envelope))),
        ksn=KEY + number.to_bytes(4, "big"),
        slug="",
        raw=b"",
    )


async def sales(store: Store, count: int) -> list[payments.Payment]:
    kept = await asyncio.gather(*(store.run(inbox.keep, arrival(number)) for number in range(1, count + 1)))
    return [one.payment for one in kept if one.payment is not None]


def entry(payment: payments.Payment, kinds: tuple[Kind, ...], **changes: Any) -> record.Entry:
    moves, state = [], payment.state
    for kind in kinds:
        after = step(state, kind)
        moves.append(record.Move(state, Event(kind), after, transfers_for(state, kind, 1200, 392)))
        state = after
    return record.Entry(payment, 1, 5, tuple(moves), changes)


def dispatching(payment: payments.Payment) -> record.Entry:
    counter = int.from_bytes(payment.ksn[8:], "big")
    return entry(payment, TO_DISPATCHED, counter=counter, amount_minor=1200, currency=392, due_ms=None)


async def dispatched(store: Store, found: list[payments.Payment]) -> list[Any]:
    units = (store.run(record.dispatch, dispatching(one), lambda stan: b"reversal") for one in found)
    return await asyncio.gather(*units, return_exceptions=True)


def count(conn: Connection, what: Any) -> int:
    return conn.scalar(select(func.count()).select_from(what)) or 0


async def test_what_intake_hands_on_is_what_is_on_the_disk(store: Store) -> None:
    for payment in await sales(store, 3):
        assert await store.read(payments.load, payment.id) == payment


async def test_the_books_of_a_group_are_one_chain_and_a_state_follows_all_its_arrows(store: Store) -> None:
    found = await sales(store, GROUP_MAX)
    attempts = await dispatched(store, found)
    assert sorted(one.stan for one in attempts) == list(range(1, GROUP_MAX + 1))
    assert await store.read(books.broken_at) is None
    assert await store.read(count, transfers) == GROUP_MAX
    assert await store.read(count, events) == 3 * GROUP_MAX
    states = await store.read(lambda conn: set(conn.scalars(select(table.c.state))))
    assert states == {State.DISPATCHED}


async def test_who_is_stale_is_stale_alone(store: Store) -> None:
    found = await sales(store, GROUP_MAX)
    await store.run(record.claim, found[20], 1, 7)
    results = await dispatched(store, found)
    assert [number for number, one in enumerate(results) if isinstance(one, record.Stale)] == [20]
    assert sum(isinstance(one, record.Attempt) for one in results) == GROUP_MAX - 1
    assert await store.read(count, events) == 3 * (GROUP_MAX - 1)
    assert await store.read(books.broken_at) is None


async def test_of_two_who_move_one_payment_in_one_group_the_first_does(store: Store) -> None:
    (payment,) = await sales(store, 1)
    results = await dispatched(store, [payment, payment])
    assert isinstance(results[0], record.Attempt)
    assert isinstance(results[1], record.Stale)


async def test_of_two_payments_under_one_counter_one_gets_it(store: Store) -> None:
    first, second = await sales(store, 2)
    units = (
        store.run(record.dispatch, entry(one, TO_DISPATCHED, counter=7), lambda stan: b"reversal")
        for one in (first, second)
    )
    results = await asyncio.gather(*units, return_exceptions=True)
    assert {type(one) for one in results} == {record.Attempt, record.KeyUsed}


async def test_a_trace_number_is_not_given_out_while_a_kept_reversal_needs_it(store: Store) -> None:
    first, second = await sales(store, 2)
    (attempt,) = await dispatched(store, [first])
    now = await store.read(payments.load, first.id)
    assert now is not None
    await store.run(record.record, entry(now, (Kind.HOST_DECLINED,), envelope=None))
    rewound = f"UPDATE counters SET value = {record.BLOCKS} WHERE name = 'stans'"
    await store.run(lambda conn: conn.exec_driver_sql(rewound))
    (again,) = await dispatched(store, [second])
    assert (attempt.stan, again.stan) == (1, 2)


async def test_a_disk_that_is_full_at_the_end_of_a_group_takes_nothing_of_it(store: Store) -> None:
    found = await sales(store, 5)
    pages = await store.run(lambda conn: conn.exec_driver_sql("PRAGMA page_count").scalar())
    await store.run(lambda conn: conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}").scalar())
    results = await asyncio.gather(
        *(store.run(inbox.keep, arrival(number)) for number in range(100, 400)), return_exceptions=True
    )
    refused = [one for one in results if isinstance(one, GatewayError)]
    assert refused
    assert {one.slug for one in refused} == {"store-full"}
    kept = len(found) + len(results) - len(refused)
    assert await store.read(count, table) == kept
    await store.run(inbox.keep, arrival(500))  # the limit was the connection's, and that was dropped
    assert await store.read(count, table) == kept + 1


@pytest.mark.parametrize("done", [True, False])
async def test_a_commit_that_broke_is_looked_for_and_numbers_go_on(
    done: bool, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sales(store, 2)
    real = Connection._commit_impl

    def breaks(conn: Connection) -> None:
        monkeypatch.undo()
        if done:
            real(conn)
        raise OperationalError("COMMIT", None, sqlite3.OperationalError("disk I/O error"))

    monkeypatch.setattr(Connection, "_commit_impl", breaks)
    units = (store.run(inbox.keep, arrival(number)) for number in (10, 11))
    results = await asyncio.gather(*units, return_exceptions=True)
    assert {isinstance(one, inbox.Kept) for one in results} == {done}
    kept = await store.run(inbox.keep, arrival(12))
    assert kept.payment_id == (5 if done else 3)


async def test_two_who_take_out_letters_in_one_group_never_get_the_same(store: Store) -> None:
    for payment in await sales(store, 10):
        composed = Composed(f"<{payment.id}@x>", "s@x", "m@x", b"letter")
        await store.run(letters.put, payment.id, letters.Queued(Letter.APPROVED, 1, composed), 5)
    first, second = await asyncio.gather(*(store.run(handover.claim, 9, 6) for _ in range(2)))
    taken = [row.id for row in (*first.rows, *second.rows)]
    assert len(taken) == len(set(taken)) == 10


async def test_whoever_changes_a_payment_beside_the_units_counts_it(store: Store) -> None:
    await sales(store, 1)
    with pytest.raises(Exception, match="every change counts the epoch up"):
        await store.run(lambda conn: conn.execute(update(table).values(due_ms=1)).rowcount)
