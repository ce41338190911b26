"""Two nodes that read one mailbox at once, on PostgreSQL: each mail is one mail, and none has to wait."""

from __future__ import annotations

import asyncio

from postgres_world import fresh_url
from sqlalchemy import func, select

from mail_gateway.intake.accept import Intake, Onward, Route
from mail_gateway.ports import Ports
from mail_gateway.settings import GatewaySettings
from mail_gateway.store import mailboxes
from mail_gateway.store.engine import Store, open_store
from mail_gateway.store.tables import fetched, mails

MAILS = 24


async def test_what_two_nodes_fetch_at_once_is_kept_once() -> None:
    url, told = fresh_url(), []

    def door(store: Store) -> Intake:
        ports = Ports(lambda: 1_800_000_000_000, bytes, lambda verb, **facts: told.append((verb, facts)))
        return Intake(store, Onward(lambda _: None), GatewaySettings("pay.example"), ports)

    async def fetch(intake: Intake) -> list[int]:
        routes = [Route("a@b.example", ("sale@pay.example",), "imap", place=f"m:7:{n}") for n in range(MAILS)]
        answers = [intake.accept(b"To: sale@pay.example\r\n\r\nhello\r\n", route) for route in routes]
        return [answer.code for answer in await asyncio.gather(*answers)]

    stores = open_store(url), open_store(url)
    codes = await asyncio.gather(*(fetch(door(store)) for store in stores))
    asked = [select(func.count()).select_from(table) for table in (mails, fetched)]
    counted = await stores[0].read(lambda conn: [conn.scalar(one) for one in asked])
    for store in stores:
        await store.close()
    assert codes == [[250] * MAILS] * 2
    assert counted == [MAILS, MAILS]
    verdicts = [facts["verdict"] for _, facts in told]
    assert (verdicts.count("unreadable"), verdicts.count("fetched")) == (MAILS, MAILS)


async def test_nodes_that_find_a_mailbox_closed_at_once_note_it_once() -> None:
    url, names = fresh_url(), [f"u@h:993 {n}" for n in range(MAILS)]
    stores = open_store(url), open_store(url)
    for name in names:
        await asyncio.gather(*(store.run(mailboxes.note, name, 1, "mailbox-login") for store in stores))
    away = [await stores[0].read(mailboxes.away, name) for name in names]
    for store in stores:
        await store.close()
    assert [row and row["slug"] for row in away] == ["mailbox-login"] * MAILS
