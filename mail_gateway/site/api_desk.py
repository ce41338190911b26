"""What shops ask of their orders: each operation reads, does it through work/placing.py, and answers."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.order import DEAD, Foreign
from mail_gateway.domain.order_return import WantReturn
from mail_gateway.domain.placing import PlaceOrder, Refused, Wish
from mail_gateway.site import api_fields, api_json, api_openapi
from mail_gateway.site.api_answers import (
    Answer,
    answer,
    goods_members,
    not_placed,
    order_members,
    refusal,
    unless_known,
)
from mail_gateway.site.api_shapes import HIDDEN, Misfit
from mail_gateway.store import api_keys, shop_orders
from mail_gateway.work import placing

if TYPE_CHECKING:
    from mail_gateway.site.api_door import Asked
    from mail_gateway.site.api_watch import Watch
    from mail_gateway.store.api_keys import Holder
    from mail_gateway.store.shop_orders import Shown
    from mail_gateway.work.kit import Kit

OK: Final = 200
CREATED: Final = 201
WAITS_OF_ONE_KEY: Final = 100
"""A shop with more tills at once has a key for each of them."""

_KEY: Final = re.compile(f"[!-~ ]{{1,{api_fields.KEY_MAX}}}")
_DEAL_ID: Final = re.compile(api_fields.DEAL_ID)
_HIDDEN: Final = re.compile(f"[{HIDDEN}]")
_NUMBER: Final = re.compile("[0-9]{1,4}")
_UNKNOWN: Final = "deal-unknown"


class Desk:
    """One method per operation of api_openapi.PATHS. Raises GatewayError: nothing was done."""

    def __init__(self, kit: Kit, watch: Watch, public_url: str) -> None:
        self._kit = kit
        self._watch = watch
        self._waiting: Counter[int] = Counter()
        self._document = answer(api_openapi.document(public_url))

    def document(self, known: str) -> Answer:
        """The OpenAPI document, for anybody."""
        return unless_known(self._document, known)

    async def do(self, operation: str, holder: Holder, asked: Asked) -> Answer:
        """Whatever is asked for, but the document."""
        if asked.deal_id and not _DEAL_ID.fullmatch(asked.deal_id):
            return _no_such_order()  # nothing of that form is brought before the database
        match operation:
            case "place":
                return await self._place(holder.merchant, asked)
            case "state":
                return await self._state(holder, asked)
            case "products":
                return await self._products(holder.merchant, asked)
            case "give-back":
                wanted = WantReturn(**api_fields.RETURNING.check(asked.json(), ""))
                done = await placing.give_back(self._kit, holder.merchant, asked.deal_id, wanted)
            case _:
                asked.no_members()
                ask = placing.cancel if operation == "cancel" else placing.hand_over
                done = await ask(self._kit, holder.merchant, asked.deal_id)
        if isinstance(done, Refused):
            return not_placed(done.slug, done.sentence, done.where)
        return await self._shown(holder.merchant, asked.deal_id)

    async def _place(self, merchant: int, asked: Asked) -> Answer:
        key = asked.header("idempotency-key")
        if not _KEY.fullmatch(key):
            return refusal("idempotency-key-missing")
        body = asked.json()
        wanted = wanted_order(body)
        hashed = hashlib.sha256(api_json.canonical(body)).digest()
        now_ms = self._kit.ports.now_ms()
        first = await self._kit.store.run(api_keys.asked_before, merchant, key, hashed, now_ms)
        if first != hashed:
            return refusal("idempotency-key-used")
        placed = await placing.place(self._kit, merchant, wanted)
        if isinstance(placed, Refused):
            return not_placed(placed.slug, placed.sentence, placed.path(wanted))
        return await self._shown(merchant, wanted.deal_id, CREATED if placed.is_new else OK)

    async def _state(self, holder: Holder, asked: Asked) -> Answer:
        wait_s = _number(asked.query("wait", "0"), 0, api_fields.WAIT_MAX_S)
        state = asked.query("state", "")
        known = asked.header("if-none-match")
        shown = await self._load(holder.merchant, asked.deal_id)
        if shown is None:
            return _no_such_order()
        if not wait_s or _is_news(shown, state):
            return unless_known(answer(order_members(shown)), known)
        if self._watch.is_full or self._waiting[holder.key] >= WAITS_OF_ONE_KEY:
            return refusal("waits-full", more={"Retry-After": "1"})
        self._waiting[holder.key] += 1
        try:
            shown = await self._changed(shown, state or shown.order.state.value, wait_s)
        finally:
            self._waiting[holder.key] -= 1
        return unless_known(answer(order_members(shown)), known)

    async def _changed(self, shown: Shown, state: str, wait_s: int) -> Shown:
        """The order once its state is another one, or as it is after so many seconds."""
        ends_s = asyncio.get_running_loop().time() + wait_s
        while not _is_news(shown, state):
            left_s = ends_s - asyncio.get_running_loop().time()
            order = shown.order
            if left_s <= 0 or not await self._watch.change(order.id, order.epoch, left_s):
                return shown
            fresh = await self._load(order.merchant, order.deal_id)
            if fresh is None or fresh.order.epoch == order.epoch:
                return shown  # the watch is closed: the gateway goes down
            shown = fresh
        return shown

    async def _products(self, merchant: int, asked: Asked) -> Answer:
        limit = _number(asked.query("limit", str(api_fields.PAGE_MAX)), 1, api_fields.PAGE_MAX)
        after = asked.query("after", "")
        if _HIDDEN.search(after):
            raise Misfit("query-form", "")
        goods = await self._kit.store.read(shop_orders.goods, merchant, after, limit + 1)
        return unless_known(answer(goods_members(goods, limit)), asked.header("if-none-match"))

    async def _load(self, merchant: int, deal_id: str) -> Shown | None:
        return await self._kit.store.read(shop_orders.shown, merchant, deal_id)

    async def _shown(self, merchant: int, deal_id: str, status: int = OK) -> Answer:
        shown = await self._load(merchant, deal_id)
        return _no_such_order() if shown is None else answer(order_members(shown), status)


def wanted_order(value: object) -> PlaceOrder:
    """The body of POST /v1/orders, checked. Raises Misfit."""
    members = api_fields.PLACING.check(value, "")
    lines = tuple(Wish(**line) for line in members.pop("lines"))
    foreign: dict[str, Any] | None = members.pop("foreign", None)
    return PlaceOrder(lines=lines, foreign=None if foreign is None else Foreign(**foreign), **members)


def _no_such_order() -> Answer:
    return not_placed(_UNKNOWN, Refused(_UNKNOWN).sentence, "")


def _is_news(shown: Shown, state: str) -> bool:
    """Whether somebody who knows that state need not wait: made and dead wait for nothing."""
    order = shown.order
    return order.made_ms is not None or order.state in DEAD or bool(state and order.state.value != state)


def _number(text: str, least: int, most: int) -> int:
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise Misfit("query-form", "")
    return int(text)
