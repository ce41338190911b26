"""A revocation counts on every node of one PostgreSQL with the next mail; so does what ends it."""

from __future__ import annotations

from pathlib import Path

import pytest
from nodes_world import Town
from postgres_world import fresh_url
from sqlalchemy import select

from mail_gateway.admin import keys
from mail_gateway.admin.keys import Desk
from mail_gateway.settings import KeySettings
from mail_gateway.store.tables import payments


def codes(town: Town) -> list[tuple[str, str]]:
    asked = select(payments.c.state, payments.c.code).order_by(payments.c.received_ms, payments.c.id)
    found: list[tuple[str, str]] = town.ask(lambda conn: [tuple(row) for row in conn.execute(asked)])
    return found


async def a_sale_at_each(town: Town) -> None:
    for port in town.ports:
        await town.post(town.mail(1200), [port])


@pytest.mark.parametrize("subject", ["reader", "bdk"])
async def test_the_next_mail_is_refused_wherever_it_comes_in(tmp_path: Path, subject: str) -> None:
    async with Town(tmp_path, fresh_url(), 2) as town:
        desk = Desk(town.gateway, KeySettings(f"file:{tmp_path}/root.key"), "operator")
        what = 1 if subject == "reader" else keys.listed(desk)[0]["bdk_id"]
        await a_sale_at_each(town)
        await town.all_ended(2)
        keys.revoke(desk, what, "stolen")
        await a_sale_at_each(town)
        await town.all_ended(4)
        keys.revoke(desk, what, "found", revoked=False)
        await a_sale_at_each(town)
        await town.all_ended(6)
        slug = "reader-revoked" if subject == "reader" else "key-revoked"
        yes, no = ("approved", ""), ("refused", slug)
        assert codes(town) == [yes, yes, no, no, yes, yes]
        town.assert_true()
