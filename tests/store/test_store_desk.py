"""What the desk asks of the disk says the same on both databases, and what it writes stays as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from test_store_rules import KINDS, _engine

from mail_gateway.domain.desk import Verb
from mail_gateway.domain.news import Composed
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import State, Trade
from mail_gateway.store import desk, replies, shops
from mail_gateway.store.sheet import Stale
from mail_gateway.store.tables import (
    events,
    keys,
    letters,
    mails,
    merchants,
    nodes,
    payments,
    readers,
    transfers,
)

HASH = b"\x01"
SALE = ("acquirer-receivable", "merchant-payable")
DOUBT = ("acquirer-receivable", "in-doubt")
ENTRIES = (
    (1, 11, SALE, 100, "posted"),
    (2, 21, SALE, 200, "posted"),
    (4, 41, SALE, 400, "posted"),
    (5, 51, SALE[::-1], 40, "posted"),
    (3, 31, SALE, 300, "pending"),
    (3, 32, DOUBT, 300, "posted"),
)
"""Payment, moment, sides, amount, phase."""


def add(conn: Connection, table: Any, **row: Any) -> None:
    conn.execute(table.insert(), row)


def town(conn: Connection) -> None:
    """Two merchants: the first has two readers; sales with one slip number on both, a return, and doubt."""
    add(conn, keys, id="AA", wrapped=b"", kcv="", created_ms=1)
    add(conn, nodes, id=1, started_ms=1)
    for number in (1, 2):
        names = {"language": "en", "terminal_id": "", "merchant_id": ""}
        add(conn, merchants, id=number, name=f"m{number}", mail="m@x.example", created_ms=1, **names)
    for number, merchant in ((1, 1), (2, 1), (3, 2)):
        key_id = bytes(4) + (1000 + number).to_bytes(4, "big")
        add(conn, readers, id=number, key_id=key_id, bdk_id="AA", merchant=merchant, created_ms=1)
    for sale in ((1, 1, 7, 100), (2, 2, 7, 200), (3, 1, 51234, 300), (4, 3, 7, 400)):
        pay(conn, sale)
    pay(conn, (5, 1, 8, 40), kind="refund", original=1)
    moved = {"before": "received", "kind": "opened", "after": "opened", "facts": "{}"}
    add(conn, events, id=1, payment=1, at_ms=1, **moved)
    for place, entry in enumerate(ENTRIES, 1):
        post(conn, place, entry)


def pay(conn: Connection, sale: tuple[int, int, int, int], **more: Any) -> None:
    number, reader, slip, amount = sale
    row = {"received_ms": number * 10, "envelope_hash": bytes([number]), "ksn": b"k", "currency": 392, **more}
    add(conn, payments, id=number, reader=reader, slip=slip, amount_minor=amount, **row)


def post(conn: Connection, place: int, entry: tuple[int, int, tuple[str, str], int, str]) -> None:
    payment, at_ms, (debit, credit), amount, phase = entry
    where = {
        "payment": payment,
        "event": 1,
        "lane": 1,
        "place": place,
        "at_ms": at_ms,
        "chain": bytes([place]),
    }
    moved = {"debit": debit, "credit": credit, "amount_minor": amount, "currency": 392, "phase": phase}
    add(conn, transfers, **where, **moved)


@pytest.fixture(params=KINDS)
def conn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    engine = _engine(request.param, tmp_path)
    with engine.connect() as open_connection, open_connection.begin():
        town(open_connection)
        yield open_connection
    engine.dispose()


def test_takings_are_the_posted_entries_of_that_merchant_in_that_time(conn: Connection) -> None:
    found = desk.taken(conn, 1, 11, 60)
    assert [(one.id, one.reader, one.posted_ms, one.signed_minor) for one in found] == [
        (1, 1001, 11, 100),
        (2, 1002, 21, 200),
        (5, 1001, 51, -40),
    ]
    assert [one.id for one in desk.taken(conn, 1, 12, 51)] == [2], (
        "from its first moment up to its last, not with"
    )
    assert desk.taken_in_full(conn, 0, 100) == {}
    for name in ("m1", "m2"):
        shops.change(conn, name, {"digest": "full"})
    every = desk.taken_in_full(conn, 0, 100)
    assert {number: [one.id for one in sales] for number, sales in every.items()} == {1: [1, 2, 5], 2: [4]}


def test_sales_as_they_stand(conn: Connection) -> None:
    assert [one.id for one in desk.of_merchant(conn, 1, 0, 3)] == [5, 3, 2]
    assert [one.id for one in desk.still_open(conn, 1)] == [1, 2, 3, 5]
    one = desk.sale(conn, 1, 5)
    assert one is not None
    assert (one.kind, one.state, one.original, one.posted_ms) == (Trade.REFUND, State.RECEIVED, 1, 51)
    assert desk.sale(conn, 1, 4) is None and desk.sale(conn, 2, 4) is not None


@pytest.mark.parametrize(
    ("number", "numbers"),
    [
        *(("7", [2, 1]), ("8", [5]), ("00007", [2, 1]), ("51234", [3]), ("1234", [3]), ("000000000003", [3])),
        *(
            ("5", [5]),
            ("3", [3]),
            ("000000000004", []),
            ("4", [3]),
            ("999999999999", []),
            ("0", []),
            ("99", []),
        ),
    ],
)
def test_a_number_is_a_slip_or_else_the_end_of_one(conn: Connection, number: str, numbers: list[int]) -> None:
    assert [one.id for one in desk.found(conn, 1, number)] == numbers


def test_one_answer_is_one_unit_and_never_changes(conn: Connection) -> None:
    add(conn, mails, id=9, received_ms=1, verdict="reply", content_hash=HASH, merchant=1)
    composed = Composed("<1@x>", "s@x.example", "m@x.example", b"raw")
    issued = desk.Issued(1, 70, "{}", "text", b"%PDF")
    order = desk.Order(9, 1, Verb.RECEIPT, 1)
    done = desk.Done(letter=(Letter.RECEIPT, composed), receipt=issued)
    desk.answer(conn, order, done, 70)  # type: ignore[arg-type]
    assert desk.issued(conn, 1) == issued and desk.issued(conn, 2) is None
    assert desk.orders_since(conn, 1, 69) == {"receipt": 1} and desk.orders_since(conn, 1, 70) == {}
    assert not desk.has_result(conn, 1), "a notice is no result"
    with pytest.raises(Stale):
        desk.answer(conn, order, done, 71)  # type: ignore[arg-type]
    assert conn.execute(letters.select()).one().merchant == 1
    assert replies.sent(conn, 1, None) == [b"raw"] and replies.sent(conn, 2, None) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE receipts SET body = ''",
        "DELETE FROM receipts",
        "UPDATE desk_orders SET verb = 'list'",
        "DELETE FROM desk_orders",
    ],
)
def test_what_was_given_out_is_never_changed(conn: Connection, statement: str) -> None:
    test_one_answer_is_one_unit_and_never_changes(conn)
    with pytest.raises(DBAPIError), conn.begin_nested():
        conn.execute(text(statement))


def test_a_shop_is_its_merchant_until_something_is_set(conn: Connection) -> None:
    assert (shops.shop_of(conn, 1).issuer, shops.shop_of(conn, 1).rate, shops.closed_in_full(conn)) == (
        "m1",
        10,
        set(),
    )
    row = shops.change(conn, "m1", {"issuer": "Mountain", "rate": 8, "digest": "full"})
    assert (row["merchant"], row["rounding"]) == ("m1", "down")
    shops.change(conn, "m1", {"rounding": "up"})
    shop = shops.shop_of(conn, 1)
    assert (shop.issuer, shop.rate, shop.rounding.value, shops.closed_in_full(conn)) == (
        "Mountain",
        8,
        "up",
        {1},
    )
    for wrong in ({"rate": 9}, {"rounding": "off"}, {"digest": "none"}):
        with pytest.raises(DBAPIError), conn.begin_nested():
            shops.change(conn, "m1", wrong)
