"""The store: group commit, what a failure means, who may write, and settings that are read back."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import OperationalError

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store import sqlite
from mail_gateway.store.engine import GROUP_MAX, Store, open_store
from mail_gateway.store.tables import counters, nodes


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/hagaki.db"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = open_store(url)
    yield opened
    await opened.close()


def add(conn: Connection, started_ms: int) -> int:
    number: int = conn.execute(insert(nodes).returning(nodes.c.id), {"started_ms": started_ms}).scalar_one()
    return number


def spoil(conn: Connection, *, late: bool = False) -> None:
    if late:
        add(conn, 1)
    raise LookupError("mine alone")


def count(conn: Connection) -> int:
    return conn.scalar(select(func.count()).select_from(nodes)) or 0


def groups(conn: Connection) -> int:
    return conn.execute(select(counters.c.value).where(counters.c.name == "groups")).scalar_one()


async def test_units_are_committed_together_and_one_that_fails_fails_alone(store: Store) -> None:
    units = [
        store.run(spoil if number % 10 == 3 else add, *([] if number % 10 == 3 else [number]))
        for number in range(200)
    ]
    results = await asyncio.gather(*units, return_exceptions=True)
    failed = [one for one in results if isinstance(one, LookupError)]
    assert len(failed) == 20
    assert await store.read(count) == 180
    assert await store.read(groups) <= 200 // GROUP_MAX + 2, "one commit for many"


async def test_one_that_fails_after_it_began_to_write_spoils_nobody_else(store: Store) -> None:
    units = [
        store.run(spoil, late=True) if number == 40 else store.run(add, number) for number in range(GROUP_MAX)
    ]
    results = await asyncio.gather(*units, return_exceptions=True)
    assert [number for number, one in enumerate(results) if isinstance(one, LookupError)] == [40]
    assert await store.read(count) == GROUP_MAX - 1
    assert await store.read(groups) <= 8, "the others share commits all the same"


async def test_who_only_asks_moves_no_disk(store: Store) -> None:
    before = await store.read(groups)
    assert await store.run(count) == 0
    assert await store.read(groups) == before


async def test_a_caller_that_leaves_does_not_take_its_unit_along(store: Store) -> None:
    leaving = asyncio.create_task(store.run(add, 1))
    await asyncio.sleep(0)
    leaving.cancel()
    await store.run(add, 2)
    assert await store.read(count) == 2


async def test_a_question_cannot_write(store: Store) -> None:
    with pytest.raises(GatewayError, match="store-failed"):
        await store.read(add, 1)
    assert await store.read(count) == 0


async def test_after_close_nothing_is_taken(url: str) -> None:
    store = open_store(url)
    await store.close()
    with pytest.raises(GatewayError, match="store-closed"):
        await store.run(add, 1)
    with pytest.raises(GatewayError, match="store-closed"):
        await store.read(count)


async def test_what_was_taken_is_finished_before_the_end(url: str) -> None:
    store = open_store(url)
    units = [asyncio.create_task(store.run(add, number)) for number in range(50)]
    await asyncio.sleep(0)
    await store.close()
    assert len(await asyncio.gather(*units)) == 50


async def test_a_second_gateway_gets_one_clear_sentence(store: Store, url: str) -> None:
    with pytest.raises(GatewayError, match="Another gateway is running") as caught:
        open_store(url)
    assert caught.value.disposition is Disposition.REFUSE


async def test_a_second_name_of_the_same_file_is_no_way_in(store: Store, tmp_path: Path, url: str) -> None:
    (tmp_path / "other.db").symlink_to(url.removeprefix("sqlite:///"))
    with pytest.raises(GatewayError, match="Another gateway is running"):
        open_store(f"sqlite:///{tmp_path}/other.db")


async def test_the_lock_goes_with_the_gateway(url: str) -> None:
    await open_store(url).close()
    await open_store(url).close()


async def test_the_command_line_writes_beside_it(store: Store, url: str) -> None:
    def guest() -> None:
        with sqlite.guest(url, write=True) as conn:
            add(conn, 5)

    await asyncio.gather(asyncio.to_thread(guest), *(store.run(add, number) for number in range(20)))
    assert await store.read(count) == 21


def full(conn: Connection) -> None:
    conn.exec_driver_sql("PRAGMA max_page_count = 1")
    conn.execute(text("CREATE TABLE big (x BLOB)"))
    conn.execute(text("INSERT INTO big VALUES (zeroblob(10000000))"))


async def test_a_full_disk_is_a_retry_and_loses_nothing_that_was_told(store: Store) -> None:
    await store.run(add, 1)
    results = await asyncio.gather(
        store.run(add, 2), store.run(full), store.run(add, 3), return_exceptions=True
    )
    errors = [one for one in results if isinstance(one, BaseException)]
    assert any(isinstance(one, GatewayError) and one.slug == "store-full" for one in errors)
    assert all(isinstance(one, GatewayError) and one.disposition is Disposition.RETRY for one in errors)
    told = 1 + sum(isinstance(one, int) for one in results)
    assert await store.read(count) == told
    await store.run(add, 4)
    assert await store.read(count) == told + 1


class Breaks:
    """A COMMIT that reports an error; done: whether it had happened all the same."""

    def __init__(self, *, done: bool) -> None:
        self.done = done
        self.left = 1

    def __call__(self, conn: Connection, real: Any) -> None:
        if self.left:
            self.left -= 1
            if self.done:
                real(conn)
            raise OperationalError("COMMIT", None, sqlite3.OperationalError("disk I/O error"))
        real(conn)


@pytest.mark.parametrize("done", [True, False])
async def test_after_a_commit_error_the_store_looks_before_it_says(
    done: bool, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.run(add, 1)
    breaks, real = Breaks(done=done), Connection._commit_impl
    monkeypatch.setattr(Connection, "_commit_impl", lambda conn: breaks(conn, real))
    result = (await asyncio.gather(store.run(add, 2), return_exceptions=True))[0]
    assert breaks.left == 0
    if done:
        assert result == 2, "it is there, so the caller is told"
    else:
        assert isinstance(result, GatewayError)
        assert result.disposition is Disposition.RETRY
    assert await store.read(count) == (2 if done else 1)
    await store.run(add, 3)


def test_settings_are_read_back(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sqlite._SETTINGS, "synchronous", 99)  # type: ignore[index]
    with pytest.raises(GatewayError, match="database-unsafe"):
        open_store(url)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("recursive_triggers", 1),
        ("secure_delete", 1),
    ],
)
async def test_every_connection_is_safe(name: str, value: str | int, store: Store) -> None:
    assert await store.run(lambda conn: conn.exec_driver_sql(f"PRAGMA {name}").scalar()) == value


def test_another_kind_of_database_is_refused_in_words() -> None:
    with pytest.raises(GatewayError, match="sqlite:///FILE"):
        open_store("oracle://localhost/hagaki")


async def test_a_writer_that_breaks_says_no_and_never_a_false_yes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(jobs: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(store._writer, "commit", broken)
        with pytest.raises(GatewayError, match="store-failed"):
            await store.run(add, 1)
        assert store._drain is not None
        await asyncio.wait([store._drain])
        assert isinstance(store._drain.exception(), ZeroDivisionError)
    await store.run(add, 2)
    assert await store.read(count) == 1


async def test_the_database_is_its_owners_alone(store: Store, tmp_path: Path) -> None:
    await store.run(add, 1)
    written = [path for path in tmp_path.iterdir() if path.suffix != ".lock"]
    assert written
    assert all(path.stat().st_mode & 0o077 == 0 for path in written)
