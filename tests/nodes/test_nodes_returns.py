"""Two nodes, two returns of one sale at the same moment: the sale is given back once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from nodes_world import Town
from postgres_world import fresh_url
from sqlalchemy import Connection, func, select

from mail_gateway.domain.payment import Trade
from mail_gateway.store import audit
from mail_gateway.store.tables import payments
from schemas.envelope import payload

SALES = 8
P = payments.c


def given_back(conn: Connection) -> list[tuple[int, int, int]]:
    """Of each sale: its amount, what its row counts, what its approved returns are worth."""
    back = payments.alias()
    done = select(func.coalesce(func.sum(back.c.amount_minor), 0)).where(
        back.c.original == P.id, back.c.state == "approved"
    )
    asked = select(P.amount_minor, P.returned_minor, done.scalar_subquery()).where(P.kind == Trade.SALE.value)
    return [tuple(row) for row in conn.execute(asked)]


async def test_two_returns_of_one_sale_at_two_nodes_give_back_once(tmp_path: Path) -> None:
    async with Town(tmp_path, fresh_url(), 2) as town:
        ksns = [await sold(town) for _ in range(SALES)]
        await town.all_ended(SALES)
        asked: list[dict[str, Any]] = [
            {"kind": payload.VOID, "amount_minor": 1200},
            {"kind": payload.REFUND, "amount_minor": 700},
        ]
        mails = [
            (town.mail(original_ksn=ksn, **one), port)
            for ksn in ksns
            for one, port in zip(asked, town.ports, strict=True)
        ]
        await asyncio.gather(*(town.post(mail, [port]) for mail, port in mails))
        await town.all_ended(3 * SALES)
        town.assert_true()
        for amount_minor, counted_minor, given_minor in town.ask(given_back):
            assert counted_minor == given_minor
            assert given_minor in (700, amount_minor)
        assert town.ask(lambda conn: audit.verify(conn, (), lambda _: None).faults) == []


async def sold(town: Town) -> bytes:
    await town.post(town.mail(1200))
    return town.newest_ksn
