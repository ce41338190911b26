"""What shops send us: never a fault of ours, always an answer that the document knows, in linear time."""

from __future__ import annotations

import json
import random
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cost import cost_s
from dice import play, play_async, spoil
from heart_acquirer import virtual_loop
from orders_world import OrderWorld

from mail_gateway.domain import forms, order_form
from mail_gateway.site import api_fields, api_json, api_openapi
from mail_gateway.site.api_door import Asked, Door
from mail_gateway.site.api_shapes import Misfit
from mail_gateway.site.api_watch import Watch
from mail_gateway.store import api_keys
from schemas.mail.said import said

KEY = "hgk_fuzz"
GOOD: dict[str, Any] = {
    "deal_id": "D-1",
    "customer": "C-7Q4KDM",
    "means": 1,
    "lines": [
        {"product": "TEA", "quantity": 1},
        {"name": "Honey", "unit_minor": 7, "quantity": 1, "tax_rate": 8},
    ],
    "currency": 392,
    "foreign": {"currency": 840, "amount_minor": 99, "rate": "150.25", "source": "ECB 2026-11-20"},
    "delivery": "松本市",
    "ask_minutes": 60,
}
ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    1,
    10**12,
    10**14,
    "",
    "x" * 300,
    "\u202e",
    "\ud800",
    "\0",
    [],
    {},
    [{}],
    1.5,
]
API = api_openapi.document("")
PATHS = [
    *("/v1/orders", "/v1/orders/D-1", "/v1/orders/D-1/cancel", "/v1/orders/D-1/handed-over", "/v1/products"),
    *(
        "/v1/openapi.json",
        "/v1/",
        "/v1/orders/",
        "/v1/orders/../x",
        "/v1/orders/%00",
        "/v1/orders/" + "x" * 300,
    ),
]
RATIO_MAX, NOTHING_S = 10, 0.02


def known(status: int, body: bytes, path: str) -> None:
    """The answer is one of the document's."""
    if not body:
        assert status in (204, 304)
        return
    if path.endswith("openapi.json") and status == 200:
        return
    name = "Problem" if status >= 400 else "Products" if path.endswith("products") else "Order"
    schema = {**API["components"]["schemas"][name], "components": API["components"]}
    jsonschema.Draft202012Validator(schema).validate(json.loads(body))


def changed(dice: random.Random, value: Any) -> Any:
    """The same with something in it that does not belong there."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        name = dice.choice([*value, "unheard-of"])
        gone = {key: one for key, one in value.items() if key != name}
        return gone if dice.random() < 0.2 else {**value, name: changed(dice, value.get(name))}
    if isinstance(value, list) and value and dice.random() < 0.8:
        at = dice.randrange(len(value))
        return [*value[:at], changed(dice, value[at]), *value[at + 1 :]]
    return dice.choice(ODD)


def body(dice: random.Random) -> bytes:
    way = dice.random()
    members = {**GOOD, "deal_id": f"D-{dice.randrange(4)}"}
    if way < 0.2:
        return spoil(dice, api_json.write(members))
    for _ in range(dice.randrange(3)):
        members = changed(dice, members)
    return json.dumps(members).encode()


def asked(dice: random.Random) -> Asked:
    headers = {
        "authorization": [f"Bearer {KEY}"]
        if dice.random() < 0.95
        else [dice.choice(("", "Basic x", "Bearer \xff"))],
        "idempotency-key": [str(dice.randrange(10**6))] if dice.random() < 0.9 else ["\x80", "b"],
        "content-type": [dice.choice(("application/json", "application/json; charset=UTF-8", "text/plain"))],
        "if-none-match": [dice.choice(("", "*", '"x"', 'W/"y", "z"'))],
    }
    queries = {"wait": [dice.choice(("0", "x", "-1", "61", "²"))]} if dice.random() < 0.2 else {}
    method = dice.choice(("POST", "POST", "POST", "GET", "HEAD", "PUT", "OPTIONS", "\x00"))
    sent = body(dice) if method == "POST" else b""
    return Asked(
        method, "/v1/orders" if sent and dice.random() < 0.7 else dice.choice(PATHS), queries, headers, sent
    )


def test_no_request_is_a_fault_of_ours(tmp_path: Path) -> None:
    with virtual_loop() as loop:
        world = OrderWorld(tmp_path)

        async def story() -> None:
            await world.start()
            store = world.kit.store
            await store.run(api_keys.add, 1, "fuzz", api_keys.key_hash(KEY), 0)
            door = Door(world.kit, Watch(store), "", 10**6)
            statuses: set[int] = set()

            async def one(dice: random.Random) -> None:
                request = asked(dice)
                answer = await door.answer(request)
                assert answer.status != 500, [facts for verb, facts in world.told if verb == "alarm.shop"]
                known(answer.status, answer.body, request.path)
                statuses.add(answer.status)

            await play_async(120, one)
            assert {200, 201, 400, 401, 404, 405, 415, 422} <= statuses or len(statuses) < 3
            await world.stop()

        loop.run_until_complete(story())


def test_what_the_door_takes_is_what_the_document_takes() -> None:
    schema = {**API["components"]["schemas"]["Placing"], "components": API["components"]}
    validator = jsonschema.Draft202012Validator(schema)

    def case(dice: random.Random) -> None:
        members = json.loads(json.dumps(changed(dice, GOOD)))
        try:
            api_fields.PLACING.check(members, "")
            taken = True
        except Misfit:
            taken = False
        assert validator.is_valid(members) == taken, members

    play(200, case)


def wide(size: int) -> bytes:
    return b"{" + b",".join(b'"%d":0' % n for n in range(size // 10)) + b"}"


def lines(size: int) -> bytes:
    return json.dumps({**GOOD, "lines": [GOOD["lines"][1]] * (size // 70)}).encode()


FULL: dict[str, Callable[[int], bytes]] = {
    "wide": wide,
    "lines": lines,
    "deep": lambda size: b"[" * size,
    "digits": lambda size: b'{"means":' + b"9" * size + b"}",
    "text": lambda size: b'{"delivery":"' + b"x" * size + b'"}',
    "escapes": lambda size: b'{"delivery":"' + b"\\u0041" * (size // 6) + b'"}',
}


@pytest.mark.parametrize("make", FULL.values(), ids=FULL)
def test_a_full_body_costs_what_its_bytes_cost(make: Callable[[int], bytes]) -> None:
    small, large = make(api_json.BODY_MAX // 4), make(api_json.BODY_MAX)

    def read(data: bytes) -> None:
        with suppress(Misfit):
            api_fields.PLACING.check(api_json.read(data), "")

    spent = cost_s(lambda: read(large), enough_s=NOTHING_S)
    assert spent <= NOTHING_S or spent <= RATIO_MAX * cost_s(lambda: read(small)), spent


PIECES = [
    *(
        "order",
        "注文",
        "customer: C-7Q4KDM",
        "顧客：Ｃ－７",
        "line: TEA x 2",
        "品目：茶 @ ¥500 × 3個",
        "deal: A-1",
    ),
    *(
        "line: Box 2",
        "line:",
        ":",
        "x 2",
        "@",
        "500円",
        "deliver: x",
        "-- ",
        "以上",
        "> order",
        "means: 1",
        "minutes: 9分",
    ),
    *(
        "line: " + "9" * 300,
        "line: " + "x " * 240,
        "wrote:",
        "よろしくお願いします。",
        "\u202e",
        "²",
        "①",
        "=",
        "line: a @ 0,1 x 1",
    ),
]


def test_no_form_is_a_fault_of_ours_and_a_taken_one_says_every_line() -> None:
    def case(dice: random.Random) -> None:
        text = "\n".join(
            dice.choice(PIECES) + dice.choice(("", " ", " x", "x 2", "円")) for _ in range(dice.randrange(12))
        )
        written = said(f"order\n{text}", (), ())
        own = tuple(line for line in written if dice.random() < 0.9)
        form = order_form.read(written, own, "m-1")
        if form.order is None:
            assert form.wrong
            assert all(len(one.shown) <= forms.SHOWN_MAX for one in form.wrong)
            return
        asked_for = sum(wish.quantity for wish in form.order.lines)
        assert asked_for >= len(form.order.lines) >= 1
        assert all(bool(wish.product) != bool(wish.name) for wish in form.order.lines)
        assert unicodedata.is_normalized("NFKC", form.order.delivery)

    play(300, case)


@pytest.mark.parametrize(
    "line", ["line: " + "x " * 245, "line: " + "1" * 490, "9" * 499, "line: a" + " " * 400, "a:" * 249]
)
def test_a_long_form_costs_little(line: str) -> None:
    written = ("order", *[line] * 2000)
    assert cost_s(lambda: order_form.read(written, written, "m-1"), enough_s=0.1) < 0.1
