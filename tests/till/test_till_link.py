"""The line to the gateway: what is an answer, what is a refusal, and what nobody knows."""

from __future__ import annotations

import asyncio
import json

import pytest
from shop_fake import KEY, PRODUCTS, problem, shop_fake

from till.answers import Absent, Lost, Refused, Standing, read_answer, read_page
from till.link import Link, Place

BODY = {
    "deal_id": "D-1",
    "customer": "C-1",
    "lines": [{"name": "りんご", "model": "", "unit_minor": 150, "quantity": 2, "tax_rate": 8}],
    "currency": 392,
}
STANDING = {"order": 7, "deal_id": "D-1", "state": "asked", "made": False, "dead": False}


def body(**more):
    return json.dumps({**STANDING, **more}).encode()


@pytest.mark.parametrize(
    ("status", "raw", "answer"),
    [
        (200, body(code="KXPWT"), Standing(7, "D-1", "asked", False, False, "KXPWT")),
        (201, body(made=True, state="captured", unknown=[1]), Standing(7, "D-1", "captured", True, False)),
        (200, body(made="yes"), Lost("answer-broken")),
        (200, body(made=1), Lost("answer-broken")),
        (200, body(made=True, dead=True), Lost("answer-broken")),
        (200, body(total_minor="470"), Lost("answer-broken")),
        (200, body(state="\x1b[2J"), Lost("answer-broken")),
        (200, body(code="AB CD"), Lost("answer-broken")),
        (200, b"", Lost("answer-broken")),
        (200, b"[]", Lost("answer-broken")),
        (200, b'{"made": true', Lost("answer-broken")),
        (302, b"", Lost("http-302")),
        (404, b"<html>", Lost("http-404")),
        (500, b"", Lost("http-500")),
    ],
)
def test_what_came_is_read_strictly(status, raw, answer):
    assert read_answer(status, raw) == answer


@pytest.mark.parametrize(
    ("status", "slug", "answer"),
    [
        (404, "deal-unknown", Absent()),
        (404, "path-unknown", Refused("path-unknown", "path unknown")),
        (409, "out-of-stock", Refused("out-of-stock", "out of stock")),
        (403, "not-selling", Refused("not-selling", "not selling")),
        (401, "shop-key-unknown", Lost("shop-key-unknown")),
        (429, "rate-over", Lost("rate-over")),
        (503, "later", Lost("later")),
        (500, "internal", Lost("internal")),
    ],
)
def test_a_refusal_of_the_order_is_told_from_trouble_at_the_door(status, slug, answer):
    assert read_answer(status, problem(status, slug).body) == answer


def test_nothing_that_a_gateway_says_moves_the_terminal():
    told = {"type": "urn:x:\x1b[31mslug", "detail": "no\r\n\x1b[2Jmore \u202e"}
    assert read_answer(422, json.dumps(told).encode()) == Refused("[31mslug", "no [2Jmore")


def test_a_page_of_products():
    assert read_page(200, b'{"products": [{"code": "1"}], "next": "1"}') == ([{"code": "1"}], "1")
    assert read_page(200, b"{}")[0] == Lost("answer-broken")
    assert read_page(401, problem(401, "shop-key-unknown").body)[0] == Lost("shop-key-unknown")


async def test_an_order_goes_there_and_back():
    async with shop_fake() as shop:
        link = Link(Place(shop.origin, KEY, 5_000))
        assert (await link.place("D-1", BODY)).state == "asked"
        assert (await link.place("D-1", BODY)).order == 1
        assert await link.place("D-1", {**BODY, "customer": "C-2"}) == Refused("deal-id-used", "deal id used")
        looking = asyncio.create_task(link.look("D-1", 25))
        await shop.wait_for(lambda shop: ("GET", "/v1/orders/D-1") in shop.asked)
        shop.says("D-1", "captured")
        assert (await looking).made
        assert (await link.handed_over("D-1")).state == "handed-over"
        assert await link.cancel("D-1") == Refused("order-made", "order made")
        given = await link.give_back("D-1", {"return_id": "R-1", "amount_minor": 1})
        assert given.returns == {"R-1": "done"} and given.made and not given.goes_back
        assert await link.look("D-2", 0) == Absent()
        assert await link.products() == PRODUCTS
        await link.close()


async def test_an_answer_that_is_lost_is_not_a_refusal():
    async with shop_fake() as shop:
        link = Link(Place(shop.origin, KEY, 5_000))
        shop.swallow = 1
        assert isinstance(await link.place("D-1", BODY), Lost)
        assert (await link.look("D-1", 0)).state == "asked"
        await link.close()
    link = Link(Place(shop.origin, KEY, 5_000))
    assert await link.look("D-1", 0) == Lost("not-connected")
    await link.close()


async def test_a_wrong_key_is_trouble_and_is_never_shown():
    async with shop_fake() as shop:
        place = Place(shop.origin, "another-key", 5_000)
        link = Link(place)
        assert await link.place("D-1", BODY) == Lost("shop-key-unknown")
        assert "another-key" not in repr(place)
        await link.close()
