"""Tampering with orders: an event, a price or a letter that is not what it was is found."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from orders_world import OrderWorld, tell

from mail_gateway.admin import audits
from mail_gateway.domain.order import OrderKind, OrderState
from mail_gateway.domain.order_return import WantReturn
from mail_gateway.settings import GatewaySettings
from mail_gateway.work import placing


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database with an order that was made, and given back in part, and one that was refused."""
    folder = tmp_path_factory.mktemp("orders")

    async def story(world: OrderWorld) -> None:
        for number, kind in ((1, OrderKind.YES), (2, OrderKind.NO)):
            await world.place(f"D-{number}")
            await world.until(OrderState.ASKED, number=number)
            await world.say(kind, number)
            await world.at_rest(number)
        await placing.give_back(world.kit, 1, "D-1", WantReturn("R-1", 500))
        await world.at_rest()

    tell(folder, story)
    with sqlite3.connect(folder / "hagaki.db") as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (folder / "hagaki.db").read_bytes()


@pytest.mark.parametrize(
    ("tamper", "slugs"),
    [
        ("SELECT 1", set()),
        ("UPDATE order_lines SET unit_minor = unit_minor - 1 WHERE order_id = 1", {"lines-differ"}),
        ("UPDATE orders SET state = 'captured' WHERE id = 2", {"state-differs"}),
        ("DELETE FROM order_events WHERE order_id = 1 AND kind = 'yes'", {"event-gap"}),
        ("UPDATE order_events SET kind = 'lapsed' WHERE order_id = 1 AND kind = 'yes'", {"event-illegal"}),
        ("DELETE FROM letters WHERE order_id = 2 AND version = 1", {"letter-gap"}),
        ("UPDATE orders SET returned_minor = 400 WHERE id = 1", {"returns-differ"}),
        ("DELETE FROM order_returns", {"returns-differ"}),
        ("UPDATE order_returns SET payment = 2", {"return-unpaid"}),
    ],
)
def test_whoever_has_the_file_and_all_rights_is_found(
    kept: bytes, tmp_path: Path, tamper: str, slugs: set[str]
) -> None:
    path = tmp_path / "hagaki.db"
    path.write_bytes(kept)
    conn = sqlite3.connect(path)
    for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        conn.execute(f"DROP TRIGGER {name}")
    conn.execute(tamper)
    conn.commit()
    conn.close()
    gateway = GatewaySettings(domain="pay.example", database=f"sqlite:///{path}")
    found = audits.verify(gateway, path, None, lambda _: None)
    assert {fault["slug"] for fault in found["faults"]} == slugs
    assert found["checked"]["orders"] == 2
