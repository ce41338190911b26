"""Killed before or just after each commit of a shop's request, by HTTPS or by mail: one order, told once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from heart_acquirer import virtual_loop
from heart_world import Mortal
from orders_world import OrderWorld
from sqlalchemy import func, select

from mail_gateway.intake.accept import Intake, Onward, Others, Route
from mail_gateway.intake.answers import Answers
from mail_gateway.intake.bounces import Bounces
from mail_gateway.outbox.form_words import FormWords
from mail_gateway.site.api_door import Asked, Door
from mail_gateway.site.api_watch import Watch
from mail_gateway.store import api_keys
from mail_gateway.store import order_tables as t
from mail_gateway.store.place import Inline
from mail_gateway.store.tables import letters, mails
from mail_gateway.work.order_mail import OrderMail
from mail_gateway.work.replies import Replies
from schemas.mail import token

KEY, SHOP = b"r" * 32, "shop@carrier.example"
API_KEY = "hgk_crash"
BODY = b'{"deal_id": "D-1", "customer": "C-7Q4KDM", "lines": [{"product": "TEA", "quantity": 3}]}'
FORM = "order\r\ncustomer: C-7Q4KDM\r\nline: TEA x 3\r\n"


COMMITS = {"https": 2, "mail": 3}
"""Of the request itself; what the worker of orders writes comes beside it, and behind."""


class Reading(Inline):
    """Questions beside the commits: they die with the process, and count for nothing."""

    def __init__(self, place: Mortal) -> None:
        self.place = place

    async def __call__(self, work: Callable[[], Any]) -> Any:
        return await asyncio.Event().wait() if self.place.dead.is_set() else work()


class Silent:
    """Words that are never needed here."""

    def help(self, reply: Any, why: str) -> Any:
        raise AssertionError(why)


async def by_https(world: OrderWorld) -> bool:
    """The shop's server; -> whether it has its answer."""
    headers = {
        "authorization": [f"Bearer {API_KEY}"],
        "idempotency-key": ["k"],
        "content-type": ["application/json"],
    }
    door = Door(world.kit, Watch(world.kit.store), "", 10**6)
    answer = await door.answer(Asked("POST", "/v1/orders", {}, headers, BODY))
    return answer.status in (200, 201) and json.loads(answer.body)["deal_id"] == "D-1"


async def by_mail(world: OrderWorld) -> bool:
    """The shop's carrier, which sends the same mail until it is taken; -> whether it is dealt with."""
    store = world.kit.store
    others = Others(Bounces(store, b"b" * 32), Answers(store, KEY))
    intake = Intake(store, Onward(lambda _: None), world.gateway, world.kit.ports, others)
    replies = Replies(world.kit, [OrderMail(FormWords(), Silent()).take], ["pay.example"])
    to = f"{token.make(KEY, token.DESK, 1, SHOP, 0)}@pay.example"
    raw = f"From: {SHOP}\r\nMessage-ID: <1@carrier.example>\r\n\r\n{FORM}"
    await intake.accept(raw.encode(), Route(SHOP, (to,), "127.0.0.1"))
    await replies.look()
    handled = select(func.count()).where(mails.c.handled_ms.is_not(None))
    return await store.read(lambda conn: conn.scalar(handled)) == 1


WAYS = {"https": by_https, "mail": by_mail}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("way", WAYS)
def test_a_death_at_any_commit_leaves_one_order(tmp_path: Path, way: str, *, after: bool) -> None:
    for commit in range(COMMITS[way]):
        folder = tmp_path / str(commit)
        folder.mkdir()
        with virtual_loop(commit) as loop:
            loop.run_until_complete(_live(OrderWorld(folder), way, commit, after=after))


async def _live(world: OrderWorld, way: str, commit: int, *, after: bool) -> None:
    life = await world.start()
    await world.kit.store.run(api_keys.add, 1, "crash", api_keys.key_hash(API_KEY), 0)
    life.place.left, life.place.after = commit, after
    life.store._read_place = Reading(life.place)
    asking = asyncio.create_task(WAYS[way](world))
    dying = asyncio.create_task(life.place.dead.wait())
    world.phones.update((asking, dying))
    await asyncio.wait([asking, dying], return_when=asyncio.FIRST_COMPLETED)
    assert life.place.dead.is_set(), "there is a commit to die at"
    await asyncio.sleep(5)
    await world.kill()
    await world.start()
    for task in (asking, dying):
        task.cancel()
    assert await WAYS[way](world)
    assert await WAYS[way](world), "and once more"
    await world.kit.store.read(_judge, way)
    assert await world.stock() == (100, 3)
    await world.stop()


def _judge(conn: Any, way: str) -> None:
    assert conn.scalar(select(func.count()).select_from(t.orders)) == 1
    kinds = list(conn.scalars(select(letters.c.kind).where(letters.c.merchant.is_not(None))))
    assert kinds == (["order-form-taken"] if way == "mail" else [])
    assert len(set(conn.scalars(select(t.shop_requests.c.hash)))) == (way == "https")
