"""What a gateway's role may do on PostgreSQL, and what a gateway refuses to stand on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from postgres_world import GATEWAY, OWNER, cluster, fresh_url
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from hagaki.config import Config
from hagaki.problem import Problem
from mail_gateway.admin import database, merchants
from mail_gateway.domain.errors import GatewayError
from mail_gateway.settings import GatewaySettings
from mail_gateway.store import postgres, rules
from mail_gateway.store.backend import guest
from mail_gateway.store.engine import open_store

BENDING = [
    *(f"UPDATE {table} SET {column} = {column}" for table, column in (("events", "facts"), ("nodes", "id"))),
    *(f"DELETE FROM {table}" for table in rules.NEVER_DELETED),
    *(f"TRUNCATE {table} CASCADE" for table in rules.NEVER_DELETED),
    "ALTER TABLE transfers DISABLE TRIGGER ALL",
    "UPDATE transfers SET amount_minor = 1",
    "UPDATE answers SET code = '00'",
    "INSERT INTO transitions VALUES ('received', 'opened', 'approved')",
    "CREATE TABLE mine (id int)",
    "SET session_replication_role = replica",
]


@pytest.mark.parametrize("statement", BENDING)
def test_the_gateways_role_cannot_bend_the_books(statement: str) -> None:
    with (
        pytest.raises(DBAPIError, match=r"permission denied|must be owner"),
        guest(_shared(), write=True) as c,
    ):
        c.execute(text(statement))


def _shared(made: list[str] = []) -> str:  # noqa: B006 - one database for statements that change nothing
    if not made:
        made.append(fresh_url())
    return made[0]


@pytest.mark.parametrize("table", rules.NEVER_DELETED)
def test_not_even_the_owner_empties_a_table_by_mistake(table: str) -> None:
    server = cluster()
    name = _shared().rpartition("/")[2]
    engine = postgres.writer(server.url(name, OWNER))
    with pytest.raises(IntegrityError, match="never deleted"), engine.begin() as conn:
        conn.execute(text(f"TRUNCATE {table} CASCADE"))


def test_a_gateway_does_not_run_as_the_owner() -> None:
    server = cluster()
    with pytest.raises(GatewayError, match="database-owner"):
        open_store(server.url(server.fresh(), OWNER))


def test_a_role_that_was_given_too_much_is_refused() -> None:
    server = cluster()
    name = server.fresh()
    server.sql(f"GRANT DELETE ON events TO {GATEWAY}", name)
    with pytest.raises(GatewayError, match="database-owner"):
        open_store(server.url(name))


def test_a_database_without_our_tables_is_refused_in_words() -> None:
    with pytest.raises(GatewayError, match=r"hagaki database prepare.*database-not-prepared"):
        open_store(cluster().url("postgres"))


@pytest.mark.parametrize(
    "bent",
    [
        "ALTER TABLE transfers DISABLE TRIGGER transfers_no_update",
        "DROP TRIGGER payments_follow_events ON payments",
        "COMMENT ON FUNCTION hagaki_refuse() IS 'of another version'",
        "UPDATE alembic_version SET version_num = '0000'",
    ],
)
def test_rules_that_are_not_in_force_stop_a_start_and_prepare_mends_them(bent: str) -> None:
    server = cluster()
    name = server.fresh()
    server.sql(bent, name)
    with pytest.raises(GatewayError, match="database-not-prepared"):
        open_store(server.url(name))
    if "alembic" not in bent:
        assert database.prepare(server.url(name, OWNER), server.url(name)) == GATEWAY
        postgres.prepare(server.url(name))


@pytest.mark.parametrize("setting", ["synchronous_commit = off", "synchronous_commit = local"])
def test_a_database_that_forgets_is_refused(setting: str) -> None:
    server = cluster()
    name = server.fresh()
    server.sql(f"ALTER DATABASE {name} SET {setting}")
    with pytest.raises(GatewayError, match=r"synchronous_commit.*database-unsafe"):
        open_store(server.url(name))


def test_a_database_that_is_not_there_is_said() -> None:
    with pytest.raises(GatewayError, match="database-unreachable"):
        open_store("postgresql://nobody@127.0.0.1:9/none")


def test_the_owner_needs_a_role_that_exists() -> None:
    server = cluster()
    with pytest.raises(GatewayError, match="database-role-unknown"):
        database.prepare(server.url(server.fresh(), OWNER), "postgresql://127.0.0.1/x")
    with pytest.raises(GatewayError, match="database-role-unknown"):
        database.prepare(server.url(server.fresh(), OWNER), "", "nobody_at_all")
    with pytest.raises(GatewayError, match="database-unknown"):
        database.prepare("sqlite:///x.db", "sqlite:///x.db")


def test_the_office_works_beside_the_gateways() -> None:
    gateway = GatewaySettings("pay.example", database=fresh_url())
    added = merchants.add(gateway, merchants.NewMerchant("Hagaki Store", "shop@carrier.example"))
    assert [row["id"] for row in merchants.listed(gateway)] == [added["id"]]
    with pytest.raises(GatewayError, match="merchant-exists"):
        merchants.add(gateway, merchants.NewMerchant("Hagaki Store", "other@carrier.example"))


def test_a_password_is_never_in_the_configuration(tmp_path: Path) -> None:
    def config(url: str) -> GatewaySettings:
        tables = {"gateway": {"domain": "pay.example", "database": url}}
        return Config(tmp_path, tables).section("gateway", GatewaySettings)

    with pytest.raises(Problem, match="secret-in-config"):
        config("postgresql://hagaki:geheim@127.0.0.1/hagaki")
    secret = "postgresql://hagaki:geheim@127.0.0.1/hagaki"
    (tmp_path / "url").write_text(f"{secret}\n", encoding="utf-8")
    os.environ["HAGAKI_TEST_URL"] = secret
    for reference in ("file:url", "env:HAGAKI_TEST_URL"):
        read = config(reference)
        assert read.database == secret
        assert "geheim" not in repr(read)
