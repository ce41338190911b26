"""An order at two nodes: placed at one, agreed to at the other, given back while that one dies."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiosmtplib
from nodes_world import LIMIT_S, Town
from postgres_world import fresh_url
from sqlalchemy import select

from hagaki.simulation.market import Person, Store, furnish
from hagaki.simulation.people import Letter, letter_of
from mail_gateway.domain.order import OrderState, Settle
from mail_gateway.envelope.keys import KeyRing
from mail_gateway.envelope.root import fetch_root
from mail_gateway.store import audit
from mail_gateway.store.backend import guest
from mail_gateway.store.order_tables import orders
from schemas.mail.build import build_mail

CARD = "4111111111111111=27122010000012345678"
PRICE = 1200


class Market(Town):
    """A town with one shop that sells by mail, and one customer. papers: our letters, each once."""

    store: Store
    person: Person

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, url, 2)
        self.papers: dict[str, Letter] = {}
        self._count = 0
        ring = KeyRing(fetch_root(f"file:{folder}/root.key"), random.Random(1).randbytes)
        with guest(url, write=True) as conn:
            found = furnish(conn, ring, random.Random(1), "pay.example", [CARD])
        self.store = next(one for one in found.stores if one.settle is Settle.CONFIRMED)
        self.person = found.people[0]

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        letter = letter_of(bytes(envelope.content))
        if letter is not None:
            self.papers[letter.message_id] = letter
        return await super().handle_DATA(server, session, envelope)

    async def write(self, sender: str, to: str, text: str, port: int, **headers: str) -> None:
        """A mail of a shop or a customer, to that node alone."""
        self._count += 1
        named = {"From": sender, "To": to, "Subject": "Re", "Message-ID": f"<{self._count}@carrier.example>"}
        raw = build_mail({**named, "Date": "Sat, 21 Nov 2026 12:00:00 +0000", **headers}, text)
        route: dict[str, Any] = {"sender": sender, "recipients": [to], "hostname": "127.0.0.1", "port": port}
        async with asyncio.timeout(LIMIT_S):
            while True:  # a node that has its line may not listen yet
                with suppress(aiosmtplib.SMTPConnectError):
                    await aiosmtplib.send(raw, timeout=5, **route)
                    return
                await asyncio.sleep(0.05)

    async def letter(self, kind: str) -> Letter:
        """The first letter of that kind, once it is there."""
        await self.until(lambda: self.told()[kind] > 0, f"no letter {kind}, but {self.told()}")
        return next(one for one in self.papers.values() if one.kind == kind)

    def told(self) -> Counter[str]:
        """Kind -> letters that came."""
        return Counter(one.kind for one in list(self.papers.values()))


async def test_an_order_is_charged_once_and_given_back_once_whoever_dies(tmp_path: Path) -> None:
    async with Market(tmp_path, fresh_url()) as town:
        shop, (here, there) = town.store, town.ports
        order = f"order\ncustomer: {town.person.customer_id}\ndeal: D-1\nline: Tea pot @ {PRICE} x 1\n"
        await town.write(shop.mail, shop.letterbox, order, here)
        question = await town.letter("question")
        reply = {"Subject": f"Re: {question.subject}", "In-Reply-To": f"<{question.message_id}>"}
        yes = f"yes {question.code}\n"
        await town.write(town.person.mail, question.reply_to, yes, there, **reply)
        await town.letter("shop-made")
        back = town.write(shop.mail, shop.letterbox, "return\ndeal: D-1\nreturn: R-1\n", here)
        await asyncio.gather(back, town.nodes[1].kill())
        await town.letter("shop-returned")
        await town.letter("order-returned")
        await town.write(shop.mail, shop.letterbox, "return\ndeal: D-1\nreturn: R-1\n", here)
        await town.until(lambda: town.told()["return-form-taken"] == 2, "the second form has no answer")
        asked, left = town.host_says()
        assert len(asked) == 3 and set(asked.values()) == {1}, "held, taken and given back, each once"
        assert all(left.values()) and len(left) == 3
        kinds = ("question", "order-confirmed", "shop-made", "order-returned", "shop-returned")
        assert [town.told()[kind] for kind in kinds] == [1] * len(kinds)
        found = town.ask(lambda conn: conn.execute(select(orders.c.state, orders.c.returned_minor)).all())
        assert [tuple(row) for row in found] == [(OrderState.RETURNED, PRICE)]
        assert town.ask(lambda conn: audit.verify(conn, (), lambda _: None).faults) == []
