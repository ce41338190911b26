"""What the database itself keeps of holds and captures, whoever writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from test_store_rules import FACTS, KINDS, _engine, do

from mail_gateway.domain.payment import Kind, State, step

HOLD, FIRST, SECOND = 2, 3, 4
SENT = (Kind.OPENED, Kind.ACCEPTED, Kind.DISPATCHED)
LET_GO = (Kind.REVERSAL_DUE, Kind.REVERSAL_ACKED, Kind.CONFIRMED_AGAIN)


def begin(conn: Connection, number: int, kind: str, minor: int = 1200) -> None:
    original, hold = (HOLD, 0) if kind == "capture" else ("NULL", 1)
    do(
        conn,
        "INSERT INTO payments (id, reader, received_ms, envelope_hash, ksn, amount_minor, currency, kind, "
        f"original, order_id, hold) VALUES ({number}, 1, 1, x'0{number}', x'03', {minor}, 392, '{kind}', "
        f"{original}, 7, {hold})",
    )


def walk(conn: Connection, number: int, *kinds: Kind) -> None:
    """As the clerk writes it: an event, then the state that it leads to."""
    for kind in kinds:
        asked = f"SELECT state FROM payments WHERE id = {number}"
        before = State(do(conn, asked).scalar_one())
        after = step(before, kind)
        row = f"(SELECT max(id) + 1 FROM events), {number}, 1, '{before}', '{kind}', '{after}', '{{}}'"
        do(
            conn,
            f"INSERT INTO events (id, payment, at_ms, before, kind, after, facts) VALUES ({row})",
        )
        sent = f", stan = {number}, reversal = x'01'" if after is State.DISPATCHED else ""
        ended = ", reversal = NULL" if after in (State.APPROVED, State.CAPTURED) else ""
        do(
            conn,
            f"UPDATE payments SET epoch = epoch + 1, state = '{after}'{sent}{ended} WHERE id = {number}",
        )


@pytest.fixture(params=KINDS)
def conn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """A database with one amount that is held."""
    engine = _engine(request.param, tmp_path)
    with engine.connect() as opened:
        with opened.begin():
            for statement in FACTS:
                do(opened, statement)
            begin(opened, HOLD, "sale")
            walk(opened, HOLD, *SENT, Kind.HOST_HELD)
        yield opened
    engine.dispose()


def capture(conn: Connection, number: int, *after: Kind) -> None:
    begin(conn, number, "capture")
    walk(conn, number, *SENT, *after)


def release(conn: Connection) -> None:
    walk(conn, HOLD, Kind.RELEASE_DUE)


def two_at_once(conn: Connection) -> None:
    capture(conn, FIRST)
    capture(conn, SECOND)


def two_in_turn(conn: Connection) -> None:
    capture(conn, FIRST, Kind.HOST_APPROVED)
    capture(conn, SECOND)


def while_the_first_is_being_undone(conn: Connection) -> None:
    capture(conn, FIRST, Kind.SILENCE, Kind.REVERSAL_DUE)
    capture(conn, SECOND)


def more_than_is_held(conn: Connection) -> None:
    begin(conn, FIRST, "capture", 1201)
    walk(conn, FIRST, *SENT)


def of_what_was_released(conn: Connection) -> None:
    release(conn)
    capture(conn, FIRST)


def released_while_it_is_taken(conn: Connection) -> None:
    capture(conn, FIRST)
    release(conn)


def released_after_it_was_taken(conn: Connection) -> None:
    capture(conn, FIRST, Kind.HOST_APPROVED)
    release(conn)


def captured_by_nobody(conn: Connection) -> None:
    walk(conn, HOLD, Kind.CAPTURED)


def captured_by_one_that_was_refused(conn: Connection) -> None:
    capture(conn, FIRST, Kind.HOST_DECLINED)
    walk(conn, HOLD, Kind.CAPTURED)


def a_capture_of_nothing(conn: Connection) -> None:
    do(
        conn,
        "INSERT INTO payments (id, reader, received_ms, envelope_hash, ksn, kind) "
        "VALUES (9, 1, 1, x'99', x'03', 'capture')",
    )


ILLEGAL = (
    *(two_at_once, two_in_turn, while_the_first_is_being_undone, more_than_is_held, of_what_was_released),
    *(released_while_it_is_taken, released_after_it_was_taken, captured_by_nobody),
    *(captured_by_one_that_was_refused, a_capture_of_nothing),
)


def test_the_database_refuses_what_takes_twice_and_lets_go_too_early(conn: Connection) -> None:
    for what in ILLEGAL:
        with pytest.raises(DBAPIError, match=r"payments:|a_capture_has_a_hold"), conn.begin():
            what(conn)
            pytest.fail(f"{what.__name__} was taken")


def test_what_was_undone_is_taken_by_another_and_what_nobody_took_is_released(conn: Connection) -> None:
    with conn.begin():
        capture(conn, FIRST, Kind.SILENCE, *LET_GO)
        capture(conn, SECOND, Kind.HOST_APPROVED)
        walk(conn, HOLD, Kind.CAPTURED)
        walk(conn, FIRST, Kind.LATE_APPROVAL, *LET_GO[1:])
        conn.rollback()
    with conn.begin():
        capture(conn, FIRST, Kind.HOST_DECLINED)
        walk(conn, HOLD, Kind.RELEASE_DUE, *LET_GO[1:])
