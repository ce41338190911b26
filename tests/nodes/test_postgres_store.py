"""The store on PostgreSQL: groups that meet, commits whose reply is lost, a database that comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from postgres_world import OWNER, Cluster, cluster, fresh_url
from sqlalchemy import Connection, bindparam, event, func, insert, select, text, update

from acquirer_sdk.values import Totals
from mail_gateway.domain.errors import GatewayError
from mail_gateway.store import nodes, postgres, totals
from mail_gateway.store.engine import Store, open_store
from mail_gateway.store.sheet import Line, Sheet, Stale, Step, foreseeing
from mail_gateway.store.tables import counters, mails, merchants
from mail_gateway.store.tables import nodes as lives

COUNT = select(func.count()).select_from(lives)


@pytest.fixture
async def two() -> AsyncIterator[tuple[Store, Store]]:
    """Two nodes' stores on one database."""
    url = fresh_url()
    pair = open_store(url), open_store(url)
    yield pair
    for store in pair:
        await store.close()


def how_many(conn: Connection) -> int:
    return int(conn.scalar(COUNT) or 0)


def shop(conn: Connection, name: str) -> int:
    row = dict.fromkeys(("mail", "language", "terminal_id", "merchant_id", "second_mail"), "")
    made = conn.execute(insert(merchants).returning(merchants.c.id), {**row, "name": name, "created_ms": 1})
    return int(made.scalar_one())


def spend(conn: Connection, limit: int) -> bool:
    """The classic: look at the sum, then add to it. Two that look at once must not both add."""
    spent = int(conn.scalar(select(func.count()).select_from(merchants)) or 0)
    if spent >= limit:
        return False
    shop(conn, f"{spent}-{conn.scalar(text('SELECT gen_random_uuid()'))}")
    return True


PUT = Line(Step.MAIL, insert(mails))
COUNTER = Line(Step.MARK, insert(counters))
VALUE = select(counters.c.value).where(counters.c.name == bindparam("its_name"))
SET = Line(
    Step.MARK,
    update(counters)
    .where(counters.c.name == bindparam("its_name"))
    .values(value=bindparam("its_value", type_=counters.c.value.type)),
    each=True,
)


def put(sheet: Sheet, row: dict[str, Any]) -> int:
    number = sheet.next_id(mails.name)
    sheet.add(PUT, {"id": number, "verdict": "new", **row})
    return number


def set_to(sheet: Sheet, name: str, value: int) -> None:
    sheet.add(SET, {"its_name": name, "its_value": value})


def _asked(names: tuple[str, ...]) -> Iterator[tuple[Any, dict[str, Any]]]:
    return ((VALUE, {"its_name": name}) for name in names)


@foreseeing(_asked)
def values(sheet: Sheet, names: tuple[str, ...]) -> list[int]:
    return [value for question in _asked(names) for (value,) in sheet.ask(*question)]


async def test_many_rows_of_one_line_arrive_as_they_are(two: tuple[Store, Store]) -> None:
    odd = [
        {"received_ms": -1, "sender": "", "content_hash": b"", "raw": None},
        {"received_ms": 2**62, "sender": 'カード {"a", \\ NULL}', "content_hash": b"\x00\xff", "raw": b""},
        {"received_ms": 0, "sender": "null", "content_hash": bytes(range(256)), "raw": b"\\x00" * 3000},
    ]
    rows = [dict(odd[n % 3], content_hash=odd[n % 3]["content_hash"] + bytes([n])) for n in range(40)]
    numbers = await asyncio.gather(*(two[0].run(put, row) for row in rows))
    asked = select(*(mails.c[name] for name in ("id", *rows[0]))).order_by(mails.c.id)
    found = await two[1].read(lambda conn: [dict(row) for row in conn.execute(asked).mappings()])
    assert found == sorted(
        ({"id": n, **row} for n, row in zip(numbers, rows, strict=True)), key=lambda row: row["id"]
    )


async def test_what_units_foresee_is_answered_to_each(two: tuple[Store, Store]) -> None:
    for name, value in (("a", 1), ("b", 2), ("c", 3)):
        await two[0].run(lambda sheet, row: sheet.add(COUNTER, row), {"name": name, "value": value})
    asked = (("a", "b"), ("none",), ("c", "none", "a"), ("b",), ("b",))
    assert await asyncio.gather(*(two[1].run(values, names) for names in asked)) == [
        [1, 2],
        [],
        [3, 1],
        [2],
        [2],
    ]


async def test_a_row_that_finds_nothing_spoils_only_its_unit(two: tuple[Store, Store]) -> None:
    await two[0].run(lambda sheet: sheet.add(COUNTER, {"name": "a", "value": 1}))
    units = (two[0].run(set_to, name, 5) for name in ("none", "a", "nobody"))
    told = await asyncio.gather(*units, return_exceptions=True)
    assert [type(one) for one in told] == [Stale, type(None), Stale]
    assert await two[0].run(values, ("a",)) == [5]


async def test_who_takes_over_numbers_on_behind_the_dead(two: tuple[Store, Store]) -> None:
    row = {"received_ms": 1, "content_hash": b""}
    before, dead = await two[0].run(put, row), await two[1].run(put, row)
    assert await two[0].run(put, row) < dead, "a block of its own"
    await two[0].renumber()
    assert before < dead < await two[0].run(put, row)


async def test_a_limit_is_never_overdrawn(two: tuple[Store, Store]) -> None:
    """Each looks and adds, many times, on both nodes at once: SERIALIZABLE, and the loser is done again."""
    for limit in range(5, 60, 5):
        told = await asyncio.gather(*(two[n % 2].run(spend, limit) for n in range(40)))
        assert sum(told) == 5


async def test_a_storm_of_conflicts_ends_and_counts_right(two: tuple[Store, Store]) -> None:
    """One hot row, both nodes at once: every unit is done exactly once."""

    def start(conn: Connection) -> None:
        conn.execute(insert(counters), {"name": "hot", "value": 0})

    def more(conn: Connection) -> None:
        value = conn.scalar(select(counters.c.value).where(counters.c.name == "hot"))
        conn.execute(update(counters).where(counters.c.name == "hot").values(value=(value or 0) + 1))

    await two[0].run(start)

    async def one_by_one(store: Store) -> None:
        for _ in range(40):
            await store.run(more)

    await asyncio.gather(one_by_one(two[0]), one_by_one(two[1]))
    hot = select(counters.c.value).where(counters.c.name == "hot")
    assert await two[0].read(lambda conn: conn.scalar(hot)) == 80


async def test_one_name_is_taken_once(two: tuple[Store, Store]) -> None:
    """A unique rule holds over both nodes: one wins, the other is told, and its neighbours are not hurt."""
    told = await asyncio.gather(
        *(store.run(shop, "Hagaki Store") for store in two),
        *(store.run(nodes.begin_life, 1) for store in two * 4),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Exception) for one in told) == 1
    assert isinstance(told[0], Exception) or isinstance(told[1], Exception)
    assert await two[0].read(how_many) == 8


async def test_a_commit_whose_reply_is_lost_is_found(two: tuple[Store, Store]) -> None:
    """The database committed, the connection broke before it could say so: nothing is done twice."""
    store = two[0]
    await store.run(nodes.begin_life, 1)
    lost: list[Any] = []

    @event.listens_for(store._writer._engine, "commit")
    def _(conn: Connection) -> None:
        if not lost:
            driver: Any = conn.connection.driver_connection
            lost.append(driver)
            driver.commit()
            driver.close()

    told = await asyncio.gather(*(store.run(nodes.begin_life, 2) for _ in range(5)))
    assert lost and len(set(told)) == 5
    assert await store.read(how_many) == 6


async def test_a_commit_that_did_not_happen_is_said(two: tuple[Store, Store]) -> None:
    store = two[0]
    await store.run(how_many)
    lost: list[Any] = []

    @event.listens_for(store._writer._engine, "commit")
    def _(conn: Connection) -> None:
        if not lost:
            lost.append(conn)
            driver: Any = conn.connection.driver_connection
            driver.close()

    told = await asyncio.gather(*(store.run(nodes.begin_life, 2) for _ in range(3)), return_exceptions=True)
    assert lost and all(isinstance(one, GatewayError) for one in told)
    assert await store.read(how_many) == 0
    assert await store.run(nodes.begin_life, 3), "and the next one is taken"


SLOW_COMMIT = (
    "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN PERFORM pg_sleep(0.7); RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON nodes DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW EXECUTE FUNCTION slow()",
)


async def test_a_commit_still_under_way_is_waited_for(two: tuple[Store, Store]) -> None:
    """The connection is gone, its transaction is not: whether it landed is known only when it has ended."""
    store = two[0]
    await store.run(how_many)
    name = await store.read(lambda conn: str(conn.scalar(text("SELECT current_database()"))))
    for statement in SLOW_COMMIT:
        cluster().sql(statement, name)
    left: list[Any] = []

    @event.listens_for(store._writer._engine, "commit")
    def _(conn: Connection) -> None:
        if not left:
            driver: Any = conn.connection.driver_connection
            left.append(driver)
            driver.pgconn.send_query(b"COMMIT")
            driver.pgconn.flush()
            driver.close()

    assert await store.run(nodes.begin_life, 2)
    assert left and await store.read(how_many) == 1


async def test_every_connection_is_cut_and_the_next_unit_goes_on(two: tuple[Store, Store]) -> None:
    store = two[0]
    await store.run(nodes.begin_life, 1)
    mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hagaki'"
    cluster().sql(mine)
    for ask in (store.run, store.read, store.keep):
        try:
            await ask(how_many)
        except GatewayError:
            await ask(how_many)
    assert await store.read(how_many) == 1


async def test_a_database_that_restarts_loses_nothing() -> None:
    """Its power fails under load; what was told to be stored is there, and the rest was told not to be."""
    server = Cluster()
    server.make()
    try:
        server.sql("CREATE DATABASE hagaki")
        postgres.grow(server.url("hagaki", OWNER), "hagaki_gateway")
        store = open_store(server.url("hagaki"))
        told = [asyncio.create_task(store.run(nodes.begin_life, n)) for n in range(100)]
        await asyncio.wait(told, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.to_thread(server.stop)
        found = await asyncio.gather(*told, return_exceptions=True)
        await asyncio.to_thread(server.start)
        kept = {one for one in found if isinstance(one, int)}
        there = set(await store.read(lambda conn: list(conn.scalars(select(lives.c.id)))))
        assert kept <= there
        assert all(isinstance(one, GatewayError) for one in found if not isinstance(one, int))
        await store.close()
    finally:
        server.close()


async def test_of_two_nodes_one_asks_for_a_days_totals(two: tuple[Store, Store]) -> None:
    begun = [store.run(totals.begin, "cafis", "2026-11-21", 392, 1) for store in two]
    assert sorted(await asyncio.gather(*begun)) == [False, True]
    seen = [await store.read(totals.due, 1) for store in two]
    nothing = Totals("2026-11-21", 392, 0, 0, 0, 0)
    mark = {"due_ms": 2, "attempts": 1, "ours": nothing}
    asking = [store.run(totals.change, rows[0], mark) for store, rows in zip(two, seen, strict=True)]
    assert sorted(await asyncio.gather(*asking)) == [False, True]
    (row,) = await two[0].read(totals.listed)
    assert (row.attempts, row.ours, row.theirs) == (1, nothing, None)
    day = totals.Day("2026-11-21", 392, ("cafis", ""), (0, 1 << 40))
    assert await two[0].read(totals.posted, day, 0, 1 << 60) == nothing
    assert await two[0].read(totals.differences, day) == await two[0].read(totals.open_payments, day) == []
