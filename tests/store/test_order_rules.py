"""Rules about orders that the database itself keeps, whoever writes: each illegal statement is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_world import OWNER, cluster
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from mail_gateway.domain.order import ORDER_TRANSITIONS
from mail_gateway.store import migrate, postgres, sqlite

ORDER = (
    "INSERT INTO orders (id, merchant, deal_id, customer, means, state, code, deal, request_hash, placed_ms, "
    "currency, total_minor, tax_minor, settle, until_ms) VALUES ({0}, 1, '{1}', 1, 1, '{2}', 'BCDFH', "
    "'\\x01', '\\x02', 1, 392, {3}, 0, 'daily', 9)"
)
MOVE = "INSERT INTO order_events (order_id, at_ms, before, kind, after) VALUES (1, 1, '{}', '{}', '{}')"
CHANGE = "UPDATE orders SET epoch = epoch + 1, "
ASK = "INSERT INTO confirmations (order_id, state, asked_ms, until_ms, how) VALUES ({}, '{}', 1, 9, '')"
GIVE = (
    "INSERT INTO order_returns (order_id, return_id, amount_minor, asked_ms, hash) "
    "VALUES (1, '{}', {}, 1, '\\x01')"
)
FACTS = (
    "INSERT INTO merchants (id, name, mail, language, terminal_id, merchant_id, created_ms) "
    "VALUES (1, 'm', 'm@x', 'en', '', '', 1)",
    "INSERT INTO customers (id, customer_id, name, mail, language, created_ms) "
    "VALUES (1, 'C', 'c', 'c@x', 'en', 1)",
    "INSERT INTO means (id, customer, kind, shown, wrapped, created_ms) "
    "VALUES (1, 1, 'card', '', '\\x01', 1)",
    "INSERT INTO products (id, merchant, code, name, unit_minor, currency, stock, reserved) "
    "VALUES (1, 1, 'TEA', 'Tea', 400, 392, 3, 2)",
    ORDER.format(1, "D-1", "placed", 400),
    "INSERT INTO order_lines (order_id, place, product, name, unit_minor, quantity, tax_rate) "
    "VALUES (1, 1, 1, 'Tea', 400, 1, 8)",
    MOVE.format("placed", "asked", "asked"),
    CHANGE + "state = 'asked', made_ms = 5 WHERE id = 1",
    ASK.format(1, "asked"),
    GIVE.format("R-1", 100),
    GIVE.format("R-2", 100),
    "UPDATE order_returns SET state = 'done' WHERE return_id = 'R-1'",
    CHANGE + "returned_minor = 100 WHERE id = 1",
)
ILLEGAL = {
    "a state without its event": CHANGE + "state = 'confirmed' WHERE id = 1",
    "an arrow the table does not know": MOVE.format("asked", "captured", "captured"),
    "an event that does not begin where the last one ended": MOVE.format("placed", "cancelled", "cancelled"),
    "a change that does not count": "UPDATE orders SET due_ms = 5 WHERE id = 1",
    "a price changed": CHANGE + "total_minor = 1 WHERE id = 1",
    "a customer changed": CHANGE + "customer = 1, code = 'XXXXX' WHERE id = 1",
    "made at another time": CHANGE + "made_ms = 6 WHERE id = 1",
    "made taken back": CHANGE + "made_ms = NULL WHERE id = 1",
    "an order deleted": "DELETE FROM orders",
    "an order that begins as confirmed": ORDER.format(2, "D-2", "confirmed", 400),
    "an order that costs nothing": ORDER.format(2, "D-2", "placed", 0),
    "a deal ID used twice": ORDER.format(2, "D-1", "placed", 400),
    "an event changed": "UPDATE order_events SET facts = '1'",
    "an event deleted": "DELETE FROM order_events",
    "a line changed": "UPDATE order_lines SET quantity = 2",
    "a line deleted": "DELETE FROM order_lines",
    "an asking that begins as yes": "INSERT INTO confirmations (order_id, state, asked_ms, until_ms) "
    "VALUES (1, 'yes', 1, 9)",
    "an arrow of the asking that there is not": "UPDATE confirmations SET state = 'asked' WHERE state = 'no'",
    "a decision changed": "UPDATE confirmations SET how = 'x' WHERE state = 'no'",
    "an asking deleted": "DELETE FROM confirmations",
    "more returned than its returns make": CHANGE + "returned_minor = 101 WHERE id = 1",
    "less returned than its returns make": CHANGE + "returned_minor = 0 WHERE id = 1",
    "a return of nothing": GIVE.format("R-3", 0),
    "a return ID used twice": GIVE.format("R-2", 1),
    "a return that begins as done": GIVE.format("R-3", 1)
    .replace("hash) ", "hash, state) ")
    .replace("01')", "01', 'done')"),
    "a return of another amount": "UPDATE order_returns SET amount_minor = 5",
    "a return that is done twice": "UPDATE order_returns SET state = 'refused' WHERE return_id = 'R-1'",
    "a return done by a payment that is none": "UPDATE order_returns SET state = 'done', payment = 9 "
    "WHERE return_id = 'R-2'",
    "a return deleted": "DELETE FROM order_returns",
    "more sold than there is": "UPDATE products SET reserved = reserved + 2 WHERE id = 1",
    "stock taken from those who reserved it": "UPDATE products SET stock = 1 WHERE id = 1",
    "less than nothing reserved": "UPDATE products SET reserved = -1 WHERE id = 1",
}


def do(conn: Connection, statement: str) -> None:
    """One statement, its byte strings said in the database's own way."""
    if conn.dialect.name == "sqlite":
        statement = statement.replace("'\\x", "x'")
    conn.execute(text(statement))


def _engine(kind: str, folder: Path) -> Engine:
    if kind == "postgresql":
        return postgres.writer(cluster().url(cluster().fresh(), OWNER))
    engine = sqlite.writer(f"sqlite:///{folder}/hagaki.db")
    migrate.upgrade(engine)
    return engine


@pytest.fixture(params=("sqlite", "postgresql"))
def conn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """One order that is asked, after one that said no."""
    engine = _engine(request.param, tmp_path)
    with engine.connect() as open_connection:
        with open_connection.begin():
            for statement in FACTS:
                do(open_connection, statement)
        yield open_connection
    engine.dispose()


def test_the_database_refuses_what_no_order_may_do(conn: Connection) -> None:
    with conn.begin():
        do(conn, "UPDATE confirmations SET state = 'no', how = 'mail' WHERE order_id = 1")
    for what, statement in ILLEGAL.items():
        with pytest.raises(DBAPIError), conn.begin():
            do(conn, statement)
            pytest.fail(what)


def test_every_arrow_of_the_table_is_known_and_no_other(conn: Connection) -> None:
    with conn.begin():
        rows = conn.execute(text("SELECT before, kind, after FROM order_transitions"))
        stored = {tuple(row) for row in rows}
    assert stored == {(b, k, a) for b, arrows in ORDER_TRANSITIONS.items() for k, a in arrows.items()}
