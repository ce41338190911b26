"""Rules that the database itself keeps, whoever writes: each illegal statement is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from postgres_world import OWNER, cluster
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from mail_gateway.domain.payment import TRANSITIONS, State
from mail_gateway.store import books, migrate, postgres, rules_sql, sqlite
from mail_gateway.store.tables import metadata

PAYMENT = (
    "INSERT INTO payments (id, reader, received_ms, envelope_hash, envelope, ksn, amount_minor, currency) "
    "VALUES (1, 1, 1, x'01', x'02', x'03', 100, 392)"
)
CHANGE = "UPDATE payments SET epoch = epoch + 1, "
MOVE = (
    "INSERT INTO events (id, payment, at_ms, before, kind, after, facts) "
    "VALUES ({}, 1, 1, '{}', '{}', '{}', '{{}}')"
)
LETTER = (
    "INSERT INTO letters (id, payment, kind, version, message_id, sender, recipient, raw, created_ms, rank, "
    "state) VALUES ({0}, 1, 'approved', 1, '<{0}>', 's', 'r', x'00', 1, 1, 'due')"
)
TRANSFER = (
    "INSERT INTO transfers (id, payment, event, lane, place, at_ms, debit, credit, amount_minor, currency, "
    "phase, chain) VALUES ({0}, 1, 1, 1, {0}, 1, '{1}', '{2}', {3}, 392, 'posted', x'{4:02x}')"
)

WANT = (
    "INSERT INTO wants (id, payment, phase, round, state, items, asked_ms, until_ms) "
    "VALUES ({}, 1, '{}', {}, '{}', 'product-code', 1, 2)"
)
ANSWER = "UPDATE wants SET epoch = epoch + 1, "

KINDS = ("sqlite", "postgresql")
FACTS = (
    "INSERT INTO keys (id, wrapped, kcv, created_ms) VALUES ('AA', x'00', '', 1)",
    "INSERT INTO merchants VALUES (1, 'm', 'm@x', 'en', '', '', 1, '', '')",
    "INSERT INTO readers VALUES (1, x'01', 'AA', 1, 0, 1, NULL)",
    "INSERT INTO nodes VALUES (1, 1)",
    PAYMENT,
    MOVE.format(1, "received", "opened", "opened"),
    CHANGE + "state = 'opened', counter = 1, sale_hash = x'09' WHERE id = 1",
    TRANSFER.format(1, "bank", "fees", 5, 1),
    LETTER.format(1),
    "INSERT INTO answers (id, at_ms, reference, stan, outcome) VALUES (1, 1, '1', 1, 'Approved')",
    WANT.format(1, "after", 1, "asked"),
)


def do(conn: Connection, statement: str) -> Any:
    """One statement, its byte strings said in the database's own way."""
    if conn.dialect.name == "postgresql":
        statement = re.sub(r"x'([0-9a-f]*)'", r"decode('\1', 'hex')", statement)
    return conn.execute(text(statement))


def image(conn: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row there is."""
    with conn.begin():
        return {
            name: sorted((tuple(row) for row in conn.execute(select(table))), key=repr)
            for name, table in metadata.tables.items()
        }


def _engine(kind: str, folder: Path) -> Engine:
    if kind == "sqlite":
        engine = sqlite.writer(f"sqlite:///{folder}/hagaki.db")
        migrate.upgrade(engine)
        return engine
    return postgres.writer(cluster().url(cluster().fresh(), OWNER))


@pytest.fixture(params=KINDS)
def conn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """A database with one payment that was opened, one transfer, one letter and one answer."""
    engine = _engine(request.param, tmp_path)
    with engine.connect() as open_connection:
        with open_connection.begin():
            for statement in FACTS:
                do(open_connection, statement)
        yield open_connection
    engine.dispose()


ILLEGAL = {
    "a state without its event": CHANGE + "state = 'ready' WHERE id = 1",
    "a state the table does not know": CHANGE + "state = 'approved' WHERE id = 1",
    "an arrow the table does not know": MOVE.format(2, "opened", "host-approved", "approved"),
    "an event that does not begin where the last one ended": MOVE.format(
        2, "received", "unreadable", "refused"
    ),
    "a change that does not count": "UPDATE payments" + " SET due_ms = 5 WHERE id = 1",
    "an event changed": "UPDATE events SET facts = '' WHERE id = 1",
    "an event deleted": "DELETE FROM events",
    "an event replaced": "REPLACE INTO events (id, payment, at_ms, before, kind, after, facts) "
    "VALUES (1, 1, 2, 'received', 'opened', 'opened', '{}')",
    "a transfer changed": "UPDATE transfers SET amount_minor = 6 WHERE id = 1",
    "a transfer deleted": "DELETE FROM transfers",
    "a transfer replaced": TRANSFER.replace("INSERT", "REPLACE").format(1, "bank", "fees", 9, 1),
    "a transfer of nothing": TRANSFER.format(2, "bank", "fees", 0, 2),
    "a transfer of less than nothing": TRANSFER.format(2, "bank", "fees", -5, 2),
    "a transfer from an account to itself": TRANSFER.format(2, "bank", "bank", 5, 2),
    "a transfer of half a yen": TRANSFER.format(2, "bank", "fees", "'12.5'", 2),
    "a second transfer at one place of a lane": TRANSFER.format(2, "bank", "fees", 5, 2).replace(
        "(2, 1, 1, 1, 2,", "(2, 1, 1, 1, 1,"
    ),
    "an answer changed": "UPDATE answers SET code = '05'",
    "an answer deleted": "DELETE FROM answers",
    "a payment deleted": "DELETE FROM payments",
    "a mail's envelope for a second payment": PAYMENT.replace("(1, 1, 1", "(2, 1, 1"),
    "a payment born approved": PAYMENT.replace("currency)", "currency, state)")
    .replace("392)", "392, 'approved')")
    .replace("(1, 1, 1, x'01'", "(2, 1, 1, x'05'"),
    "an event of no payment": MOVE.format(2, "received", "opened", "opened").replace("(2, 1,", "(2, 9,"),
    "a transfer of no event": TRANSFER.format(2, "bank", "fees", 5, 2).replace("(2, 1, 1,", "(2, 1, 9,"),
    "a transfer in a lane of no node": TRANSFER.format(2, "bank", "fees", 5, 2).replace(
        "(2, 1, 1, 1,", "(2, 1, 1, 9,"
    ),
    "an answer for no payment": "INSERT INTO answers (id, at_ms, payment, reference, stan, outcome) "
    "VALUES (2, 1, 9, '1', 1, 'Approved')",
    "a payment of nobody's reader": PAYMENT.replace("(1, 1, 1, x'01'", "(2, 7, 1, x'05'"),
    "another counter": CHANGE + "counter = 2 WHERE id = 1",
    "another content": CHANGE + "sale_hash = x'08' WHERE id = 1",
    "another envelope hash": CHANGE + "envelope_hash = x'08' WHERE id = 1",
    "a negative amount": CHANGE + "amount_minor = -1 WHERE id = 1",
    "another kind": CHANGE + "kind = 'void' WHERE id = 1",
    "a kind that nobody knows": CHANGE + "kind = 'gift' WHERE id = 1",
    "a sale that gives a sale back": CHANGE + "original = 1 WHERE id = 1",
    "more given back than the sale": CHANGE + "returned_minor = 101 WHERE id = 1",
    "less than nothing given back": CHANGE + "returned_minor = -1 WHERE id = 1",
    "a STAN of seven digits": CHANGE + "stan = 1000000 WHERE id = 1",
    "a letter rewritten": "UPDATE letters SET raw = x'01' WHERE id = 1",
    "a letter deleted": "DELETE FROM letters",
    "a letter of nobody": LETTER.format(2).replace("1, 'approved', 1", "NULL, 'approved', 1"),
    "two letters under one version": LETTER.format(2),
    "a transition invented": "UPDATE transitions SET after = 'approved' WHERE before = 'received'",
    "a want born answered": WANT.format(2, "before", 1, "supplied"),
    "a want in a phase that there is not": WANT.format(2, "meanwhile", 1, "asked"),
    "a second want while one is asked": WANT.format(2, "before", 1, "asked"),
    "a want told to the acquirer before it is answered": ANSWER + "state = 'forwarded' WHERE id = 1",
    "a want sent before it is answered": ANSWER + "stan = 1 WHERE id = 1",
    "a want that changes and does not count": "UPDATE" + " wants SET due_ms = 5 WHERE id = 1",
    "other items": ANSWER + "items = 'note' WHERE id = 1",
    "a want deleted": "DELETE FROM wants",
    "a mail deleted": "DELETE FROM mails WHERE id = 1",
}


@pytest.mark.parametrize("what", [name for name in ILLEGAL if name != "a mail deleted"])
def test_the_database_refuses(what: str, conn: Connection) -> None:
    if conn.dialect.name == "postgresql" and ILLEGAL[what].startswith("REPLACE"):
        return  # it does not know the word
    before = image(conn)
    with pytest.raises(DBAPIError), conn.begin():
        do(conn, ILLEGAL[what])
    assert image(conn) == before


def test_one_counter_of_a_reader_belongs_to_one_payment(conn: Connection) -> None:
    with conn.begin():
        do(conn, PAYMENT.replace("(1, 1, 1, x'01'", "(2, 1, 1, x'05'"))
    with pytest.raises(IntegrityError), conn.begin():
        do(conn, CHANGE + "counter = 1 WHERE id = 2")


def test_an_ended_payment_holds_no_card(conn: Connection) -> None:
    with pytest.raises(IntegrityError, match="ended_means_card_wiped"), conn.begin():
        do(conn, MOVE.format(2, "opened", "bad-request", "refused"))
        do(conn, CHANGE + "state = 'refused' WHERE id = 1")
    with conn.begin():
        do(conn, MOVE.format(2, "opened", "bad-request", "refused"))
        do(conn, CHANGE + "state = 'refused', envelope = NULL WHERE id = 1")


def test_nothing_is_dispatched_that_could_not_be_reversed(conn: Connection) -> None:
    with pytest.raises(IntegrityError, match="open_means_reversible"), conn.begin():
        do(conn, MOVE.format(2, "opened", "accepted", "ready"))
        do(conn, CHANGE + "state = 'ready' WHERE id = 1")
        do(conn, MOVE.format(3, "ready", "dispatched", "dispatched"))
        do(conn, CHANGE + "state = 'dispatched', stan = 1 WHERE id = 1")


def test_two_open_payments_never_share_a_stan(conn: Connection) -> None:
    def dispatch(payment: int, first_event: int) -> None:
        for number, (before, kind, after) in enumerate(
            (("opened", "accepted", "ready"), ("ready", "dispatched", "dispatched"))
        ):
            move = MOVE.format(first_event + number, before, kind, after)
            do(conn, move.replace(", 1, 1, '", f", {payment}, 1, '"))
            changes = f"state = '{after}', stan = 7, reversal = x'00'"
            do(conn, CHANGE + f"{changes} WHERE id = {payment}")

    with conn.begin():
        dispatch(1, 10)
        do(conn, PAYMENT.replace("(1, 1, 1, x'01'", "(2, 1, 1, x'05'"))
        move = MOVE.format(20, "received", "opened", "opened").replace(", 1, 1, '", ", 2, 1, '")
        do(conn, move)
        do(conn, CHANGE + "state = 'opened' WHERE id = 2")
    with pytest.raises(IntegrityError), conn.begin():
        dispatch(2, 30)


def test_a_want_that_is_over_stays_so(conn: Connection) -> None:
    with conn.begin():
        do(conn, ANSWER + "state = 'lapsed' WHERE id = 1")
        do(conn, WANT.format(2, "after", 2, "asked"))
        do(conn, ANSWER + "state = 'supplied', stan = 5, due_ms = 1 WHERE id = 2")
        do(conn, ANSWER + "state = 'forwarded', due_ms = NULL WHERE id = 2")
    for state in ("asked", "supplied"):
        for want in (1, 2):
            with pytest.raises(DBAPIError, match="no such arrow"), conn.begin():
                do(conn, ANSWER + f"state = '{state}' WHERE id = {want}")


def dispatch_return(conn: Connection, number: int, held_minor: int) -> None:
    """A refund of 60 of payment 1, as far as the acquirer."""
    row = PAYMENT.replace("currency)", "currency, kind, original)").replace("392)", "392, 'refund', 1)")
    do(
        conn,
        row.replace("(1, 1, 1, x'01'", f"({number}, 1, 1, x'{number:02x}{number:02x}'").replace("100", "60"),
    )
    arrows = (
        ("received", "opened", "opened"),
        ("opened", "accepted", "ready"),
        ("ready", "dispatched", "dispatched"),
    )
    for place, (before, kind, after) in enumerate(arrows):
        move = MOVE.format(10 * number + place, before, kind, after)
        do(conn, move.replace(", 1, 1, '", f", {number}, 1, '"))
        changes = f"state = '{after}', stan = {number}, reversal = x'00', returned_minor = {held_minor}"
        do(conn, CHANGE + f"{changes} WHERE id = {number}")


def test_no_return_is_dispatched_that_its_sale_does_not_count(conn: Connection) -> None:
    with pytest.raises(DBAPIError, match="a sale counts all"), conn.begin():
        dispatch_return(conn, 2, 60)
    with pytest.raises(DBAPIError, match="a_return_holds_its_amount"), conn.begin():
        dispatch_return(conn, 2, 0)
    with conn.begin():
        do(conn, CHANGE + "returned_minor = 60 WHERE id = 1")
        dispatch_return(conn, 2, 60)
    with pytest.raises(DBAPIError, match="a sale counts all"), conn.begin():
        dispatch_return(conn, 3, 60)


def test_what_was_not_collected_is_never_given_back_too(conn: Connection) -> None:
    arrows = ("opened accepted ready", "ready dispatched dispatched", "dispatched host-approved approved")
    with conn.begin():
        for number, arrow in enumerate(arrows, 2):
            before, kind, after = arrow.split()
            do(conn, MOVE.format(number, before, kind, after))
            wiped = "NULL" if after == "approved" else "x'00'"
            do(
                conn,
                CHANGE + f"state = '{after}', stan = 1, reversal = {wiped}, envelope = NULL WHERE id = 1",
            )
    unpaid = CHANGE + "state = 'unpaid', returned_minor = {} WHERE id = 1"
    for statement in (
        unpaid.format(60),
        unpaid.format(0) + "; " + CHANGE + "returned_minor = 60 WHERE id = 1",
    ):
        with pytest.raises(DBAPIError, match="what was not collected is not given back"), conn.begin():
            do(conn, MOVE.format(9, "approved", "not-collected", "unpaid"))
            for part in statement.split("; "):
                do(conn, part)
    with conn.begin():
        do(conn, MOVE.format(9, "approved", "not-collected", "unpaid"))
        do(conn, unpaid.format(0))


def test_the_table_in_the_database_is_the_table_in_the_code(conn: Connection) -> None:
    rows = conn.execute(text("SELECT before, kind, after FROM transitions"))
    stored = {tuple(row) for row in rows}
    assert stored == {(b, k, a) for b, arrows in TRANSITIONS.items() for k, a in arrows.items()}
    assert {row[0] for row in stored} <= {state.value for state in State}


def test_the_migrations_make_what_the_code_expects(conn: Connection) -> None:
    context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
    missing = compare_metadata(context, metadata)
    if conn.dialect.name == "postgresql":
        assert {(what, repr(key.column_keys), str(key.table)) for what, key in missing} == {
            ("add_fk", repr(key.column_keys), str(key.table)) for key in rules_sql.POINTERS
        }, "there a rule stands for them"
        assert rules_sql.in_force(conn)
        return
    rows = conn.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    assert {row.name: row.sql for row in rows} == rules_sql.SQLITE
    tables = conn.execute(
        text(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' "
            "AND name NOT LIKE 'alembic%' AND name NOT LIKE 'sqlite%'"
        )
    )
    assert missing == []
    for row in tables:
        assert row.sql.rstrip().endswith("STRICT"), f"{row.name} takes anything"
    for table in metadata.tables.values():
        sql = conn.execute(
            text("SELECT sql FROM sqlite_master WHERE name = :n"), {"n": table.name}
        ).scalar_one()
        for check in (one.name for one in table.constraints if one.name):
            assert str(check) in sql


def test_the_newest_version_is_the_one_a_start_looks_for(conn: Connection) -> None:
    assert ScriptDirectory.from_config(migrate.alembic_config(conn)).get_current_head() == migrate.HEAD


def test_a_trigger_that_was_dropped_is_back_after_the_next_start(conn: Connection) -> None:
    with conn.begin():
        on = " ON transfers" if conn.dialect.name == "postgresql" else ""
        conn.execute(text(f"DROP TRIGGER transfers_no_update{on}"))
        do(conn, "UPDATE transfers SET amount_minor = 6 WHERE id = 1")
    assert books.broken_at(conn) == 1, "and the chain shows what was done meanwhile"
    conn.rollback()
    migrate.upgrade(conn.engine)
    with pytest.raises(IntegrityError), conn.begin():
        do(conn, "UPDATE transfers SET amount_minor = 7 WHERE id = 1")
