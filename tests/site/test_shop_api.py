"""Shops over HTTPS: from a key to an order that the customer confirms, and all that is refused on the way."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema
import pytest
from aiohttp.client_proto import ResponseHandler
from order_letters import BACK, ORDER
from shop_world import CUSTOMER_MAIL, SHOP, ShopWorld, shop_world, words_of

from mail_gateway.admin import api_keys, merchants
from mail_gateway.domain.order_return import ReturnState
from mail_gateway.domain.placing import WHY
from mail_gateway.site import api_fields, api_openapi, http, shops
from mail_gateway.site.api_answers import order_members
from mail_gateway.store.shop_orders import Shown

API = api_openapi.document("https://pay.example")
VALIDATOR = jsonschema.Draft202012Validator
SOAP = {"product": "4901234567894", "quantity": 2}


def schema_of(name: str) -> jsonschema.Draft202012Validator:
    return VALIDATOR({**API["components"]["schemas"][name], "components": API["components"]})


class Till:
    """A client that believes nothing: every answer is held against the document."""

    def __init__(self, world: ShopWorld, session: aiohttp.ClientSession) -> None:
        self.world, self.session = world, session
        self.headers: Any = {}

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """-> the status, and the members or the slug of the problem."""
        async with self.session.request(method, path, **more) as answer:
            self.headers = answer.headers
            text = await answer.read()
        if answer.status in (204, 304) or method == "HEAD":
            assert not text
            return answer.status, None
        found = json.loads(text)
        if answer.status >= 400:
            assert self.headers["Content-Type"] == "application/problem+json"
            schema_of("Problem").validate(found)
            return answer.status, (found["type"].rpartition(":")[2], found.get("path", ""))
        if "openapi" not in path:
            schema_of("Products" if "products" in path else "Order").validate(found)
        return answer.status, found

    async def place(self, deal_id: str = "d-1", key: str = "", **changes: Any) -> tuple[int, Any]:
        body = {"deal_id": deal_id, "customer": self.world.customer, "lines": [SOAP], **changes}
        return await self.ask("POST", "/v1/orders", json=body, headers={"Idempotency-Key": key or deal_id})


async def test_from_nothing_to_a_made_order(tmp_path: Path) -> None:
    async with shop_world(tmp_path) as (world, mailbox), world.gateway(), world.session() as session:
        till = Till(world, session)
        status, order = await till.place(delivery="Matsumoto")
        assert (status, order["made"], order["dead"], order["total_minor"]) == (201, False, False, 600)
        assert await till.place(delivery="Matsumoto") == (200, order) or order["state"] == "placed"
        status, asked = await till.ask("GET", "/v1/orders/d-1?wait=20&state=placed")
        while asked["state"] != "asked":
            status, asked = await till.ask("GET", f"/v1/orders/d-1?wait=20&state={asked['state']}")
        letter = await mailbox.letter(CUSTOMER_MAIL, asked["code"])
        assert "Soap" in words_of(letter)
        waiting = asyncio.create_task(till.ask("GET", "/v1/orders/d-1?wait=20&state=asked"))
        to = str(message_from_bytes(letter)["Reply-To"])
        head = f"From: {CUSTOMER_MAIL}\r\nTo: {to}\r\nSubject: Re:\r\nMessage-ID: <y@carrier.example>\r\n\r\n"
        await world.post(f"{head}yes\r\n{asked['code']}\r\n".encode(), CUSTOMER_MAIL, to)
        _, made = await waiting
        while not made["made"]:
            _, made = await till.ask("GET", f"/v1/orders/d-1?wait=20&state={made['state']}")
        assert (made["state"], made["dead"], "code" in made) == ("captured", False, False)
        assert await till.ask("POST", "/v1/orders/d-1/cancel") == (409, ("order-made", ""))
        status, handed = await till.ask("POST", "/v1/orders/d-1/handed-over", json={})
        assert (status, handed["state"], handed["made"]) == (200, "handed-over", True)
        assert (await till.ask("POST", "/v1/orders/d-1/handed-over"))[1] == handed
        await gives_back(till, world)


async def gives_back(till: Till, world: ShopWorld) -> None:
    """A part of 600 yen, then the rest; whatever else is asked for gives nothing back."""
    path, part = "/v1/orders/d-1/returns", {"return_id": "R-1", "amount_minor": 200, "reason": "bruised"}
    _, order = await till.ask("POST", path, json=part)
    asked = {"return_id": "R-1", "amount_minor": 200, "state": "open", "reason": "bruised"}
    assert (order["returned_minor"], order["returns"]) in ((0, [asked]), (200, [{**asked, "state": "done"}]))
    await world.first("order.moved", kind="returned-part")
    for body, refused in (
        ({**part, "amount_minor": 201}, (409, ("return-id-used", ""))),
        ({"return_id": "R-2", "amount_minor": 401}, (409, ("return-too-much", ""))),
        ({"return_id": "centre:1"}, (422, ("json-form", "return_id"))),
        ({"return_id": "R-2", "amount_minor": 0}, (422, ("json-range", "amount_minor"))),
        ({"return_id": "R-2", "amount_minor": "1"}, (422, ("json-number", "amount_minor"))),
        ({"return_id": "R-2", "reason": "a\nb"}, (422, ("json-form", "reason"))),
        ({"amount_minor": 1}, (422, ("json-missing", "return_id"))),
    ):
        assert await till.ask("POST", path, json=body) == refused
    assert await till.ask("POST", "/v1/orders/d-9/returns", json=part) == (404, ("deal-unknown", ""))
    assert await till.ask("GET", path) == (405, ("method-unknown", ""))
    await till.ask("POST", path, json={"return_id": "R-2"})
    await world.first("order.moved", kind="returned")
    _, order = await till.ask("POST", path, json={"return_id": "R-2"})
    assert (order["state"], order["made"], order["dead"]) == ("returned", False, True)
    assert [(one["amount_minor"], one["state"]) for one in order["returns"]] == [(200, "done"), (400, "done")]
    assert (await till.ask("POST", path, json={"return_id": "R-3"}))[1] == ("return-too-much", "")


async def test_one_order_however_often_it_is_asked_for(tmp_path: Path) -> None:
    async with shop_world(tmp_path) as (world, _), world.gateway(), world.session() as session:
        till = Till(world, session)
        tries = await asyncio.gather(*(till.place() for _ in range(8)))
        assert sorted(status for status, _ in tries) == [200] * 7 + [201]
        assert len({found["order"] for _, found in tries}) == 1
        assert await till.place("d-1", key="other", delivery="there") == (409, ("deal-id-used", ""))
        assert await till.place("d-2", key="d-1") == (422, ("idempotency-key-used", ""))
        assert (await till.place("d-1", key="third"))[0] == 200
        _, goods = await till.ask("GET", "/v1/products")
        assert goods["products"][0]["available"] == 98
        etag = till.headers["ETag"]
        assert await till.ask("GET", "/v1/products", headers={"If-None-Match": etag}) == (304, None)
        _, page = await till.ask("GET", "/v1/products?limit=1")
        assert (len(page["products"]), page["next"]) == (1, "4901234567894")
        _, rest = await till.ask("GET", "/v1/products?limit=1&after=4901234567894")
        assert [one["code"] for one in rest["products"]] == ["TEA-1"] and "next" not in rest
        _, dead = await till.ask("POST", "/v1/orders/d-1/cancel")
        assert (dead["state"], dead["dead"]) == ("cancelled", True)
        assert await till.ask("POST", "/v1/orders/d-1/cancel") == (200, dead)
        gateway = world.settings.gateway
        merchants.add(gateway, merchants.NewMerchant("Other", "other@carrier.example"))
        strange = api_keys.new(gateway, "Other", "x", bytes, 0)["secret"]
        foreign = {"headers": {"Authorization": f"Bearer {strange}"}}
        assert await till.ask("GET", "/v1/orders/d-1", **foreign) == (404, ("deal-unknown", ""))
        assert await till.ask("POST", "/v1/orders/d-1/cancel", **foreign) == (404, ("deal-unknown", ""))
        assert (await till.ask("GET", "/v1/products", **foreign))[1] == {"products": []}
        begun = asyncio.get_running_loop().time()
        assert await till.ask("GET", "/v1/orders/d-1?wait=60&state=cancelled") == (200, dead)
        assert asyncio.get_running_loop().time() - begun < 5, "who is dead is not waited for"


ABROAD = {"currency": 840, "amount_minor": 1599, "rate": "150.25", "source": "ECB 2026-11-20"}
BODIES: list[tuple[Any, tuple[int, tuple[str, str]]]] = [
    (b"{", (400, ("json-broken", ""))),
    (b"\xff", (400, ("json-broken", ""))),
    (b"[" * 60_000, (400, ("json-broken", ""))),
    (b'{"a": 1, "a": 1}', (400, ("json-twice", ""))),
    (b'{"lines": [{"quantity": 1.0}]}', (400, ("json-fraction", ""))),
    (b'{"lines": [{"quantity": NaN}]}', (400, ("json-fraction", ""))),
    (b"9" * 60_000, (422, ("json-range", ""))),
    (b"[]", (422, ("json-table", ""))),
    ({"sum": 1}, (422, ("json-unknown", "sum"))),
    ({"lines": []}, (422, ("json-length", "lines"))),
    ({"lines": [SOAP] * 51}, (422, ("json-length", "lines"))),
    ({"lines": [{**SOAP, "quantity": 0}]}, (422, ("json-range", "lines[0].quantity"))),
    ({"lines": [SOAP, {**SOAP, "quantity": True}]}, (422, ("json-number", "lines[1].quantity"))),
    ({"lines": [{**SOAP, "name": "x"}]}, (422, ("json-either", "lines[0].product"))),
    ({"lines": [{**SOAP, "price": 1}]}, (422, ("json-unknown", "lines[0].price"))),
    ({"delivery": "a\nb"}, (422, ("json-form", "delivery"))),
    ({"delivery": "\u202etxet"}, (422, ("json-form", "delivery"))),
    (b'{"deal_id": "\\ud800", "customer": "C-1", "lines": [{}]}', (422, ("json-form", "deal_id"))),
    ({"customer": "C-NOBODY"}, (422, ("customer-unknown", "customer"))),
    ({"means": 99}, (422, ("means-unknown", "means"))),
    ({"currency": 840}, (422, ("currency-unsupported", ""))),
    ({"foreign": {**ABROAD, "rate": "0.00"}}, (422, ("json-form", "foreign.rate"))),
    ({"foreign": {**ABROAD, "currency": 392}}, (422, ("foreign-bad", ""))),
    ({"lines": [SOAP, {"product": "NIX", "quantity": 1}]}, (422, ("product-unknown", "lines[1]"))),
    ({"lines": [{**SOAP, "quantity": 101}]}, (409, ("out-of-stock", "lines[0]"))),
    ({"lines": [{"name": "House", "unit_minor": 10**9, "quantity": 1}]}, (422, ("amount-too-large", ""))),
]


async def test_what_is_refused_is_said_in_one_slug_and_a_path(tmp_path: Path) -> None:
    async with shop_world(tmp_path) as (world, _), world.gateway(), world.session() as session:
        till = Till(world, session)
        for at, (body, expected) in enumerate(BODIES):
            if isinstance(body, dict):
                assert await till.place(f"bad-{at}", **body) == expected, body
                continue
            headers = {"Idempotency-Key": str(at), "Content-Type": "application/json"}
            assert await till.ask("POST", "/v1/orders", data=body, headers=headers) == expected, body[:40]
        json_head = {"Content-Type": "application/json"}
        big = b'{"deal_id": "' + b"x" * 70_000
        assert (await till.ask("POST", "/v1/orders", data=big, headers=json_head))[1][0] == "body-too-big"
        assert (await till.ask("POST", "/v1/orders", json={}))[1][0] == "idempotency-key-missing"
        assert (await till.ask("POST", "/v1/orders", data={"a": "b"}))[1][0] == "not-json"
        assert await till.ask("GET", "/v1/orders/nix") == (404, ("deal-unknown", ""))
        assert await till.ask("POST", "/v1/orders/nix/handed-over") == (404, ("deal-unknown", ""))
        assert (await till.ask("GET", "/v1/orders/nix?wait=1000"))[1][0] == "query-form"
        assert (await till.ask("GET", "/v1/products?limit=1&limit=2"))[1][0] == "query-form"
        assert (await till.ask("GET", "/v1/products?after=%00"))[1][0] == "query-form"
        for strange in ("%00", "a%20b", "x" * 100, "%F0%9F%8D%B5", "%ff"):
            assert (await till.ask("GET", f"/v1/orders/{strange}"))[0] == 404
        assert (await till.ask("GET", "/v1/nix")) == (404, ("path-unknown", ""))
        assert await till.ask("DELETE", "/v1/orders/nix") == (405, ("method-unknown", ""))
        assert till.headers["Allow"] == "GET, HEAD, OPTIONS"
        assert await till.ask("OPTIONS", "/v1/orders") == (204, None)
        assert await till.ask("HEAD", "/v1/products") == (200, None)
        assert not [facts for verb, facts in world.told if verb == "alarm.shop"]


async def test_a_key_opens_its_own_shop_only_and_as_often_as_it_may(tmp_path: Path) -> None:
    asleep = shop_world(tmp_path, shop_requests_per_minute_max=30)
    async with asleep as (world, _), world.gateway(lambda: 1_795_000_000_000):
        spare = world.new_key("spare")
        for key in ("", "hgk_wrong", "x" * 300):
            async with world.session(key) as session:
                status, (slug, _) = await Till(world, session).ask("GET", "/v1/products")
                assert (status, slug) in ((401, "shop-key-missing"), (401, "shop-key-unknown"))
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientError):
                await session.get(f"{world.url.replace('https', 'http')}/v1/openapi.json")
        async with world.session("none") as session:
            till = Till(world, session)
            assert await till.ask("GET", "/v1/openapi.json") == (200, API | {"servers": []})
        async with world.session() as session:
            till = Till(world, session)
            found = [await till.ask("GET", "/v1/products") for _ in range(32)]
            assert [status for status, _ in found] == [200] * 30 + [429] * 2
            assert (found[-1][1], till.headers["Retry-After"]) == (("rate-over", ""), "2")
        async with world.session(spare) as session:
            till = Till(world, session)
            assert (await till.ask("GET", "/v1/products"))[0] == 200
            api_keys.revoke(world.settings.gateway, SHOP, 2, 0)
            assert (await till.ask("GET", "/v1/products"))[1][0] == "shop-key-unknown"
        listed = api_keys.listed(world.settings.gateway, SHOP)
        assert [row["name"] for row in listed] == ["till", "spare"]
        database = (tmp_path / "hagaki.db").read_bytes() + (tmp_path / "hagaki.db-wal").read_bytes()
        assert world.key.encode() not in database and spare.encode() not in database


def test_the_document_is_one_that_tools_can_read() -> None:
    assert API["openapi"] == "3.1.0"
    for one in API["components"]["schemas"].values():
        VALIDATOR.check_schema(one)
    example = API["paths"]["/v1/orders"]["post"]["requestBody"]["content"]["application/json"]["example"]
    schema_of("Placing").validate(example)
    text = json.dumps(API)
    for part in text.split('"#/components/')[1:]:
        kind, _, name = part.split('"')[0].partition("/")
        assert name in API["components"][kind], part[:60]
    named = {path for _, path in api_openapi.PATHS.values()}
    assert set(API["paths"]) == named


def test_every_refusal_of_an_order_has_a_status_and_every_status_a_refusal() -> None:
    assert set(api_fields.STATUSES) <= set(WHY)
    assert not set(api_fields.PROBLEMS) & set(WHY)


def test_that_a_card_was_lost_is_not_told_to_the_shop() -> None:
    for code, why in (("57", "57"), ("order-dead", "order-dead"), ("41", None)):
        back = replace(BACK, state=ReturnState.REFUSED, code=code)
        members = order_members(Shown(ORDER, "C-7Q4KDM", (), (back,)))
        assert members["returns"][0].get("why") == why


async def test_who_hangs_or_comes_too_often_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("CONNECTIONS_MAX", 5), ("IDLE_S", 1), ("HANDSHAKE_S", 1), ("LINGER_S", 0.1)):
        monkeypatch.setattr(http, name, value)
    monkeypatch.setattr(shops, "BODY_S", 0.2)
    async with shop_world(tmp_path) as (world, _), world.gateway(), world.session() as session:
        where = {"host": "127.0.0.1", "port": world.settings.site.port}
        secured = {"ssl": world.trust(), "server_hostname": "127.0.0.1"}
        head = f"POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.key}\r\n"
        starts = (b"", head.encode(), b"\x00\xff\r\n\r\n", f"{head}Content-Length: 9\r\n\r\n{{".encode())
        hanging = [await asyncio.open_connection(**where, **secured) for _ in starts]
        for (_, writer), start in zip(hanging, starts, strict=True):
            writer.write(start)
        silent = await asyncio.open_connection(**where)
        assert (await Till(world, session).ask("GET", "/v1/products"))[0] == 200, "there is room for one more"
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            for _ in range(3):
                reader, writer = await asyncio.open_connection(**where, **secured)
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                await reader.readexactly(1)
        async with asyncio.timeout(10):
            told = [await reader.read() for reader, _ in (*hanging, silent)]
        for _, writer in (*hanging, silent):
            writer.close()
        assert [part[9:12] for part in told] == [b"", b"", b"400", b"408", b""]
        assert not [facts for verb, facts in world.told if verb == "alarm.shop"]


def _has_connected(session: aiohttp.ClientSession) -> bool:
    taken = session.connector._acquired if session.connector else ()
    return any(isinstance(one, ResponseHandler) for one in taken)


async def test_who_waits_is_answered_when_the_gateway_goes_down(tmp_path: Path) -> None:
    async with shop_world(tmp_path) as (world, _), world.session() as session:
        till = Till(world, session)
        async with world.gateway():
            await till.place()
            await world.first("letter.sent", kind="question")
            waiting = asyncio.create_task(till.ask("GET", "/v1/orders/d-1?wait=60&state=asked"))
            while not _has_connected(session):
                await asyncio.sleep(0.01)
            await till.ask("GET", "/v1/orders/d-1")  # answered: what was asked before it has been read
        status, found = await waiting
        assert (status, found["state"]) == (200, "asked")
