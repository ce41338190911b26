"""After a server was restored by its own means: the gateways' own role says so, and nothing is used twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from postgres_world import fresh_url
from sqlalchemy import func, insert, select

from mail_gateway.admin import backups, keys, merchants, readers, recovering
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.reconcile import ChargeList
from mail_gateway.settings import GatewaySettings, KeySettings
from mail_gateway.store import nodes, recovery
from mail_gateway.store.backend import guest
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.tables import pads, payments
from mail_gateway.store.tables import readers as readers_table

LEASE_MS = 60_000
HOUR_MS = 3_600_000


@pytest.fixture
def gateway(tmp_path: Path) -> GatewaySettings:
    """On a server, with one sale that came and was not asked yet."""
    made = GatewaySettings("pay.example", database=fresh_url())
    key_settings = KeySettings(f"file:{tmp_path}/root.key")
    keys.new_bdk(made, key_settings)
    merchants.add(made, merchants.NewMerchant("Yama", "yama@example.jp"))
    ksn = readers.enrol(made, key_settings, 1, "Yama").initial_key_id + bytes(4)
    with guest(made.database, write=True) as conn:
        sale = {"received_ms": clock_ms(conn), "envelope_hash": bytes(32), "ksn": ksn, "envelope": b"e"}
        sale["reader"] = conn.scalar(select(readers_table.c.id))
        number = conn.execute(insert(payments).returning(payments.c.id), sale).scalar_one()
        conn.execute(insert(pads), {"payment": number, "pad": b"p"})
    return made


def test_the_gateways_role_can_say_that_its_server_was_restored(gateway: GatewaySettings) -> None:
    with guest(gateway.database) as conn:
        backup_ms = clock_ms(conn) - HOUR_MS
    backups.begin(gateway, backup_ms=backup_ms)
    with guest(gateway.database, write=True) as conn:
        assert conn.scalar(select(func.count()).select_from(pads)) == 0, "no sale of before is ever opened"
        last = conn.scalar(select(func.max(payments.c.id)))
        assert nodes.begin_lease(conn, clock_ms(conn), LEASE_MS) > recovery.NODES_JUMP
        number = conn.scalar(select(func.nextval(func.pg_get_serial_sequence("payments", "id"))))
        assert number > (last or 0) + recovery.PAYMENTS_JUMP, "a reference that was never used"
    status = recovering.status(gateway)
    assert (status["recovering"], status["waiting"]) == (True, 1)
    recovering.reconcile(gateway, ChargeList(0, 10**15, ()))
    recovering.finish(gateway)
    assert recovering.status(gateway)["recovering"] is False


def test_a_node_that_lives_keeps_what_it_has_open(gateway: GatewaySettings) -> None:
    with guest(gateway.database, write=True) as conn:
        node = nodes.begin_lease(conn, clock_ms(conn), LEASE_MS)
    with pytest.raises(GatewayError, match="stop them first") as refused:
        backups.begin(gateway)
    assert refused.value.slug == "gateway-running"
    assert recovering.status(gateway)["recovering"] is False
    with guest(gateway.database, write=True) as conn:
        nodes.end_life(conn, node)
    backups.begin(gateway)
    assert recovering.status(gateway)["recovering"] is True
