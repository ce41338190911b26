"""The book: what was answered is on the disk, and no debit goes a way that its table does not have."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from debit_world import COLLECTION, World, debit, reference

from bank_debit.asked import new_debit
from bank_debit.book import VERSION, Book, BookError, BookUnsure
from bank_debit.cutting import CutError
from bank_debit.debit import Batch, Move, State, moved

ACCEPTING = """
import asyncio, pathlib, sys
from debit_world import World, debit, reference
from acquirer_sdk.values import Ready

async def main():
    adapter = World(pathlib.Path(sys.argv[1])).adapter()
    await adapter.start(lambda _: None)
    while not isinstance(adapter.ready(), Ready):
        await asyncio.sleep(0.001)
    for number in range(1, 100_000):
        await adapter.authorise(debit(number))
        print(reference(number), flush=True)

asyncio.run(main())
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "debit.db")


def put(world: World, book: Book, number: int = 1) -> None:
    new = new_debit(debit(number), world.now_ms, world.contract)
    book.put(new, [COLLECTION])


def test_whatever_was_accepted_survives_a_kill(world: World) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    command = [sys.executable, "-c", ACCEPTING, str(world.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as accepting:
        assert accepting.stdout is not None
        told = [accepting.stdout.readline().strip() for _ in range(20)]
        accepting.send_signal(signal.SIGKILL)
        told += [line.strip() for line in accepting.stdout if line.endswith("\n")]
    assert told[0] == reference(1)
    for one in told:
        assert world.find(one).state is State.OPEN


def go(book: Book, move: Move) -> None:
    if move is Move.CUT:
        book.cut(Batch(COLLECTION, 0, b"", None), [reference(1)])
    else:
        book.move(reference(1), move, **RESULTS.get(move, {}))


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("move", list(Move))
def test_a_debit_goes_only_the_ways_of_its_table(world: World, state: State, move: Move) -> None:
    book = Book(":memory:")
    put(world, book)
    for step in WAYS[state]:
        go(book, step)
    wanted = moved(state, move)
    if wanted is None:
        with pytest.raises((BookError, sqlite3.IntegrityError)):
            go(book, move)
    else:
        go(book, move)
    found = book.find(reference(1))
    book.close()
    assert found is not None
    assert found.state is (wanted or state)


RESULTS: dict[Move, dict[str, int]] = {Move.COLLECT: {"result": 0}, Move.FAIL: {"result": 1}}
WAYS: dict[State, tuple[Move, ...]] = {
    State.OPEN: (),
    State.AT_BANK: (Move.CUT,),
    State.COLLECTED: (Move.CUT, Move.COLLECT),
    State.UNPAID: (Move.CUT, Move.FAIL),
    State.VOIDED: (Move.VOID,),
    State.REVERSED: (Move.REVERSE,),
    State.PAID_BACK: (Move.CUT, Move.COLLECT, Move.PAY_BACK),
}


def test_a_work_that_stumbles_leaves_nothing(world: World) -> None:
    def stumble(book: Book) -> None:
        put(world, book)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.do(stumble)
    assert world.do(lambda book: book.find(reference(1))) is None


def test_a_commit_that_fails_is_not_taken_for_done(tmp_path: Path) -> None:
    path = tmp_path / "debit.db"
    book = Book(str(path))
    with pytest.raises(BookUnsure), book.unit():
        book._db.execute("PRAGMA defer_foreign_keys = on")
        book._db.execute("INSERT INTO answers VALUES (x'00', '2026-11-27', 0)")
    with book.unit():
        assert book.batches() == []
    book.close()


def test_the_same_record_stands_in_one_file_only(world: World) -> None:
    book = Book(":memory:")
    put(world, book)
    book.cut(Batch(COLLECTION, 0, b"", None), [reference(1)])
    with pytest.raises(BookError):
        book.cut(Batch(COLLECTION + timedelta(days=31), 0, b"", None), [reference(1)])
    book.close()


@pytest.mark.parametrize("way", ["folder", "text", "later"])
def test_a_book_that_is_none_is_said(tmp_path: Path, way: str) -> None:
    path = tmp_path / "debit.db"
    if way == "folder":
        path.mkdir()
    elif way == "text":
        path.write_text("dear diary, " * 100, encoding="utf-8")
    else:
        Book(str(path)).close()
        later = sqlite3.connect(path)
        later.execute(f"PRAGMA user_version = {VERSION + 1}")
        later.close()
    with pytest.raises(BookError, match="cannot be opened"):
        Book(str(path))


def test_what_went_wrong_never_says_what_was_written(world: World) -> None:
    book = Book(":memory:")
    put(world, book)
    with pytest.raises(BookError) as raised, book.unit():
        put(world, book)
    book.close()
    assert "1000001" not in f"{raised.value!r} {raised.value.__context__!r}"


def test_what_is_finished_can_be_forgotten_and_nothing_else(world: World) -> None:
    def work(book: Book) -> tuple[int, int]:
        for number in (1, 2):
            put(world, book, number)
        book.cut(Batch(COLLECTION, 0, b"file", None), [reference(1), reference(2)])
        book.move(reference(1), Move.COLLECT, result=0)
        later = COLLECTION + timedelta(days=1)
        before = book.forget(later)
        book.move(reference(2), Move.FAIL, result=1)
        book.answered(COLLECTION, b"what the bank said", 0)
        assert book.forget(COLLECTION) == 0
        return before, book.forget(later)

    assert world.do(work) == (0, 2)
    found = world.find(reference(1))
    assert (found.number, found.holder, found.mandate, found.customer) == ("", "", "", "")
    assert (found.state, found.amount_minor, found.result) == (State.COLLECTED, 1200, 0)
    for part in world.path.parent.iterdir():
        data = part.read_bytes()
        assert not any(secret in data for secret in (b"1000001", "ﾔﾏﾀﾞ".encode(), b"what the bank said"))
    with pytest.raises(CutError, match="wiped"):
        world.cut()
